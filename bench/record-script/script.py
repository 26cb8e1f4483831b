"""What is said in the conversation: seeded, typed and spoken, and where the answers are cut."""

import dataclasses
import random

WORDS = (
    "harbour lantern copper willow market river garden window basket feather marble thunder velvet pepper orchard "
    "compass meadow ribbon saddle timber canvas pebble candle mirror ladder cotton barrel anchor kettle blanket").split()

SPOKEN = {
    "what is the capital of france": "The capital of France is Paris.",
    "what is the capital of italy": "The capital of Italy is Rome.",
    "how far is the moon": "The moon is about three hundred and eighty-four thousand kilometers away.",
    "why is the sky blue": "The sky is blue because air scatters short waves of light more than long ones.",
}


@dataclasses.dataclass
class Turn:
    text: str
    answer: str
    spoken: bool
    cut: float | None
    """Seconds after the answer began at which the next turn begins; None when it is heard to its end."""


def script(turns, seed):
    """A third of the answers is cut; one question in six is spoken."""
    chance = random.Random(seed)
    written = []
    for number in range(turns):
        cut = chance.random() < 1 / 3 and number + 1 < turns
        if chance.random() < 1 / 6:
            text = chance.choice(list(SPOKEN))
            written.append(Turn(text, SPOKEN[text], True, chance.uniform(0.4, 2.0) if cut else None))
            continue
        count = chance.randint(12, 22) if cut else chance.randint(2, 7)
        text = " ".join(chance.choice(WORDS) for _ in range(count))
        written.append(Turn(text, f"You said: {text}", False, chance.uniform(0.4, 4.0) if cut else None))
    return written

"""Questions that can be told apart: each ends in three words that no other one has, and that mean nothing to anybody."""

import re

# Twenty words of one or two syllables; the rehearsal knows none of them, so it reads the question back.
WORDS = (
    "amber basket canyon dolphin ember falcon garden hammer island jacket kettle lantern marble needle orchid pepper "
    "ribbon saddle velvet window").split()
OPENINGS = ["Note", "Remember", "Write down", "Keep in mind", "For my list", "One more thing, note", "Spell out"]
CODE = re.compile(r"\b({0})\W+({0})\W+({0})\b".format("|".join(WORDS)), re.IGNORECASE)
MOST = len(WORDS) ** 3  # after so many, codes come again


def code(number):
    """Three words for a number from 0."""
    count = len(WORDS)
    return " ".join(WORDS[number // count**place % count] for place in (2, 1, 0))


def text(number, random):
    return f"{random.choice(OPENINGS)} {code(number)}"


def codes(said):
    """The codes that a text holds. An answer that was cut off before its end holds none."""
    return [" ".join(words).lower() for words in CODE.findall(said)]

"""What is played on the stage, and what comes of it."""

import sys
import time

QUESTIONS = [
    "what is two plus two", "tell me a joke", "what is your name", "how far is the moon", "count to ten",
    "what day is it today", "flip a coin", "what is your favorite color", "roll the dice", "what time is it",
]


def converse(stage, turns):
    """Asks, and hears each answer out. Nobody interrupts, so whatever is interrupted, the client heard itself."""
    answered, spoken = 0, []
    for turn in range(turns):
        stage.forget_events()
        spoken.append(stage.say(QUESTIONS[turn % len(QUESTIONS)]))
        answered += stage.await_event("turn.completed", 30, speaker="model", reason="complete") is not None
        stage.wait_for_quiet(20)
    return {"answered": answered, "selfInterruptions": self_interruptions(stage, spoken)}


def self_interruptions(stage, spoken):
    """How often the model was interrupted when nobody spoke."""
    cuts = [event["monotonic"] for event in stage.events if event["event"] == "turn.interrupted"]
    return sum(not any(begin <= at <= end + 1 for begin, end in spoken) for at in cuts)


def tell_miss(stage, begin, was_speaking, silent):
    """What happened around a barge-in that nobody noticed."""
    print(
        f"not noticed: the loudspeaker {'spoke' if was_speaking else 'paused'} as it began, and fell silent after "
        f"{silent - begin if silent else None} s", file=sys.stderr)
    for event in stage.events:
        if begin - 12 < event["monotonic"] < begin + 6 and event["event"] not in ("audio.level", "transcript.partial"):
            words = {key: value for key, value in event.items() if key not in ("at", "session", "monotonic")}
            print(f"  {event['monotonic'] - begin:+.3f} {words}", file=sys.stderr)


def interrupt(stage, times):
    """Has a story told and speaks into it.

    The times to silence are in seconds: from the user's first sound, as it stood in the room, and from the moment at
    which the client was told of the interruption. Silence is at the loudspeaker.
    """
    noticed, from_onset, from_interrupted, spoken = 0, [], [], []
    for _ in range(times):
        stage.forget_events()
        spoken.append(stage.say("tell me a story"))
        if stage.await_event("turn.started", 20, speaker="model") is None:
            continue
        time.sleep(3)
        stage.wait_until(stage.is_speaking, 5)
        stage.forget_events()
        begin, end = stage.say("stop please")
        spoken.append((begin, end))
        was_speaking = stage.was_loud(begin, begin + 0.3)
        cut = stage.await_event("turn.interrupted", 5)
        noticed += cut is not None
        time.sleep(1)
        silent = stage.silence_after(begin)
        if cut is None:
            tell_miss(stage, begin, was_speaking, silent)
        if cut and silent:
            from_onset.append(silent - begin)
            from_interrupted.append(max(0, silent - cut["monotonic"]))
        stage.wait_for_quiet(60)
    return {"noticed": noticed, "selfInterruptions": self_interruptions(stage, spoken), "fromOnset": from_onset, "fromInterrupted": from_interrupted}

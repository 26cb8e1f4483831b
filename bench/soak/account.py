"""What became of everything that was asked, and whether the client's events make sense: told event by event.

A question is answered when the model's transcript holds its code. Unless the user's own next message cut it short, or
an event said that it is lost, it must be.
"""

import collections
import dataclasses

import questions

# Events that say of everything still open that no answer will come.
LOSSES = {"session.unanswering", "session.questionLost", "command.notTaken"}


@dataclasses.dataclass
class Question:
    """Times are seconds since the run began."""

    code: str | None  # None for a spoken one
    text: str
    asked_at: float
    turn: int | None = None  # of the user, once the client has told it
    answers: list = dataclasses.field(default_factory=list)  # the turns that held the answer
    answered_at: float | None = None
    cut_by: str | None = None
    asked_again: int = 0
    loss: str | None = None  # what reported it
    is_overdue: bool = False  # the user gave up waiting

    @property
    def is_open(self):
        return not self.answers and self.cut_by is None and self.loss is None

    @property
    def outcome(self):
        if self.answers:
            return "answered"
        if self.code is None and self.turn is None:
            return "not heard"
        if self.cut_by:
            return "cut"
        if self.loss:
            return "reported lost"
        return "unaccounted"


class Account:
    """Takes what the user does and what the client tells, in the order in which it happens."""

    def __init__(self):
        self.typed, self.spoken = {}, []
        self.begun, self.over, self.final = {}, set(), set()  # (turn, speaker); begun: when
        self.newest = {"user": 0, "model": 0}
        self.errors = []
        self.events = collections.Counter()
        self.warnings = collections.Counter()
        self.dropped = collections.Counter()  # milliseconds by direction and reason
        self.lost_milliseconds, self.gaps = 0, []
        self.away_since = None  # a rotation that has not been followed by anything
        self.is_answering = False
        self.typed_turns = set()
        self.last_turn = 0.0  # when something of a turn was told

    @property
    def asked_all(self):
        return [*self.typed.values(), *self.spoken]

    @property
    def is_waiting(self):
        return self.away_since is not None or any(question.outcome == "unaccounted" for question in self.asked_all)

    # What the user does

    def asked(self, code, text, now):
        question = Question(code, text, now)
        self.typed[code] = question
        return question

    def spoke(self, text, now):
        self.spoken.append(Question(None, text, now))
        return self.spoken[-1]

    def cut(self, question, reason):
        """The user wants no answer to this one any more, unless it has come."""
        if question.is_open:
            question.cut_by = reason

    # What the client tells

    def event(self, event, now):
        name = event["event"]
        self.events[name] += 1
        if name.startswith(("turn.", "transcript.")):
            self.last_turn = now
        if name in ("turn.started", "turn.interrupted", "turn.completed"):
            self.turn(name, event, now)
        elif name in ("transcript.partial", "transcript.final"):
            self.transcript(name, event, now)
        elif name == "warning":
            self.warning(event)
        elif name == "session.rotating":
            self.away_since = now
        elif name == "session.resumed":
            self.away_since = None
            self.gaps.append(event["gapMilliseconds"])
            self.lost_milliseconds += event["lostMilliseconds"]
        elif name == "session.ended":
            self.away_since = None
        elif name == "audio.dropped":
            self.dropped[f"{event['direction']}: {event['because']}"] += event["milliseconds"]
        elif name == "error":
            self.wrong(now, f"error {event['code']}: {event['message']}")

    def wrong(self, now, text):
        self.errors.append(f"{now:.3f} s: {text}")

    def turn(self, name, event, now):
        turn = event["turn"]
        if name == "turn.interrupted":
            if (turn, "model") not in self.begun:
                self.wrong(now, f"turn {turn} was interrupted and had never begun")
            return
        speaker = event["speaker"]
        key = (turn, speaker)
        if name == "turn.started":
            if turn <= self.newest[speaker] or any((turn, other) in self.begun for other in ("user", "model")):
                self.wrong(now, f"turn {turn} of the {speaker} began after turn {self.newest[speaker]}")
            self.newest[speaker] = max(self.newest[speaker], turn)
            self.begun[key] = now
            if speaker == "model":
                self.is_answering = True
                self.answers_spoken(turn, now)
        else:
            if key not in self.begun or key in self.over:
                self.wrong(now, f"turn {turn} of the {speaker} ended without having begun, or twice")
            self.over.add(key)
            if speaker == "model":
                self.is_answering = False

    def transcript(self, name, event, now):
        turn, speaker = event["turn"], event["speaker"]
        key = (turn, speaker)
        if key not in self.begun:
            self.wrong(now, f"a transcript of turn {turn}, which had not begun")
        if key in self.final:
            self.wrong(now, f"{name} of turn {turn} of the {speaker} after its final one")
        if name == "transcript.final":
            self.final.add(key)
        if speaker == "user":
            self.user_said(turn, event["text"], now)
            return
        for code in questions.codes(event["text"]):
            question = self.typed.get(code)
            if question is None:
                self.wrong(now, f"an answer to what nobody asked: {event['text'][:80]}")
            elif turn not in question.answers:
                question.answers.append(turn)
                question.answered_at = question.answered_at or now

    def user_said(self, turn, text, now):
        found = [self.typed[code] for code in questions.codes(text) if code in self.typed]
        for question in found:
            question.turn = question.turn or turn
        if found or turn in self.typed_turns:
            self.typed_turns.add(turn)
            return
        if any(question.turn == turn for question in self.spoken):
            return
        waiting = [question for question in self.spoken if question.turn is None and now - question.asked_at < 30]
        if waiting:
            waiting[-1].turn = turn
            if (turn + 1, "model") in self.begun:  # the words came after the answer had begun
                self.answers_spoken(turn + 1, now)

    def answers_spoken(self, turn, now):
        for question in self.spoken:
            if question.turn is not None and question.turn < turn and question.is_open:
                question.answers.append(turn)
                question.answered_at = now

    def warning(self, event):
        code = event["code"]
        self.warnings[code] += 1
        if code == "session.askedAgain":
            for known in questions.codes(event["message"]):
                if known in self.typed:
                    self.typed[known].asked_again += 1
        if code in LOSSES:
            for question in self.asked_all:
                if question.outcome == "unaccounted":
                    question.loss = code

    # The end

    def close(self, now):
        """The client has ended, and everything it told has been read."""
        for turn, speaker in sorted(self.begun.keys() - self.over):
            self.wrong(now, f"turn {turn} of the {speaker} never ended")
        if self.away_since is not None:
            self.wrong(now, f"what rotated at {self.away_since:.3f} s neither came back nor ended")
        for question in self.asked_all:
            if question.outcome == "unaccounted":
                self.wrong(now, f"no answer to “{question.text}”, asked at {question.asked_at:.3f} s")

    def counts(self, asked):
        """How many questions came to which end."""
        outcomes = collections.Counter(question.outcome for question in asked)
        return {
            "asked": len(asked), "answered": outcomes["answered"], "cut": outcomes["cut"],
            "reportedLost": outcomes["reported lost"], "notHeard": outcomes["not heard"],
            "unaccounted": outcomes["unaccounted"],
            "askedAgain": sum(question.asked_again > 0 for question in asked),
            "answeredTwice": sum(len(question.answers) > 1 for question in asked),
            "overdue": sum(question.is_overdue for question in asked)}

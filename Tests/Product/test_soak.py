"""The judge of `scripts/soak`: what it must find it finds, and what is in order it leaves alone."""

import random
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "bench" / "soak"))

import questions  # noqa: E402
import resources  # noqa: E402
from account import Account  # noqa: E402


class Conversation:
    """An account that is told of turns in short words."""

    def __init__(self):
        self.account, self.now, self.turn = Account(), 0.0, 0

    def tell(self, event, **members):
        self.now += 0.1
        self.account.event({"event": event} | members, self.now)

    def ask(self, number):
        code = questions.code(number)
        question = self.account.asked(code, f"Note {code}", self.now)
        self.turn += 1
        self.tell("turn.started", turn=self.turn, speaker="user")
        self.tell("transcript.final", turn=self.turn, speaker="user", text=question.text)
        self.tell("turn.completed", turn=self.turn, speaker="user", reason="typed")
        return question

    def answer(self, text, ends=True):
        self.turn += 1
        self.tell("turn.started", turn=self.turn, speaker="model")
        self.tell("transcript.partial", turn=self.turn, speaker="model", text=text)
        if ends:
            self.tell("turn.completed", turn=self.turn, speaker="model", reason="complete")
            self.tell("transcript.final", turn=self.turn, speaker="model", text=text)

    def warn(self, code, message=""):
        self.tell("warning", code=code, message=message)

    def errors(self):
        self.account.close(self.now)
        return " / ".join(self.account.errors)


class AccountTests(unittest.TestCase):
    def setUp(self):
        self.talk = Conversation()

    def test_a_question_that_is_read_back_is_answered(self):
        question = self.talk.ask(8)
        self.talk.answer(f"You said: {question.text}")
        self.assertEqual(question.outcome, "answered")
        self.assertEqual(self.talk.errors(), "")

    def test_an_answer_that_stops_before_the_last_word_of_the_code_is_none(self):
        question = self.talk.ask(8)
        self.talk.answer("You said: " + question.text.rsplit(" ", 1)[0])
        self.assertEqual(question.outcome, "unaccounted")
        self.assertIn("no answer to", self.talk.errors())

    def test_an_answer_to_the_question_before_is_none(self):
        self.talk.ask(8)
        question = self.talk.ask(9)
        self.talk.answer(f"You said: Note {questions.code(8)}")
        self.assertEqual(question.outcome, "unaccounted")

    def test_the_users_own_next_message_excuses_the_one_before_it_only(self):
        first, second = self.talk.ask(1), self.talk.ask(2)
        self.talk.account.cut(first, "next message")
        self.assertEqual([first.outcome, second.outcome], ["cut", "unaccounted"])

    def test_a_question_that_was_never_answered_is_not_excused_by_later_ones(self):
        lost, first, second = (self.talk.ask(number) for number in (1, 2, 3))
        lost.is_overdue = True
        self.talk.account.cut(first, "next message")
        self.talk.answer(f"You said: {second.text}")
        self.talk.account.cut(second, "key i")
        self.assertEqual([one.outcome for one in (lost, first, second)], ["unaccounted", "cut", "answered"])

    def test_a_loss_that_is_told_is_no_fault_of_the_client_and_one_that_is_not_told_is(self):
        question = self.talk.ask(1)
        self.talk.warn("session.dropped")
        self.assertEqual(question.outcome, "unaccounted")
        self.talk.warn("session.unanswering")
        self.assertEqual(question.outcome, "reported lost")
        self.assertEqual(self.talk.ask(2).outcome, "unaccounted")

    def test_asking_again_is_counted_and_does_not_answer(self):
        question = self.talk.ask(1)
        self.talk.warn("session.askedAgain", f"…so this was asked again: “{question.text}”")
        self.assertEqual(self.talk.account.counts([question])["askedAgain"], 1)
        self.assertEqual(question.outcome, "unaccounted")

    def test_an_answer_to_what_nobody_asked_is_told(self):
        self.talk.answer(f"You said: {questions.code(77)}")
        self.assertIn("what nobody asked", self.talk.errors())

    def test_a_spoken_question_must_be_answered_once_it_was_transcribed(self):
        unheard = self.talk.account.spoke("what time is it", 0.0)
        heard = self.talk.account.spoke("tell me a joke", 20.0)
        self.talk.now, self.talk.turn = 22.0, 1
        self.talk.tell("turn.started", turn=1, speaker="user")
        self.talk.tell("transcript.partial", turn=1, speaker="user", text="tell me")
        self.assertEqual([unheard.outcome, heard.outcome], ["not heard", "unaccounted"])
        self.talk.answer("A hobbyte.")
        self.assertEqual(heard.outcome, "answered")

    def test_a_turn_begins_once_and_ends_once(self):
        self.talk.answer("Hello.", ends=False)
        self.assertIn("never ended", self.talk.errors())
        self.talk = Conversation()
        self.talk.answer("Hello.")
        self.talk.turn -= 1
        self.talk.answer("Hello.")
        errors = self.talk.errors()
        for text in ("began after turn 1", "or twice", "after its final one"):
            self.assertIn(text, errors)

    def test_a_rotation_must_come_back_or_end(self):
        self.talk.tell("session.rotating", because="drop")
        self.assertIn("neither came back nor ended", self.talk.errors())
        self.talk = Conversation()
        self.talk.tell("session.rotating", because="drop")
        self.talk.tell("session.resumed", because="drop", gapMilliseconds=3, lostMilliseconds=0, how="handle")
        self.assertEqual(self.talk.errors(), "")

    def test_no_two_questions_are_alike(self):
        texts = {questions.code(number) for number in range(questions.MOST)}
        self.assertEqual(len(texts), questions.MOST)
        dice = random.Random(1)
        for number in range(0, questions.MOST, 97):
            self.assertEqual(questions.codes(questions.text(number, dice) + "."), [questions.code(number)])


class FlatnessTests(unittest.TestCase):
    TIMES = [5.0 * row for row in range(100)]

    def figures(self, growth=0.0, descriptors=(20, 20), threads=(9, 9)):
        peaks = [{"secondQuarter": most[0], "lastHalf": most[1]} for most in (descriptors, threads)]
        return {"growth": growth, "descriptors": peaks[0], "threads": peaks[1]}

    def test_noise_is_flat_and_a_hundred_bytes_a_second_are_not(self):
        dice = random.Random(7)
        noise = [4000 + dice.uniform(-20, 20) for _ in self.TIMES]
        self.assertLess(abs(resources.growth(self.TIMES, noise)), 0.005)
        leaking = [value + 0.1 * time for time, value in zip(self.TIMES, noise)]
        self.assertAlmostEqual(resources.growth(self.TIMES, leaking), 0.1 * 495 / 4025, delta=0.002)

    def test_growth_of_anything_is_told(self):
        self.assertEqual(resources.not_flat(self.figures()), [])
        self.assertIn("memory", resources.not_flat(self.figures(growth=0.011))[0])
        self.assertIn("descriptors", resources.not_flat(self.figures(descriptors=(20, 21)))[0])
        self.assertIn("threads", resources.not_flat(self.figures(threads=(9, 10)))[0])
        self.assertTrue(resources.not_flat(None))


if __name__ == "__main__":
    unittest.main()

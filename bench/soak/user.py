"""Somebody who talks without end: asks in writing and aloud, waits for the answer or does not, presses keys."""

import asyncio

import questions

PATIENCE_S = 120.0  # as long as the client may try to bring a session back
HEARING_S = 8.0  # a spoken question that is not transcribed by then was not heard
SPOKEN = ["what time is it", "tell me a joke", "what is your name", "how far is the moon", "what day is it today"]
# Weights: mostly a user who lets the other one finish, so that an answer that never comes has no excuse.
ACTS = {"ask": 60, "ask_twice": 10, "ask_into_answer": 12, "speak": 5, "interrupt": 5, "mute": 4, "renew": 4}


class User:
    """All times in seconds."""

    def __init__(self, client, account, random, sounds):
        self.client, self.account, self.random, self.sounds = client, account, random, sounds
        self.acts = {name: 0 for name in ACTS}

    async def run(self):
        """Until cancelled."""
        while True:
            await asyncio.sleep(self.random.uniform(0.3, 2.5))
            act = self.random.choices(list(ACTS), list(ACTS.values()))[0]
            self.acts[act] += 1
            await getattr(self, act)()

    async def until(self, is_so, seconds):
        """Whether it was so in time. Looks ten times a second, as often as people do."""
        clock = asyncio.get_running_loop().time
        end = clock() + seconds
        while clock() < end:
            if is_so():
                return True
            await asyncio.sleep(0.1)
        return is_so()

    # Acts

    async def ask(self):
        await self.wait_for(self.type())

    async def ask_twice(self):
        first = self.type()
        await asyncio.sleep(self.random.uniform(0, 0.4))
        await self.wait_for(self.type(instead=first))

    async def ask_into_answer(self):
        first = self.type()
        turn = self.account.newest["model"]
        if not await self.until(lambda: self.account.newest["model"] > turn, 15):
            return await self.wait_for(first)
        await asyncio.sleep(self.random.uniform(0, 1.2))
        await self.wait_for(self.type(instead=first))

    async def speak(self):
        text = self.random.choice(SPOKEN)
        self.client.note("user.speaks", text=text)
        self.client.say(self.sounds[text])
        question = self.account.spoke(text, self.client.now())
        await self.until(lambda: not self.client.speech, 10)
        if await self.until(lambda: question.turn is not None, HEARING_S):
            await self.wait_for(question)
        else:
            self.account.cut(question, "nothing was heard in time")

    async def interrupt(self):
        """In the middle of an answer."""
        question = self.type()
        if not await self.until(lambda: self.account.is_answering, 15):
            return await self.wait_for(question)
        await asyncio.sleep(self.random.uniform(0, 1.0))
        cuts = self.account.events["turn.interrupted"]
        self.press("i")
        if await self.until(lambda: self.account.events["turn.interrupted"] > cuts, 1.5):
            self.account.cut(question, "key i")
        await self.wait_for(question)

    async def mute(self):
        self.press("m")
        await asyncio.sleep(self.random.uniform(0.5, 4))
        self.press("m")

    async def renew(self):
        self.press("r")

    # Parts of them

    def press(self, key):
        self.client.note("user.presses", key=key)
        self.client.press(key)

    def type(self, instead=None):
        """Types the next question, so that the answer to another one is not wanted any more."""
        number = len(self.account.typed)
        question = self.account.asked(
            questions.code(number % questions.MOST), questions.text(number % questions.MOST, self.random),
            self.client.now())
        if instead:
            self.account.cut(instead, "next message")
        self.client.note("user.types", text=question.text)
        self.client.press(f"t{question.text}\r")
        return question

    async def wait_for(self, question):
        """For the answer, and mostly for the end of it, too."""
        if not await self.until(lambda: not question.is_open, PATIENCE_S):
            question.is_overdue = True
            self.client.note("user.givesUp", text=question.text)
        elif self.random.random() < 0.7:
            await self.until(lambda: not self.account.is_answering, 10)

"""One conversation under test: the client as a process, fed with numbered voice in real time, and its line broken."""

import asyncio
import collections
import dataclasses
import json
import os
import random
import signal
import statistics
import subprocess

import numbering
from numbering import RATE, encode, milliseconds
from proxy import Impairment, Proxy
from service import Service

CHUNK = RATE // 100  # 10 ms, what a capture device delivers
PACKET = RATE // 50  # the most that a client may keep back at the end, waiting for a whole packet
FORCED_S = 5.0  # with less time left than this, a client may cut an answer off
PATIENCE_S = 30.0


@dataclasses.dataclass(frozen=True)
class Set:
    """What is done to how many conversations at a time, and how long after the last change (seconds)."""

    name: str
    fault: str  # goAway, kill
    way: str  # direct, network (through the proxy), tls
    lines: int = 1
    spacing: tuple = (0.3, 1.5)


@dataclasses.dataclass
class Run:
    """One fault and what came of it."""

    fault: str
    tally: numbering.Tally
    failure: str | None = None
    gap_ms: float | None = None  # last voice on the old connection to the first on the new one
    back_ms: float | None = None  # the fault to the first voice on the new one
    was_warm: bool = False
    during_answer: bool = False

    def row(self):
        counted = {
            "lost_ms": milliseconds(self.tally.lost), "doubled_ms": milliseconds(self.tally.doubled),
            "late": self.tally.late, "foreign": self.tally.foreign}
        own = {key: value for key, value in vars(self).items() if key != "tally"}
        rounded = {key: round(value, 3) if isinstance(value, float) else value for key, value in own.items()}
        return rounded | counted


class Talk:
    """One client and the service that it talks to."""

    def __init__(self, chosen, options, folder, seed, certificate):
        self.set, self.options, self.folder = chosen, options, folder
        # Each part has randomness of its own: how they interleave does not change what happens.
        self.random, of_service, self.of_network = (random.Random(f"{seed} {part}") for part in range(3))
        self.certificate = certificate  # (ssl context, CA file), for the way "tls"
        self.impairment = Impairment() if chosen.way == "network" else None
        network = self.impairment
        self.service = Service(
            of_service, network.shortest_round_trip if network else 0.0, network.stall if network else 0.0)
        self.service.written = lambda: self.written
        self.written = 0
        self.expected = None  # the connection that the session should be on
        self.runs = []

    async def hold(self, runs):
        """The whole conversation: start, so many faults, end."""
        port = await self.service.start(self.certificate[0] if self.set.way == "tls" else None)
        proxy = None
        if self.impairment:
            proxy = Proxy(port, self.impairment, self.of_network)
            port = await proxy.start()
        reading, self.pipe = os.pipe()
        os.set_blocking(self.pipe, False)
        self.log = open(self.folder / "client.jsonl", "w+")
        self.errors = open(self.folder / "client.log", "w+")
        self.process = subprocess.Popen(
            self.command(port), stdin=reading, stdout=self.log, stderr=self.errors, env=self.environment())
        os.close(reading)
        pace = asyncio.create_task(self.pace())
        try:
            await self.converse(runs)
        finally:
            pace.cancel()
            os.close(self.pipe)
            await self.end_client()
            if proxy:
                await proxy.stop()
            await self.service.stop()
        return self

    def command(self, port):
        is_secure = self.set.way == "tls"
        return [
            *self.options.client, "talk", "--json", "--endpoint", f"ws{'s' * is_secure}://127.0.0.1:{port}",
            *(("--ca-file", self.certificate[1]) if is_secure else ()),
            *("--model", "gemini-3.8-live", "--input", "-", "--output", "null", "--until", "forever")]

    def environment(self):
        """Keys and settings of whoever measures stay out."""
        strange = ("VIVAVOCE_", "GEMINI_", "GOOGLE_", "XDG_")
        clean = {name: value for name, value in os.environ.items() if not name.startswith(strange)}
        clean = {name: value for name, value in clean.items() if not name.lower().endswith("_proxy")}
        return clean | {"HOME": str(self.folder), "VIVAVOCE_KEY": "bench"}

    async def pace(self):
        """Writes the voice as a microphone would: 10 ms, each when it has passed."""
        begin, pending = self.service.now(), b""
        while True:
            await asyncio.sleep(begin + (self.written + CHUNK) / RATE - self.service.now())
            pending += encode(self.written, CHUNK)
            self.written += CHUNK
            try:
                pending = pending[os.write(self.pipe, pending) :]
            except BlockingIOError:
                pass
            except BrokenPipeError:
                return

    async def converse(self, runs):
        if not await self.service.until(lambda: self.heard_after(-1), PATIENCE_S):
            return self.fail("no voice came at all" + self.last_words())
        self.expected = self.service.live
        for _ in range(runs):
            self.runs.append(Run(self.set.fault, self.service.ledger.tallies[-1]))
            try:
                await self.run(self.runs[-1])
            except Failure as failure:
                self.runs[-1].failure = str(failure)
                if self.process.poll() is not None or self.is_hopeless():
                    break
        await self.settle()

    def is_hopeless(self):
        return len(self.runs) >= 5 and all(run.failure for run in self.runs[-5:])

    def fail(self, text):
        self.runs.append(Run(self.set.fault, self.service.ledger.begin_run(), failure=text))

    def heard_after(self, number):
        lines = self.service.lines[number + 1 :]
        return next((line for line in lines if line.first_voice_at is not None), None)

    async def run(self, run):
        """Waits a random while, breaks the line, and measures how it comes back. Raises `Failure`."""
        service = self.service
        await asyncio.sleep(self.random.uniform(*self.set.spacing))
        if self.random.random() < self.options.answers and service.live:
            run.during_answer = True
            length = self.random.uniform(0.4, 1.5)
            service.answer(length)
            await asyncio.sleep(self.random.uniform(0, length))
        found = await service.until(lambda: service.live, PATIENCE_S)
        if found is not self.expected:
            self.expected = found
            if found is None:
                raise Failure("the line did not come back" + self.last_words())
            raise Failure("the connection changed without cause")
        run.tally = service.ledger.begin_run()
        if self.set.fault == "goAway":
            fault_at, patience = service.now(), round(self.random.uniform(2, self.options.most_left), 1)
            old = service.go_away(patience)
        else:
            with_reset = self.random.random() < 0.5
            run.fault = "reset" if with_reset else "end of stream"
            old, patience = service.kill(with_reset), 0.0
            fault_at = old.over_at
        new = await service.until(lambda: self.heard_after(old.number), patience + PATIENCE_S)
        self.expected = service.live
        if new is None:
            raise Failure("no voice on a new connection" + self.last_words())
        run.back_ms = (new.first_voice_at - fault_at) * 1000
        run.gap_ms = (new.first_voice_at - (old.last_voice_at or old.live_at)) * 1000
        run.was_warm = new.opened_at < (old.over_at or new.opened_at)
        self.judge(old)

    def judge(self, old):
        if old.has_expired:
            raise Failure(f"still there when its {old.time_left:g} s were over")
        if old.cut_a_turn and (left := old.gone_away_at + old.time_left - old.over_at) >= FORCED_S:
            raise Failure(f"cut an answer although {left:.1f} s were left")

    async def settle(self):
        """Waits for the voice that is still on its way. What does not come is lost."""
        written, ledger = self.written, self.service.ledger
        end = self.service.now() + 3
        while ledger.next <= written - PACKET and self.service.now() < end:
            await asyncio.sleep(0.02)
        if ledger.next <= written - PACKET:
            ledger.tallies[-1].lost += written - ledger.next

    async def end_client(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            await asyncio.to_thread(self.process.wait, 10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            self.fail("the client did not end when it was asked to")
        self.events = self.read_events()
        self.log.close()
        self.errors.close()

    def last_words(self):
        """What the client said last, when it has ended."""
        if self.process.poll() is None:
            return ""
        self.errors.seek(0)
        errors = [line.strip() for line in self.errors if "error" in line]
        return f"; the client ended with {self.process.returncode}: {''.join(errors[-1:])}"

    def read_events(self):
        """What the client itself tells: how often each event came, and its own figures of the changes."""
        self.log.seek(0)
        events = [json.loads(line) for line in self.log if line.startswith("{")]
        resumed = [event for event in events if event["event"] == "session.resumed"]
        summary = {"events": dict(collections.Counter(event["event"] for event in events))}
        if resumed:
            summary["gap_ms_median"] = statistics.median(event["gapMilliseconds"] for event in resumed)
            summary["lost_ms_max"] = max(event["lostMilliseconds"] for event in resumed)
        return summary


class Failure(Exception):
    """A run that did not go as it must; its text says how."""

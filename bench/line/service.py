"""A live service that counts: it answers as much of the protocol as a conversation needs, checks that the client keeps
its rules, enters every voice sample into a ledger, and can take the line away."""

import asyncio
import base64
import json
import socket
import statistics
import struct

from numbering import Ledger
from proxy import reset
from websocket import PING, TEXT, Ended, Misconduct, accept

KINDS = {"setup", "clientContent", "realtimeInput", "toolResponse"}
PATH = "google.ai.generativelanguage."
TWO_HUNDRED_MS = base64.b64encode(bytes(9600)).decode()
EARLY_S = 0.001  # the setup's answer waits this long, so that a client which does not wait for it is caught


class Line:
    """One connection, as the service saw it. Times are the loop's, in seconds; None for what has not happened."""

    def __init__(self, number, socket, now):
        self.number, self.socket, self.opened_at = number, socket, now
        self.set_up_at = self.live_at = self.first_voice_at = self.last_voice_at = self.over_at = None
        self.close_code = None
        self.is_killed = self.has_expired = False
        self.cut_a_turn = False
        self.gone_away_at = self.time_left = None

    @property
    def is_live(self):
        return self.live_at is not None and self.over_at is None

    def say(self, message):
        self.socket.send(TEXT, json.dumps(message, indent=1).encode())


class Service:
    """One session, over whatever connections. All of it runs on one event loop."""

    def __init__(self, random, shortest_round_trip=0.0, stall=0.0):
        """`shortest_round_trip`: no answer can come sooner, so that voice which does was sent too early. `stall`: how
        long the network may stand still; a handle on its way for longer than that has arrived."""
        self.random = random
        self.shortest_round_trip = shortest_round_trip
        self.handle_grace = 0.02 + 2 * shortest_round_trip + stall
        self.ledger = Ledger()
        self.written = lambda: 1 << 60
        self.lines, self.breaches, self.round_trips = [], [], []
        self.handles = []  # (handle, when it was sent)
        self.is_answering = False
        self.news = asyncio.Event()
        self.tasks = set()

    async def start(self, tls=None):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0, ssl=tls)
        return self.server.sockets[0].getsockname()[1]

    async def stop(self):
        self.server.close()
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    @property
    def live(self):
        """The connection that the session is on, or None."""
        return next((line for line in reversed(self.lines) if line.is_live), None)

    @property
    def round_trip(self):
        return statistics.median(self.round_trips) if self.round_trips else 0.0

    async def until(self, condition, seconds):
        """Waits until `condition()` gives something; returns it, or what it gave when the time was over."""
        end = self.now() + seconds
        while not (result := condition()) and self.now() < end:
            self.news.clear()
            try:
                await asyncio.wait_for(self.news.wait(), end - self.now())
            except asyncio.TimeoutError:
                pass
        return result

    # What can be done to the client

    def go_away(self, seconds):
        """Announces the end of the live connection, and ends it if the client is still there by then."""
        line = self.live
        line.gone_away_at, line.time_left = self.now(), seconds
        line.say({"goAway": {"timeLeft": f"{seconds:g}s"}})
        self.spawn(self.expire(line, seconds))
        return line

    async def expire(self, line, seconds):
        await asyncio.sleep(seconds)
        if line.over_at is None:
            line.has_expired = True
            line.socket.close(1011, "Deadline expired before operation could complete.")

    def kill(self, with_reset):
        """Ends the live connection's TCP with RST, or with FIN but no close frame."""
        line = self.live
        line.is_killed, line.over_at = True, self.now()
        if with_reset:
            reset(line.socket.writer)
        else:
            line.socket.writer.get_extra_info("socket").shutdown(socket.SHUT_WR)
            line.socket.writer.transport.abort()
        self.is_answering = False
        return line

    def answer(self, seconds):
        """Speaks a turn of about so many seconds: in a burst, as the real service does, and over when it would have
        been heard."""
        self.spawn(self.speak(self.live, seconds))

    async def speak(self, line, seconds):
        self.is_answering = True
        line.say({"sessionResumptionUpdate": {"resumable": False}})
        end = self.now() + seconds
        part = {"inlineData": {"mimeType": "audio/pcm;rate=24000", "data": TWO_HUNDRED_MS}}
        for _ in range(max(1, round(seconds / 0.2))):
            line.say({"serverContent": {"modelTurn": {"role": "model", "parts": [part]}}})
            await asyncio.sleep(0.03)
        line.say({"serverContent": {"outputTranscription": {"text": "Numbers."}}})
        line.say({"serverContent": {"generationComplete": True}})
        await asyncio.sleep(max(0, end - self.now()))
        if line.over_at is None:
            usage = {"promptTokenCount": 1, "responseTokenCount": 1, "totalTokenCount": 2}
            line.say({"serverContent": {"turnComplete": True}, "usageMetadata": usage})
            self.is_answering = False
            self.give_handle(line)

    # One connection

    async def serve(self, reader, writer):
        task = asyncio.current_task()
        self.tasks.add(task)
        line = None
        try:
            socket, path, _ = await accept(reader, writer)
            line = Line(len(self.lines), socket, self.now())
            self.lines.append(line)
            if PATH not in path:
                self.breach(f"upgraded at {path}")
            socket.on_pong = lambda payload: self.round_trips.append(self.now() - struct.unpack("!d", payload)[0])
            while True:
                self.take(line, await socket.receive())
        except Ended as end:
            if line.over_at is None:
                line.close_code = end.code
        except (Misconduct, OSError, EOFError) as problem:
            if line is not None:
                self.breach(str(problem))
        except asyncio.CancelledError:
            pass
        finally:
            if line is not None:
                self.ended(line)
            writer.close()
            self.tasks.discard(task)

    def ended(self, line):
        if line.over_at is None:
            line.over_at = self.now()
            if self.is_answering and line.live_at is not None:
                line.cut_a_turn = True
                self.is_answering = False
        self.news.set()

    def take(self, line, message):
        if line.over_at is not None:
            return  # the connection was killed; what still trickles in was never received
        now = self.now()
        try:
            content = json.loads(message)
        except ValueError:
            return self.breach("a message that is no JSON")
        if not isinstance(content, dict) or len(content) != 1 or not KINDS >= content.keys():
            return self.breach(f"a message with the members {list(content)}")
        kind, body = next(iter(content.items()))
        if kind == "setup":
            return self.set_up(line, body, now)
        if line.live_at is None:
            return self.breach(f"{kind} before the setup" + ("'s answer was sent" if line.set_up_at else ""))
        if now < line.live_at + self.shortest_round_trip:
            self.breach(f"{kind} before the setup's answer can have arrived")
        if kind == "realtimeInput":
            if len(body) != 1:
                self.breach(f"a realtimeInput with the members {list(body)}")
            if "audio" in body:
                self.hear(line, body["audio"], now)

    def hear(self, line, audio, now):
        if audio.get("mimeType") != "audio/pcm;rate=16000":
            self.breach(f"voice of type {audio.get('mimeType')}")
        self.ledger.take(base64.b64decode(audio["data"]), self.written())
        line.last_voice_at = now
        if line.first_voice_at is None:
            line.first_voice_at = now
            self.news.set()

    def set_up(self, line, setup, now):
        if line.set_up_at is not None:
            return self.breach("a second setup on one connection")
        line.set_up_at = now
        others = [other for other in self.lines if other.set_up_at is not None and other.over_at is None]
        if len(others) > 1:
            self.breach("a setup while the session's old connection was open")
            return line.socket.close(1011, "Internal error encountered.")
        self.check_handle(setup.get("sessionResumption"))
        self.spawn(self.go_live(line))

    def check_handle(self, resumption):
        if resumption is None:
            return self.breach("a setup that does not ask for resumption")
        given = resumption.get("handle")
        ends = [line.over_at for line in self.lines if line.over_at is not None]
        last_end = max(ends, default=0.0)
        known = [handle for handle, sent_at in self.handles if sent_at < last_end - self.handle_grace]
        in_flight = [handle for handle, _ in self.handles[len(known) :]]
        if given not in known[-1:] + in_flight and (known or given is not None):
            age = next((len(self.handles) - 1 - i for i, (h, _) in enumerate(self.handles) if h == given), None)
            self.breach("a setup " + (
                "without the handle" if given is None else
                "with an unknown handle" if age is None else f"with a handle that {age} newer ones had replaced"))

    async def go_live(self, line):
        await asyncio.sleep(EARLY_S)
        if line.over_at is not None:
            return
        line.live_at = self.now()
        line.say({"setupComplete": {}})
        self.news.set()
        self.spawn(self.measure_round_trips(line))
        await asyncio.sleep(self.random.uniform(0.02, 0.06))
        while line.over_at is None:
            if not self.is_answering:
                self.give_handle(line)
            await asyncio.sleep(self.random.uniform(0.4, 1.0))

    async def measure_round_trips(self, line):
        while line.over_at is None:
            line.socket.send(PING, struct.pack("!d", self.now()))
            await asyncio.sleep(0.2)

    def give_handle(self, line):
        handle = f"handle-{len(self.handles)}-{self.random.getrandbits(32):08x}"
        self.handles.append((handle, self.now()))
        line.say({"sessionResumptionUpdate": {"newHandle": handle, "resumable": True}})

    def breach(self, text):
        self.breaches.append(text)

    def spawn(self, coroutine):
        task = asyncio.create_task(coroutine)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    @staticmethod
    def now():
        return asyncio.get_running_loop().time()

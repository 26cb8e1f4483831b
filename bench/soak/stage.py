"""The two processes of a soak: the rehearsal service, and the client at a terminal with a microphone that never ends."""

import array
import asyncio
import collections
import ctypes
import datetime
import fcntl
import json
import os
import pty
import signal
import subprocess
import sys
import termios
import wave

RATE = 16_000
CHUNK = RATE // 50  # 20 ms
KEPT = 200 << 20  # bytes of the service's log, which would be gigabytes after some days
READY_S = 60.0
ENDING_S = 15.0


def environment(home):
    """Keys and settings of whoever measures stay out."""
    strange = ("VIVAVOCE_", "GEMINI_", "GOOGLE_", "XDG_")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(strange)}
    clean = {name: value for name, value in clean.items() if not name.lower().endswith("_proxy")}
    return clean | {"HOME": str(home), "VIVAVOCE_KEY": "soak", "TERM": "dumb"}


class Rehearsal:
    """The service, with faults. Its remarks and its log of the wire stay in the folder."""

    def __init__(self, command, flags, folder):
        self.log = folder / "wire.jsonl"
        self.errors = open(folder / "rehearsal.log", "w")
        self.process = subprocess.Popen(
            [*command, "serve", "--log", str(self.log), *flags], stdout=subprocess.PIPE, stderr=self.errors,
            env=environment(folder))
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"the rehearsal did not start; see {folder}/rehearsal.log")
        self.url = json.loads(line)["url"]

    def limit_log(self):
        """Gives the oldest part of the log back to the disk. It reads as zeros from then on."""
        size = self.log.stat().st_size
        if size > KEPT:
            keep_size, punch_hole = 1, 2
            with open(self.log, "r+b") as file:
                ctypes.CDLL(None).fallocate(
                    file.fileno(), keep_size | punch_hole, ctypes.c_long(0), ctypes.c_long(size - KEPT))

    def stop(self):
        end(self.process, signal.SIGTERM)
        self.process.stdout.close()
        self.errors.close()


class Client:
    """The command, on a terminal of its own. What it tells is logged with what the user does, in one order."""

    def __init__(self, command, url, flags, folder, on_event):
        self.on_event = on_event
        self.journal = open(folder / "events.jsonl", "w")
        self.screen = open(folder / "client.log", "wb")
        self.speech = collections.deque()
        self.written = 0
        loop = asyncio.get_running_loop()
        self.begin = loop.time()
        self.now = lambda: loop.time() - self.begin
        self.terminal, slave = pty.openpty()
        listening, self.microphone = os.pipe()
        os.set_blocking(self.microphone, False)

        def take_terminal():
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(
            [*command, "talk", "--json", "--endpoint", url, "--input", "-", "--output", "null", "--until", "forever",
             *flags],
            stdin=listening, stdout=subprocess.PIPE, stderr=slave, env=environment(folder),
            start_new_session=True, preexec_fn=take_terminal)
        os.close(listening)
        # The slave stays open here, so that the terminal outlives the client and all of its last words can be read.
        self.slave = slave
        os.set_blocking(self.terminal, False)
        loop.add_reader(self.terminal, self.read_screen)
        self.is_over = loop.create_task(self.read_events())
        self.pace = loop.create_task(self.talk_into())

    def read_screen(self):
        try:
            self.screen.write(os.read(self.terminal, 1 << 16))
            self.screen.flush()
        except BlockingIOError:
            pass

    async def read_events(self):
        reader = asyncio.StreamReader(limit=16 << 20)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), self.process.stdout)
        try:
            while line := await reader.readline():
                event = json.loads(line)
                self.write(event)
                self.on_event(event, self.now())
        finally:
            transport.close()

    def note(self, event, **members):
        """Puts what the user does among the events."""
        at = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")
        self.write({"event": event, "at": at.replace("+00:00", "Z")} | members)

    def write(self, event):
        line = {"s": round(self.now(), 3)} | event
        self.journal.write(json.dumps(line, ensure_ascii=False) + "\n")
        self.journal.flush()

    def press(self, keys):
        os.write(self.terminal, keys.encode())

    async def talk_into(self):
        """Writes silence, and what is to be said, as a microphone would."""
        loop, pending = asyncio.get_running_loop(), b""
        begin = loop.time()
        while True:
            await asyncio.sleep(begin + (self.written + CHUNK) / RATE - loop.time())
            pending += self.speech.popleft() if self.speech else bytes(2 * CHUNK)
            self.written += CHUNK
            try:
                pending = pending[os.write(self.microphone, pending) :]
            except BlockingIOError:
                pass
            except BrokenPipeError:
                return

    def say(self, sound):
        """Queues 16 kHz s16le bytes for the microphone."""
        sound += bytes(-len(sound) % (2 * CHUNK))
        self.speech.extend(sound[at : at + 2 * CHUNK] for at in range(0, len(sound), 2 * CHUNK))

    async def stop(self):
        """Asks for the end and waits for it. Returns the exit code; None if it had to be killed."""
        self.pace.cancel()
        if self.process.poll() is None:
            self.press("q")
        code = await asyncio.to_thread(end, self.process, None)
        try:
            await asyncio.wait_for(self.is_over, ENDING_S)
        except asyncio.TimeoutError:
            pass
        self.read_screen()
        asyncio.get_running_loop().remove_reader(self.terminal)
        for descriptor in (self.terminal, self.slave, self.microphone):
            os.close(descriptor)
        self.screen.close()
        self.journal.close()
        return code


def end(process, request):
    """Waits for a process after a request, a signal or None; kills one that does not end. Returns its exit code."""
    if process.poll() is None and request:
        process.send_signal(request)
    try:
        return process.wait(ENDING_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return None


def speak(text, folder):
    """A sentence of espeak-ng as 16 kHz s16le bytes, with a quiet moment at either end."""
    path = folder / "speech.wav"
    subprocess.run(["espeak-ng", "-v", "en-us", "-s", "150", "-w", str(path), text], check=True)
    with wave.open(str(path)) as file:
        rate, samples = file.getframerate(), array.array("h", file.readframes(file.getnframes()))
    path.unlink()
    quiet = [0] * (RATE // 10)
    resampled = [at(samples, index * rate / RATE) for index in range((len(samples) - 1) * RATE // rate)]
    return array.array("h", quiet + resampled + quiet).tobytes()


def at(samples, position):
    """Between two samples, by a straight line: good enough for ears that know speech from a telephone."""
    index = int(position)
    return round(samples[index] + (samples[index + 1] - samples[index]) * (position - index))

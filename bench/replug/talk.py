"""One conversation on virtual sound devices: the devices, the rehearsal service, and the command at a terminal of its
own."""

import fcntl
import json
import os
import pathlib
import pty
import re
import subprocess
import sys
import termios
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
VIRTUAL_AUDIO = str(ROOT / "scripts" / "virtual-audio")
ENDING_S = 15.0


class VirtualAudio:
    """A sound server of its own, with a loudspeaker and a microphone to plug in and out."""

    def __init__(self, folder):
        self.environment = os.environ | {"VIRTUAL_AUDIO_DIR": str(folder / "audio")}
        started = subprocess.run(
            [VIRTUAL_AUDIO, "start"], check=True, capture_output=True, text=True, env=self.environment)
        self.exports = dict(re.findall(r"^export (\w+)=(.*)$", started.stdout, re.M))

    def do(self, *words):
        subprocess.run([VIRTUAL_AUDIO, *words], check=True, capture_output=True, env=self.environment)

    def stop(self):
        subprocess.run([VIRTUAL_AUDIO, "stop"], capture_output=True, env=self.environment)


def environment(home, **more):
    """Keys and settings of whoever measures stay out."""
    strange = ("VIVAVOCE_", "GEMINI_", "GOOGLE_", "XDG_")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(strange)}
    clean = {name: value for name, value in clean.items() if not name.lower().endswith("_proxy")}
    return clean | {"HOME": str(home), "VIVAVOCE_KEY": "bench", "TERM": "dumb", "XDG_RUNTIME_DIR": str(home)} | more


class Rehearsal:
    def __init__(self, command, folder, *flags):
        self.process = subprocess.Popen(
            [command, "serve", *flags], stdout=subprocess.PIPE, stderr=open(folder / "rehearsal.log", "w"),
            env=environment(folder))
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"the rehearsal did not start; see {folder}/rehearsal.log")
        self.url = json.loads(line)["url"]

    def stop(self):
        self.process.terminate()
        self.process.wait(ENDING_S)


class Client:
    """The command. Events are kept with the moment at which they came."""

    def __init__(self, command, url, folder, flags, exports):
        self.events = []
        self.more = threading.Condition()
        self.terminal, slave = pty.openpty()

        def take_terminal():
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(
            [command, "talk", "--json", "--endpoint", url, "--until", "forever", *flags], stdin=slave,
            stdout=subprocess.PIPE, stderr=slave, env=environment(folder, **exports), start_new_session=True,
            preexec_fn=take_terminal)
        os.close(slave)
        self.journal = open(folder / "events.jsonl", "w")
        self.reading = threading.Thread(target=self.read_events, daemon=True)
        self.reading.start()
        threading.Thread(target=self.read_screen, args=[folder / "client.log"], daemon=True).start()

    def read_events(self):
        for line in self.process.stdout:
            at = time.monotonic()
            self.journal.write(line.decode())
            self.journal.flush()
            with self.more:
                self.events.append((at, json.loads(line)))
                self.more.notify_all()

    def read_screen(self, path):
        with open(path, "wb") as file:
            try:
                while part := os.read(self.terminal, 1 << 16):
                    file.write(part)
            except OSError:
                pass

    def wait(self, since, seconds, name, **fields):
        """The first event of this name and these fields from number `since` on: its number and its moment."""
        end = time.monotonic() + seconds
        with self.more:
            number = since
            while True:
                for number in range(number, len(self.events)):
                    at, event = self.events[number]
                    if event["event"] == name and all(event.get(key) == value for key, value in fields.items()):
                        return number, at
                number = len(self.events)
                if not self.more.wait(max(0, end - time.monotonic())) and time.monotonic() >= end:
                    raise TimeoutError(f"no {name} {fields} in {seconds} s")

    def named(self, name):
        with self.more:
            return [event for _, event in self.events if event["event"] == name]

    def press(self, keys):
        os.write(self.terminal, keys.encode())

    def ask(self, seconds=30):
        """Types a question and waits for the end of its answer. Returns why that ended."""
        since = len(self.events)
        self.press("twhat is two plus two\r")
        number, _ = self.wait(since, seconds, "turn.completed", speaker="model")
        return self.events[number][1]["reason"]

    def holds(self):
        """What the process holds: descriptors, threads, memory of its own in KB."""
        process = pathlib.Path(f"/proc/{self.process.pid}")
        status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
        return {
            "descriptors": len(os.listdir(process / "fd")), "threads": len(os.listdir(process / "task")),
            "rssAnonKB": int(status["RssAnon"].split()[0])}

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        if self.process.poll() is None:
            self.press("q")
        try:
            code = self.process.wait(ENDING_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = None
        self.reading.join(ENDING_S)
        self.journal.close()
        return code

"""Leaves assistants alone on virtual devices, and says what they cost: processor time and memory.

    scripts/bench-idle [--minutes 10] [--client PATH] [--rehearsal PATH] [--only NAME]

One for each way of being idle, side by side, each with devices, a service and a folder of its own: with push to talk,
muted, asleep until the wake word, and open, which listens all the time and is there to compare. Measured from 45 s after
the session was live, when devices that nobody needs rest. Afterwards each is spoken to in writing, and must answer
aloud. Ends with 1 when one does not, or costs more than it may.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "replug"))

from talk import ROOT, Rehearsal, VirtualAudio, environment

SETTLED_S = 45
MEMORY_MB = 45
# Flags, what it is told once it is live, and the share of a core that it may cost.
WAYS = {
    "push to talk": (["--mode", "hold"], None, 0.001),
    "muted": ([], "mute", 0.001),
    "asleep": (["--mode", "wake"], None, 0.015),
    "open": ([], None, None),
}


class Idle:
    """A daemon, as a service manager starts it, and everything that it needs."""

    def __init__(self, name, options, folder):
        self.name, (flags, word, self.share) = name, WAYS[name]
        folder.mkdir()
        self.command, self.folder = options.client, folder
        self.audio = VirtualAudio(folder)
        self.rehearsal = Rehearsal(options.rehearsal, folder)
        self.environment = environment(folder, **self.audio.exports)
        self.journal = folder / "events.jsonl"
        with open(self.journal, "wb") as events, open(folder / "daemon.log", "wb") as log:
            self.process = subprocess.Popen(
                [options.client, "daemon", "--json", "--endpoint", self.rehearsal.url, "--until", "forever",
                 "--input", "alsa:vv_microphone", "--output", "alsa:vv_speaker", *flags],
                stdin=subprocess.DEVNULL, stdout=events, stderr=log, env=self.environment)
        self.wait("session.live", 30)
        if word:
            self.tell(word)

    def tell(self, *words):
        subprocess.run([self.command, *words], check=True, env=self.environment, capture_output=True)

    def wait(self, name, seconds, since=0, **fields):
        """The first event of this name and these fields behind so many lines; None in vain."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for line in self.journal.read_text().splitlines()[since:]:
                try:
                    event = json.loads(line)
                except ValueError:
                    continue  # not written to its end yet
                if event["event"] == name and all(event.get(key) == value for key, value in fields.items()):
                    return event
            time.sleep(0.2)
        return None

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self):
        """What it takes, in MB: all that is its own, and its share of what others use as well."""
        lines = pathlib.Path(f"/proc/{self.process.pid}/smaps_rollup").read_text().splitlines()[1:]
        kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in lines}
        return {
            "proportional": round(kilobytes["Pss"] / 1000, 1), "resident": round(kilobytes["Rss"] / 1000, 1),
            "own": round((kilobytes["Private_Dirty"] + kilobytes["Private_Clean"]) / 1000, 1)}

    def begin(self):
        self.used, self.at = self.cpu_seconds(), time.monotonic()

    def end(self):
        self.cost = (self.cpu_seconds() - self.used) / (time.monotonic() - self.at)
        self.held = self.memory()
        seen = len(self.journal.read_text().splitlines())
        self.tell("say", "what is two plus two")
        answer = self.wait("turn.completed", 60, seen, speaker="model")
        self.answer = answer and answer["reason"]

    def stop(self):
        self.process.terminate()
        self.code = self.process.wait(15)
        self.rehearsal.stop()
        self.audio.stop()

    @property
    def broken(self):
        broken = []
        if self.share is not None and self.cost > self.share:
            broken.append(f"costs {self.cost:.2%} of a core, more than {self.share:.1%}")
        if self.held["proportional"] > MEMORY_MB:
            broken.append(f"takes {self.held['proportional']} MB, more than {MEMORY_MB}")
        if self.answer != "complete":
            broken.append(f"spoken to afterwards: {self.answer}")
        if self.code != 0:
            broken.append(f"exit {self.code}")
        return broken


def main():
    parser = argparse.ArgumentParser(prog="bench-idle")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--client", default=str(ROOT / ".build/release/vivavoce"))
    parser.add_argument("--rehearsal", default=str(ROOT / ".build/release/vivavoce-rehearsal"))
    parser.add_argument("--only", choices=WAYS, action="append")
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="vivavoce-idle."))
    idles = []
    try:
        for name in options.only or WAYS:
            idles.append(Idle(name, options, folder / name.replace(" ", "-")))
        time.sleep(SETTLED_S)
        for idle in idles:
            idle.begin()
        time.sleep(options.minutes * 60)
        for idle in idles:
            idle.end()
    finally:
        for idle in idles:
            idle.stop()
    broken = [f"{idle.name}: {words}" for idle in idles for words in idle.broken]
    print(json.dumps({
        "minutes": options.minutes,
        "ways": {idle.name: {"core": f"{idle.cost:.3%}", "megabytes": idle.held} for idle in idles}, "broken": broken}, indent=2))
    if not broken:
        shutil.rmtree(folder)
    sys.exit(1 if broken else 0)


main()

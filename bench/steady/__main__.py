"""Talks on the virtual devices for a while, idle or with every core loaded, and counts what went wrong with the sound.

    scripts/bench-steady [--minutes 30] [--load] [--client PATH] [--rehearsal PATH] [--log DIR] [--json]

A question is typed twice a minute and its answer played. Ends with 1 when a device was lost, sound was dropped, an
answer was not completed, or there was an xrun of our making. Those that the sound server made, and underruns, are
printed: they say as much about the machine as about us. Beside it runs a witness, a thread that only sleeps, with more
priority than ours: an xrun in the second in which it was late as well is the machine's, and counted apart.
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
from datetime import datetime

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "replug"))

from talk import ROOT, Client, Rehearsal, VirtualAudio
from witness import Witness

ASK_S = 30.0
# An xrun is told up to a second after it happened.
TOLD_WITHIN_S = 1.2


def spin():
    """A process that does nothing but take a core, at ordinary priority."""
    return subprocess.Popen([sys.executable, "-c", "while True: pass"])


def run(options, folder):
    audio = VirtualAudio(folder)
    rehearsal = Rehearsal(options.rehearsal, folder)
    client = Client(
        options.client, rehearsal.url, folder, ["--input", "alsa:vv_microphone", "--output", "alsa:vv_speaker"],
        audio.exports)
    load, answers, broken = [], [], []
    witness = Witness()
    try:
        for direction in ("input", "output"):
            client.wait(0, 30, "audio.device", direction=direction, state="open")
        load = [spin() for _ in range(os.cpu_count())] if options.load else []
        begin, used = time.monotonic(), client.cpu_seconds()
        before = client.holds()
        while time.monotonic() - begin < options.minutes * 60:
            asked = time.monotonic()
            answers.append(client.ask())
            time.sleep(max(0, min(ASK_S - (time.monotonic() - asked), begin + options.minutes * 60 - time.monotonic())))
        seconds = time.monotonic() - begin
        used = client.cpu_seconds() - used
        after = client.holds()
        average = os.getloadavg()[0]
    except TimeoutError as failure:
        broken.append(str(failure))
        seconds = used = average = 0.0
        before = after = {}
    finally:
        for process in load:
            process.kill()
            process.wait()
        late = witness.stop()
        code = client.stop()
        rehearsal.stop()
        audio.stop()
    lost = [event for event in client.named("audio.device") if event["state"] in ("lost", "reopened")]
    dropped = client.named("audio.dropped")
    if lost:
        broken.append(f"devices were lost: {lost}")
    if dropped:
        broken.append(f"sound was dropped: {dropped}")
    if any(reason != "complete" for reason in answers):
        broken.append(f"answers that were not completed: {answers}")
    if code != 0:
        broken.append(f"exit {code}")
    xruns = {
        direction: {"ours": 0, "machines": 0, "servers": 0, "lateMilliseconds": 0} for direction in ("input", "output")}
    for event in client.named("audio.xrun"):
        counted = xruns[event["direction"]]
        counted["machines" if was_late(late, event) else "ours"] += event["ours"]
        counted["servers"] += event["count"] - event["ours"]
        counted["lateMilliseconds"] += event["late"]
    if any(counted["ours"] for counted in xruns.values()):
        broken.append(f"xruns of our making: {xruns}")
    return {
        "minutes": round(seconds / 60, 1), "load": options.load, "loadAverage": round(average, 1),
        "answers": len(answers), "xruns": xruns,
        "machineLate": None if late is None else {
            "times": len(late), "worstMilliseconds": max((milliseconds for _, _, milliseconds in late), default=0)}, "underruns": total(client, "audio.underrun"),
        "droppedMilliseconds": sum(event["milliseconds"] for event in dropped),
        "cpuMillisecondsPerSecond": round(1000 * used / seconds, 1) if seconds else None,
        "before": before, "after": after, "broken": broken}


def was_late(late, event):
    """Whether the machine let nobody run, shortly before this was told."""
    at = datetime.fromisoformat(event["at"]).timestamp()
    return any(at - TOLD_WITHIN_S <= moment <= at for _, moment, _ in late or [])


def total(client, name):
    """Of an event that counts; none of it is zero."""
    return sum(event["count"] for event in client.named(name))


def main():
    parser = argparse.ArgumentParser(prog="bench-steady")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--load", action="store_true", help="keep every core busy meanwhile")
    parser.add_argument("--client", default=str(ROOT / ".build/release/vivavoce"))
    parser.add_argument("--rehearsal", default=str(ROOT / ".build/release/vivavoce-rehearsal"))
    parser.add_argument("--log", type=pathlib.Path, help="keeps the events here")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    folder = options.log or pathlib.Path(tempfile.mkdtemp(prefix="vivavoce-steady."))
    folder.mkdir(parents=True, exist_ok=True)
    result = run(options, folder)
    print(json.dumps(result, indent=None if options.json else 2))
    if not options.log and not result["broken"]:
        shutil.rmtree(folder)
    sys.exit(1 if result["broken"] else 0)


if __name__ == "__main__":
    main()

"""Talks with and without recording, and says what recording costs: CPU, and bytes an hour.

    scripts/bench-record-sound [--seconds 60] [--pairs 3] [--rate 48] [--client PATH] [--rehearsal PATH] [--json]

The user speaks without a pause, and the model answers what it hears; both devices are paced by the clock, so both runs of
a pair do the same. The cost is the difference of a pair. Ends with 1 when it is above 2 % of a core or 25 MB an hour, and
when sound is missing from a recording.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "replug"))

from talk import ROOT, Rehearsal, environment

MOST_CPU = 20.0  # ms of each second: 2 % of a core
MOST_MEGABYTES = 25.0
TEXT = "the quick brown fox jumps over the lazy dog while everybody listens, and what time is it now. "


def speech(path, seconds):
    """Without a pause, for longer than a run takes."""
    subprocess.run(["espeak-ng", "-s", "150", "-w", path, TEXT * (2 + seconds // 5)], check=True)


def talk(options, url, folder, voice, recordings):
    """CPU of the client in ms for each second, and the events that it told."""
    arguments = [options.client, "talk", "--json", "--endpoint", url, "--input", f"file:{voice}", "--output", "null",
                 "--until", f"for:{options.seconds}"]
    if recordings:
        arguments += ["--record", recordings, "--record-rate", str(options.rate)]
    told = folder / "events.jsonl"
    with open(told, "wb") as events:
        process = subprocess.Popen(
            list(map(str, arguments)), stdout=events, stderr=subprocess.DEVNULL,
            env=environment(folder, VIVAVOCE_KEY="any"))
        _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise SystemExit(f"the client ended with status {status}; its events are in {told}")
    return (usage.ru_utime + usage.ru_stime) * 1000 / options.seconds, [
        json.loads(line) for line in told.read_text().splitlines()]


def spread(values):
    return {"median": round(statistics.median(values), 2), "min": round(min(values), 2), "max": round(max(values), 2)}


def run(options, folder):
    voice = folder / "voice.wav"
    speech(voice, options.seconds)
    rehearsal = Rehearsal(options.rehearsal, folder)
    costs, without, sizes, lost = [], [], [], 0
    load = os.getloadavg()[0]
    try:
        for pair in range(options.pairs):
            recordings = folder / f"recordings-{pair}"
            # Which is first changes, so that what grows or falls with time is in both.
            order = (None, recordings) if pair % 2 == 0 else (recordings, None)
            cpu = {}
            for where in order:
                cpu[where], events = talk(options, rehearsal.url, folder, voice, where)
                if where is None:
                    continue
                ended = next(event for event in events if event["event"] == "recording.ended")
                size = sum(file.stat().st_size for file in pathlib.Path(ended["path"]).glob("audio*.opus"))
                sizes.append(size / 1e6 * 3600 / ended["seconds"])
                lost += ended["lostMilliseconds"]
            without.append(cpu[None])
            costs.append(cpu[recordings] - cpu[None])
    finally:
        rehearsal.stop()
    result = {
        "seconds": options.seconds, "pairs": options.pairs, "kilobitsPerSecond": options.rate,
        "loadAverage": {"before": round(load, 1), "after": round(os.getloadavg()[0], 1)},
        "cpuMillisecondsPerSecond": spread(costs), "withoutRecording": spread(without),
        "megabytesPerHour": spread(sizes), "lostMilliseconds": lost}
    result["broken"] = [
        text
        for isBroken, text in (
            (result["cpuMillisecondsPerSecond"]["median"] > MOST_CPU, "more than 2 % of a core"),
            (options.rate <= 48 and max(sizes) > MOST_MEGABYTES, "more than 25 MB an hour"),
            (lost > 0, "sound is missing"))
        if isBroken]
    return result


def main():
    parser = argparse.ArgumentParser(prog="bench-record-sound")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--rate", type=int, default=48)
    parser.add_argument("--client", default=str(ROOT / ".build/release/vivavoce"))
    parser.add_argument("--rehearsal", default=str(ROOT / ".build/release/vivavoce-rehearsal"))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="vivavoce-record-sound."))
    try:
        result = run(options, folder)
    finally:
        shutil.rmtree(folder)
    print(json.dumps(result, indent=None if options.json else 2))
    sys.exit(1 if result["broken"] else 0)


if __name__ == "__main__":
    main()

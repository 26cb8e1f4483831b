"""Kills conversations that are kept and recorded, each at a moment of its own, and reads what is left.

    scripts/bench-record-kill [--kills 200] [--at-once 4] [--seed 1] [--client PATH] [--rehearsal PATH]

Ends with 1 when a database is damaged, a line that was called final is missing, or more than a second of sound is.
"""

import argparse
import concurrent.futures
import json
import pathlib
import random
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "replug"))

from talk import ROOT, Rehearsal, environment

LONGEST_S = 12.0


def kill_one(options, folder, url, question, seconds):
    """One life in a home of its own. - Returns: what was told, what is kept, and the sound that is missing in ms."""
    home = pathlib.Path(tempfile.mkdtemp(dir=folder))
    process = subprocess.Popen(
        [options.client, "talk", "--endpoint", url, "--json", "--until", "forever", "--record", home / "sound", "--input",
         f"file:{question}", "--output", "null"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, env=environment(home))
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    killed = time.time() * 1000
    output, _ = process.communicate()
    whole = output.decode()[: output.decode().rfind("\n") + 1]
    events = [json.loads(line) for line in whole.splitlines()]
    finals = [(event["turn"], event["text"]) for event in events if event["event"] == "transcript.final"]
    result = {"seconds": round(seconds, 2), "finals": len(finals), "problems": [], "missing": missing_sound(home, killed)}
    path = home / ".local/share/vivavoce/transcripts.db"
    kept = []
    if path.exists():
        with sqlite3.connect(path) as database:
            if database.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
                result["problems"].append("the database is damaged")
        exported = subprocess.run(
            [options.client, "transcripts", "export", "last", "--format", "jsonl"], capture_output=True, text=True,
            env=environment(home))
        lines = [json.loads(line) for line in exported.stdout.splitlines()]
        kept = [(line["turn"], line["text"]) for line in lines if line["type"] == "line" and line["final"]]
    result["problems"] += [f"lost: {final}" for final in finals if final not in kept]
    if result["missing"] is not None and result["missing"] > 1000:
        result["problems"].append(f"{result['missing']:.0f} ms of sound are missing")
    shutil.rmtree(home)
    return result


def missing_sound(home, killed):
    """Milliseconds between a recording's end and the kill; None when it had not begun."""
    for path in home.glob("sound/*/audio.opus"):
        if path.stat().st_size < 1000:
            return None
        told = subprocess.run(["opusinfo", path], capture_output=True, text=True).stdout
        start = next((line.split("=")[1] for line in told.splitlines() if "VIVAVOCE_START=" in line), None)
        decoded = subprocess.run(["opusdec", "--quiet", "--rate", "48000", path, "-"], capture_output=True).stdout
        if start:
            return killed - int(start) - max(0, len(decoded) - 44) / 4 / 48
    return None


def main():
    parser = argparse.ArgumentParser(prog="bench-record-kill")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--at-once", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--client", default=str(ROOT / ".build/release/vivavoce"))
    parser.add_argument("--rehearsal", default=str(ROOT / ".build/release/vivavoce-rehearsal"))
    options = parser.parse_args()
    seeded = random.Random(options.seed)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="vivavoce-kill."))
    question = folder / "question.wav"
    subprocess.run(["espeak-ng", "-v", "en-us", "-s", "150", "-w", question, "what is two plus two"], check=True)
    moments = [seeded.uniform(0, LONGEST_S) for _ in range(options.kills)]
    rehearsal = Rehearsal(options.rehearsal, folder)
    try:
        with concurrent.futures.ThreadPoolExecutor(options.at_once) as pool:
            results = list(pool.map(lambda at: kill_one(options, folder, rehearsal.url, question, at), moments))
    finally:
        rehearsal.stop()
    shutil.rmtree(folder)
    missing = sorted(result["missing"] for result in results if result["missing"] is not None)
    problems = [result for result in results if result["problems"]]
    print(json.dumps({
        "kills": len(results), "finals": sum(result["finals"] for result in results), "recordings": len(missing),
        "missingMilliseconds": {"median": round(statistics.median(missing)), "max": round(missing[-1])} if missing else None,
        "problems": problems}))
    sys.exit(1 if problems else 0)


main()

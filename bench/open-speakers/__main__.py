"""Talks with the client over open loudspeakers: does it hear itself, and how fast does it fall silent?

    scripts/bench-open-speakers [--turns N] [--barge-ins N] [--client COMMAND] [--room OPTIONS] [--keep DIR] [--json]

The client is the real command with the rehearsal service, on virtual devices with a simulated room between them.
Ends with 1 if a bound is broken. docs/BENCHMARKS.md says what is measured.
"""

import argparse
import json
import os
import pathlib
import shlex
import statistics
import subprocess
import sys
import tempfile

import scenes
from stage import ROOT, Stage


def build_client():
    command = ["swift", "build", "-c", "release"]
    for product in ("vivavoce", "vivavoce-rehearsal"):
        subprocess.run([*command, "--product", product], cwd=ROOT, check=True, stdout=sys.stderr)
    folder = subprocess.check_output([*command, "--show-bin-path"], cwd=ROOT, text=True).strip()
    return [str(pathlib.Path(folder) / "vivavoce")]


def in_words(values):
    if not values:
        return "never"
    values = sorted(1000 * value for value in values)
    return f"{statistics.median(values):.0f} ms ({values[0]:.0f} to {values[-1]:.0f})"


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench-open-speakers")
    parser.add_argument("--turns", type=int, default=10, help="of a conversation that nobody interrupts")
    parser.add_argument("--barge-ins", type=int, default=10, help="of each kind")
    parser.add_argument("--client", type=shlex.split, help="the command to test, instead of a release build")
    parser.add_argument("--room", type=shlex.split, default=[], help="options of scripts/virtual-audio room")
    parser.add_argument("--keep", type=pathlib.Path, help="records what was sent and played, and keeps it here")
    parser.add_argument("--json", action="store_true", help="one line instead of words")
    options = parser.parse_args()
    client = options.client or build_client()
    results, broken = {}, []
    with tempfile.TemporaryDirectory(prefix="vivavoce-open-speakers.") as folder:
        def stage(name, *arguments):
            own = pathlib.Path(folder) / name
            own.mkdir()
            if options.keep:
                arguments += ("--record", str(options.keep / name))
            home = {"HOME": str(own), "XDG_CONFIG_HOME": str(own), "XDG_DATA_HOME": str(own)}
            return Stage(own, client, os.environ | home, arguments, options.room)

        if options.turns:
            with stage("conversation") as conversation:
                talk = scenes.converse(conversation, options.turns)
            results["conversation"] = talk
            if talk["answered"] < options.turns or talk["selfInterruptions"]:
                broken.append("conversation")
        for kind, bound in (("local", 0.120), ("service", 0.060)) if options.barge_ins else ():
            with stage(kind, "--barge-in", kind) as interrupted:
                cuts = scenes.interrupt(interrupted, options.barge_ins)
            results[kind] = cuts
            measured = cuts["fromOnset"] if kind == "local" else cuts["fromInterrupted"]
            if cuts["noticed"] < options.barge_ins or cuts["selfInterruptions"] or not measured or (
                    statistics.median(measured) > bound):
                broken.append(kind)
    if options.json:
        print(json.dumps(results | {"broken": broken, "load": os.getloadavg()[0]}))
    else:
        report(results, options)
    sys.exit(1 if broken else 0)


def report(results, options):
    if talk := results.get("conversation"):
        print(f"conversation: {talk['answered']} of {options.turns} answered, "
              f"{talk['selfInterruptions']} interruptions by nobody")
    for kind in ("local", "service"):
        if cuts := results.get(kind):
            print(f"barge-in {kind}: {cuts['noticed']} of {options.barge_ins} noticed, {cuts['selfInterruptions']} "
                  f"interruptions by nobody; to silence from the user's "
                  f"first sound {in_words(cuts['fromOnset'])}, from “interrupted” {in_words(cuts['fromInterrupted'])}")
    print(f"load of the machine {os.getloadavg()[0]:.1f}")


main()

"""Holds a conversation by a script, typed and spoken, cuts a third of the answers, and reads the record beside it.

    scripts/bench-record-script [--turns 200] [--seed 1] [--client PATH] [--rehearsal PATH] [--keep DIR]

Ends with 1 when a line differs from the script, a cut has no mark, the sound lies more than 20 ms from the transcript or
has another length than opusinfo (and ffprobe, if there is one) say, or an export does not hold every line. How far the
cut of the text lies from the player's clock is printed: between words there may be nothing nearer.
"""

import argparse
import json
import pathlib
import shutil
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "replug"))

from talk import ROOT

from judge import Judge
from script import script
from talk_script import hold
from voice import Voice


def main():
    parser = argparse.ArgumentParser(prog="bench-record-script")
    parser.add_argument("--turns", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--client", default=str(ROOT / ".build/release/vivavoce"))
    parser.add_argument("--rehearsal", default=str(ROOT / ".build/release/vivavoce-rehearsal"))
    parser.add_argument("--keep", type=pathlib.Path, help="keeps events, record and sound here")
    options = parser.parse_args()
    folder = options.keep or pathlib.Path(tempfile.mkdtemp(prefix="vivavoce-script."))
    folder.mkdir(parents=True, exist_ok=True)
    turns = script(options.turns, options.seed)
    events, code = hold(turns, options, folder)
    result = Judge(turns, events, Voice(), options, folder).run()
    if code != 0:
        result["problems"].append(f"exit {code}")
    print(json.dumps(result, indent=2))
    if not options.keep and not result["problems"]:
        shutil.rmtree(folder)
    sys.exit(1 if result["problems"] else 0)


main()

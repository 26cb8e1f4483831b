"""Takes the line away from under a talking client, again and again, and counts what became of every sample.

    scripts/bench-line [--runs N] [--sets NAME,…] [--seed N] [--client COMMAND] [--count-only] [--json]

The client is the real command, fed with numbered voice through a pipe; the service, the bad network and the judge are
here. Ends with 1 if a bound is broken. docs/BENCHMARKS.md says what is measured.
"""

import argparse
import asyncio
import json
import pathlib
import random
import shlex
import signal
import ssl
import subprocess
import sys
import tempfile

import report
from talk import Set, Talk

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

SETS = [
    Set("goAway", "goAway", "direct"),
    Set("goAway-network", "goAway", "network"),
    Set("goAway-tls", "goAway", "tls"),
    Set("kill", "kill", "direct"),
    Set("kill-network", "kill", "network"),
]
USUAL = "goAway,goAway-network,goAway-tls,kill"


def say(text):
    print(text, file=sys.stderr, flush=True)


def build_client():
    command = ["swift", "build", "-c", "release"]
    subprocess.run([*command, "--product", "vivavoce"], cwd=ROOT, check=True, stdout=sys.stderr)
    folder = subprocess.check_output([*command, "--show-bin-path"], cwd=ROOT, text=True).strip()
    return [str(pathlib.Path(folder) / "vivavoce")]


def make_certificate(folder):
    """A server's TLS context for 127.0.0.1, and the file of the authority that signed for it."""
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]

    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    openssl("req", "-x509", *key, "-days", "2", "-subj", "/CN=bench", "-keyout", "ca.key", "-out", "ca.pem")
    openssl("req", *key, "-subj", "/CN=localhost", "-keyout", "service.key", "-out", "service.csr")
    (folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1")
    openssl(
        *("x509", "-req", "-in", "service.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"),
        *("-days", "2", "-extfile", "names", "-out", "service.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "service.pem", folder / "service.key")
    return context, str(folder / "ca.pem")


async def measure(chosen, options, folder):
    certificate = make_certificate(folder) if chosen.way == "tls" else None
    lines = min(options.lines or chosen.lines, options.runs)
    talks = []
    for number in range(lines):
        own = folder / str(number)
        own.mkdir()
        talks.append(Talk(chosen, options, own, f"{options.seed} {chosen.name} {number}", certificate))
    runs = [options.runs // lines + (number < options.runs % lines) for number in range(lines)]
    await asyncio.gather(*(talk.hold(count) for talk, count in zip(talks, runs)))
    return report.summarise(chosen, talks, options.seed, options.count_only)


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench-line")
    parser.add_argument("--runs", type=int, default=200, help="faults in each set")
    parser.add_argument(
        "--sets", default=USUAL, help=f"of {', '.join(one.name for one in SETS)}; the usual ones are {USUAL}")
    parser.add_argument("--seed", type=int, default=None, help="to repeat a run's random moments")
    parser.add_argument("--client", type=shlex.split, help="the command to test, instead of a release build")
    parser.add_argument("--lines", type=int, help="conversations at a time, instead of what the set says")
    parser.add_argument("--spacing", help="MIN:MAX seconds from a change to the next fault, instead of the set's")
    parser.add_argument("--most-left", type=float, default=50, help="the longest time that a goAway leaves, in seconds")
    parser.add_argument("--answers", type=float, default=0.3, help="the share of faults that fall into an answer")
    parser.add_argument("--count-only", action="store_true", help="judge what was lost, not how long it took")
    parser.add_argument("--json", action="store_true", help="one line a set instead of the table")
    options = parser.parse_args()
    names = options.sets.split(",")
    if unknown := set(names) - {one.name for one in SETS}:
        parser.error(f"no such set: {', '.join(unknown)}")
    if options.most_left < 2:
        parser.error("a goAway leaves 2 s at least")
    if options.runs < 1 or options.lines is not None and options.lines < 1:
        parser.error("at least one run, on at least one line")
    options.sets = [one for one in SETS if one.name in names]
    if options.spacing:
        low, high = (float(part) for part in options.spacing.split(":"))
        options.sets = [Set(one.name, one.fault, one.way, one.lines, (low, high)) for one in options.sets]
    options.seed = random.SystemRandom().getrandbits(32) if options.seed is None else options.seed
    options.client = options.client or build_client()
    return options


def main():
    options = arguments()
    # Whoever ends this one ends the client too: asyncio unwinds on SIGINT.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    say(f"seed {options.seed}")
    rows = []
    for chosen in options.sets:
        say(f"{chosen.name}: {options.runs} runs")
        with tempfile.TemporaryDirectory(prefix="vivavoce-line.") as folder:
            rows.append(asyncio.run(measure(chosen, options, pathlib.Path(folder))))
        if options.json:
            print(json.dumps(rows[-1]), flush=True)
    if not options.json:
        print("\n".join(report.table(rows)))
    sys.exit(1 if any(row["broken"] for row in rows) else 0)


main()

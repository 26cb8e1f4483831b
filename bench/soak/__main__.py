"""Talks for an hour with a service that goes wrong at random, and checks that nothing was lost and nothing grew.

    scripts/soak [--minutes 60] [--seed N] [--client PATH] [--rehearsal PATH] [--faults FLAGS] [--log DIR] [--json]

The client is the real command at a pseudo terminal, the service the rehearsal. Ends with 1 if anything is broken, and
keeps events.jsonl, samples.csv and the wire's log in a folder. docs/BENCHMARKS.md says what is checked.
"""

import argparse
import asyncio
import json
import pathlib
import random
import shlex
import signal
import subprocess
import sys
import tempfile

import summary
from account import Account
from resources import Resources
from stage import READY_S, Client, Rehearsal, speak
from user import SPOKEN, User

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SCALE = 60  # the service's ten minutes for a connection are ten seconds
QUIET_S = 10.0  # without an event, at the end: what was still to come has come
GRACE_S = 130.0
CLIENT_FLAGS = ["--recover-for", "120", "--answer-timeout", "5", "--connection-limit", str(600 // SCALE)]


def say(text):
    print(text, file=sys.stderr, flush=True)


async def soak(options, folder):
    dice = random.Random(options.seed)
    sounds = {text: speak(text, folder) for text in SPOKEN}
    rehearsal = Rehearsal(options.rehearsal, options.faults, folder)
    account = Account()
    client = None
    watches = []
    try:
        client = Client(options.client, rehearsal.url, CLIENT_FLAGS, folder, account.event)
        watches = [
            Resources(client.process.pid, folder / "samples.csv"),
            Resources(rehearsal.process.pid, folder / "rehearsal-samples.csv")]
        user = User(client, account, dice, sounds)
        if not await user.until(lambda: account.events["session.live"], READY_S):
            account.wrong(client.now(), "the session never went live")
        else:
            await hold(options.minutes * 60, client, rehearsal, user, account, watches)
    finally:
        code = await client.stop() if client else None
        rehearsal.stop()
    account.close(client.now())
    return summary.summarise(account, user, *watches, code, options.seed, client.now() / 60)


async def hold(seconds, client, rehearsal, user, account, watches):
    """The conversation, and a quiet while after it in which late answers may come."""
    begin = client.now()
    sampling = [asyncio.create_task(watch.run()) for watch in watches]
    talking = asyncio.create_task(user.run())
    told = 0
    while client.now() - begin < seconds:
        done, _ = await asyncio.wait({talking, client.is_over}, timeout=1, return_when=asyncio.FIRST_COMPLETED)
        if talking in done:
            talking.result()
        if done or rehearsal.process.poll() is not None:
            which = "the client" if client.is_over in done else "the rehearsal"
            account.wrong(client.now(), f"{which} ended by itself")
            break
        if client.now() - begin >= (told + 1) * 60:
            told += 1
            say(summary.progress(account, watches[0], client.now() - begin))
            rehearsal.limit_log()
    talking.cancel()
    for task in sampling:
        task.cancel()
    is_quiet = lambda: client.is_over.done() or client.now() - account.last_turn > QUIET_S and not account.is_waiting
    await user.until(is_quiet, GRACE_S)


def build(product):
    command = ["swift", "build", "-c", "release"]
    subprocess.run([*command, "--product", product], cwd=ROOT, check=True, stdout=sys.stderr)
    folder = subprocess.check_output([*command, "--show-bin-path"], cwd=ROOT, text=True).strip()
    return [str(pathlib.Path(folder) / product)]


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/soak")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=None, help="to repeat a run's faults and the user's acts")
    parser.add_argument("--client", type=shlex.split, help="the command to test, instead of a release build")
    parser.add_argument("--rehearsal", type=shlex.split, help="the service, instead of a release build")
    parser.add_argument("--faults", type=shlex.split, help="the service's flags, instead of --chaos and --time-scale")
    parser.add_argument("--log", type=pathlib.Path, help="a folder for the logs, instead of a new temporary one")
    parser.add_argument("--json", action="store_true", help="one line instead of the table")
    options = parser.parse_args()
    options.seed = random.SystemRandom().getrandbits(32) if options.seed is None else options.seed
    options.client = options.client or build("vivavoce")
    options.rehearsal = options.rehearsal or build("vivavoce-rehearsal")
    if options.faults is None:
        options.faults = ["--chaos", str(options.seed), "--time-scale", str(SCALE)]
    return options


def main():
    options = arguments()
    # Whoever ends this one ends the processes too: asyncio unwinds on SIGINT.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    folder = options.log or pathlib.Path(tempfile.mkdtemp(prefix="vivavoce-soak."))
    folder.mkdir(parents=True, exist_ok=True)
    say(f"seed {options.seed}, logs in {folder}")
    try:
        figures = asyncio.run(soak(options, folder))
    except KeyboardInterrupt:
        sys.exit(130)
    (folder / "summary.json").write_text(json.dumps(figures, indent=1))
    print(json.dumps(figures) if options.json else "\n".join(summary.table(figures)), flush=True)
    sys.exit(1 if figures["broken"] else 0)


main()

"""Pulls the plugs of the virtual loudspeaker and microphone in turn during one conversation, and puts them back.

    scripts/bench-replug [--cycles 100] [--seed N] [--record] [--client PATH] [--rehearsal PATH] [--log DIR] [--json]

Measures the time from the return of a device to the event that says it works again, and checks that the conversation is
the same one, that what is asked meanwhile is answered, that nothing grows and, with --record, that the recording is as
long as the conversation was. Ends with 1 if anything is broken.
"""

import argparse
import datetime
import json
import pathlib
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from talk import ROOT, Client, Rehearsal, VirtualAudio

PATIENCE_S = 10.0
BACK_S = 1.0  # what is asked of us
DIRECTIONS = {"speaker": "output", "microphone": "input"}
ASK_EVERY = 5
WARM = 4  # cycles before what is held is looked at first


def say(text):
    print(text, file=sys.stderr, flush=True)


def cycle(client, audio, device, away):
    """Returns the milliseconds from the device's return to its being back."""
    since = len(client.events)
    audio.do("unplug", device)
    since, _ = client.wait(since, PATIENCE_S, "audio.device", direction=DIRECTIONS[device], state="lost")
    time.sleep(away)
    begin = time.monotonic()
    audio.do("replug", device)
    _, at = client.wait(since, PATIENCE_S, "audio.device", direction=DIRECTIONS[device], state="reopened")
    return (at - begin) * 1000


def run(options, folder):
    dice = random.Random(options.seed)
    audio = VirtualAudio(folder)
    rehearsal = Rehearsal(options.rehearsal, folder)
    flags = ["--input", "alsa:vv_microphone", "--output", "alsa:vv_speaker"]
    if options.record:
        flags += ["--record", str(folder / "sound")]
    client = Client(options.client, rehearsal.url, folder, flags, audio.exports)
    times, answers, broken, before = {"speaker": [], "microphone": []}, [], [], None
    try:
        for direction in ("input", "output"):
            client.wait(0, 30, "audio.device", direction=direction, state="open")
        answers.append(client.ask())
        for number in range(options.cycles):
            for device in ("speaker", "microphone"):
                times[device].append(cycle(client, audio, device, away=dice.choice([0.05, 0.3, 1, 2.5])))
            if number % ASK_EVERY == 0:
                answers.append(client.ask())
            if number == min(WARM, options.cycles // 2):
                before = client.holds()
            if number % 10 == 9:
                say(f"{number + 1} cycles of each, {client.holds()}")
        # What is asked while nothing can be heard waits, and is heard when it can.
        since = len(client.events)
        audio.do("unplug", "speaker")
        client.wait(since, PATIENCE_S, "audio.device", direction="output", state="lost")
        client.press("twhat is two plus two\r")
        time.sleep(3)
        audio.do("replug", "speaker")
        number, _ = client.wait(since, 30, "turn.completed", speaker="model")
        held = client.events[number][1]
        time.sleep(1)
        after = client.holds()
    except TimeoutError as failure:
        broken.append(str(failure))
        after, held = {}, {}
    finally:
        code = client.stop()
        rehearsal.stop()
        audio.stop()
    broken += judge(client, times, answers, before, after, held, code)
    broken += judge_recording(client, folder) if options.record else []
    return {
        "cycles": options.cycles, "seed": options.seed, "backMilliseconds": {
            device: figures(values) for device, values in times.items()},
        "answers": len(answers), "heldAnswerHeardMilliseconds": held.get("heardMilliseconds"), "before": before,
        "after": after, "xruns": sum(event["count"] for event in client.named("audio.xrun")),
        "dropped": client.named("audio.dropped"), "broken": broken}


def judge(client, times, answers, before, after, held, code):
    broken = []
    for device, values in times.items():
        late = [round(value) for value in values if value > BACK_S * 1000]
        if late:
            broken.append(f"{device}: {len(late)} of {len(values)} came back late: {late} ms")
    sessions = {event["session"] for _, event in client.events if event.get("session")}
    if len(sessions) != 1 or len(client.named("session.live")) != 1:
        broken.append(f"not one session: {sessions}, live {len(client.named('session.live'))} times")
    if any(reason != "complete" for reason in answers):
        broken.append(f"answers that were not completed: {answers}")
    if held and not held.get("heardMilliseconds", 0) > 500:
        broken.append(f"what was said while the loudspeaker was away was not heard after it: {held}")
    for name, most in (("descriptors", 0), ("threads", 1), ("rssAnonKB", 1_500)):
        if before and after and after[name] > before[name] + most:
            broken.append(f"{name} grew from {before[name]} to {after[name]}")
    if code != 0:
        broken.append(f"exit {code}")
    return broken


def judge_recording(client, folder):
    """Whatever became of the devices, the sound is as long as the time from its first frame to its last."""
    (told,) = client.named("recording.ended")
    (path,) = (folder / "sound").glob("*/audio.opus")
    info = subprocess.run(["opusinfo", path], capture_output=True, text=True).stdout
    start = int(re.search(r"VIVAVOCE_START=(\d+)", info).group(1))
    minutes, seconds = re.search(r"Playback length: (\d+)m:([\d.]+)s", info).groups()
    length = int(minutes) * 60 + float(seconds)
    lasted = datetime.datetime.fromisoformat(told["at"].replace("Z", "+00:00")).timestamp() - start / 1000
    say(f"recorded {length:.1f} s of {lasted:.1f} s, {told['lostMilliseconds']} ms of it lost")
    return [] if abs(length - lasted) < 0.5 and told["lostMilliseconds"] == 0 else [f"{length} s recorded of {lasted} s: {told}"]


def figures(values):
    if not values:
        return None
    ordered = sorted(values)
    return {
        "median": round(statistics.median(ordered)), "p95": round(ordered[int(len(ordered) * 0.95)]),
        "max": round(ordered[-1])}


def main():
    parser = argparse.ArgumentParser(prog="bench-replug")
    parser.add_argument("--cycles", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--record", action="store_true", help="records the conversation, and looks whether it is whole")
    parser.add_argument("--client", default=str(ROOT / ".build/release/vivavoce"))
    parser.add_argument("--rehearsal", default=str(ROOT / ".build/release/vivavoce-rehearsal"))
    parser.add_argument("--log", type=pathlib.Path, help="keeps the events here")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    folder = options.log or pathlib.Path(tempfile.mkdtemp(prefix="vivavoce-replug."))
    folder.mkdir(parents=True, exist_ok=True)
    result = run(options, folder)
    print(json.dumps(result, indent=None if options.json else 2))
    if not options.log and not result["broken"]:
        shutil.rmtree(folder)
    sys.exit(1 if result["broken"] else 0)


if __name__ == "__main__":
    main()

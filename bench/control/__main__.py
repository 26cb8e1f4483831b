"""Calls a daemon's methods by the thousand during a conversation on virtual devices, and times the replies.

    scripts/bench-control [--seconds 60] [--clients 100] [--rate 10000] [--client PATH] [--rehearsal PATH]

Each client sends its share in bursts of ten and waits for the answers; half of them take every event as well. Ends with 1
when there was an xrun of our making, an answer was lost or wrong, or the 99th percentile is above 5 ms.
"""

import argparse
import asyncio
import json
import pathlib
import shutil
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "replug"))

from talk import ROOT, Client, Rehearsal, VirtualAudio

BURST = 10
WANTED_P99_MS = 5.0
CALL = b'{"jsonrpc":"2.0","id":1,"method":"status"}\n'


async def caller(path, options, begin, listens, times):
    reader, writer = await asyncio.open_unix_connection(path, limit=1 << 22)
    if listens:
        writer.write(b'{"jsonrpc":"2.0","id":0,"method":"subscribe"}\n')
        await reader.readline()
    pause = BURST / (options.rate / options.clients)
    due = begin + pause * (hash(id(writer)) % 100) / 100
    while (now := time.monotonic()) < begin + options.seconds:
        await asyncio.sleep(max(0, due - now))
        due += pause
        sent = time.monotonic()
        writer.write(CALL * BURST)
        answered = 0
        while answered < BURST:
            line = await reader.readline()
            if b'"method"' in line[:40]:
                continue
            assert b'"result"' in line, line
            times.append((time.monotonic() - sent) * 1000)
            answered += 1
    writer.close()


async def call(path, options):
    times, begin = [], time.monotonic()
    await asyncio.gather(
        *(caller(path, options, begin, number % 2 == 0, times) for number in range(options.clients)))
    return times, time.monotonic() - begin


def main():
    parser = argparse.ArgumentParser(prog="bench-control")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--clients", type=int, default=100)
    parser.add_argument("--rate", type=int, default=10_000, help="calls a second, all together")
    parser.add_argument("--client", default=str(ROOT / ".build/release/vivavoce"))
    parser.add_argument("--rehearsal", default=str(ROOT / ".build/release/vivavoce-rehearsal"))
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="vivavoce-control."))
    audio = VirtualAudio(folder)
    rehearsal = Rehearsal(options.rehearsal, folder)
    socket = str(folder / "control.sock")
    client = Client(
        options.client, rehearsal.url, folder,
        ["--input", "alsa:vv_microphone", "--output", "alsa:vv_speaker", "--socket", socket], audio.exports)
    try:
        client.wait(0, 30, "session.live")
        client.ask()
        before, used = client.holds(), client.cpu_seconds()
        client.press("ttell me a story\r")
        times, seconds = asyncio.run(call(socket, options))
        used = client.cpu_seconds() - used
        after = client.holds()
    finally:
        code = client.stop()
        rehearsal.stop()
        audio.stop()
    times.sort()
    xruns = client.named("audio.xrun")
    result = {
        "clients": options.clients, "callsPerSecond": round(len(times) / seconds),
        "replyMilliseconds": {
            name: round(times[int(len(times) * share)], 2)
            for name, share in (("median", 0.5), ("p99", 0.99), ("p999", 0.999))} | {"max": round(times[-1], 1)},
        "xruns": {"ours": sum(event["ours"] for event in xruns), "all": sum(event["count"] for event in xruns)},
        "cpuMillisecondsPerSecond": round(1000 * used / seconds), "before": before, "after": after}
    print(json.dumps(result, indent=2))
    broken = code != 0 or result["xruns"]["ours"] or result["replyMilliseconds"]["p99"] > WANTED_P99_MS
    if not broken:
        shutil.rmtree(folder)
    sys.exit(1 if broken else 0)


main()

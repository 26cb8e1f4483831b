"""The official Python SDK doing what a conversation costs at least: 20 ms packets up, speech down, one or more sessions.

    SSL_CERT_FILE=ca.pem sdk.py --port N [--plain] [--sessions N] [--seconds N]

Prints one JSON line. CPU is the process's, over the measured seconds; the second before them is not counted.
"""

import argparse
import asyncio
import json
import resource
import struct
import time

from google import genai
from google.genai import types

SPEECH_BYTES = 1920
VOICE = bytes(i * 37 & 255 for i in range(640))


class Count:
    """What all sessions together sent and heard while it was measured."""

    def __init__(self):
        self.is_measuring = False
        self.up = 0
        self.down = 0
        self.latencies = []


def cpu_seconds():
    use = resource.getrusage(resource.RUSAGE_SELF)
    return use.ru_utime + use.ru_stime


def peak_megabytes():
    """Most memory that was ever resident. Not ru_maxrss: that one remembers the program that started this one."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) / 1024


async def listen(session, count):
    async for message in session.receive():
        if not message.data or len(message.data) != SPEECH_BYTES or not count.is_measuring:
            continue
        (sent,) = struct.unpack_from("<q", message.data)
        count.down += 1
        count.latencies.append(time.monotonic_ns() - sent)


async def speak(session, count):
    due = asyncio.get_running_loop().time()
    while True:
        await session.send_realtime_input(audio=types.Blob(data=VOICE, mime_type="audio/pcm;rate=16000"))
        if count.is_measuring:
            count.up += 1
        due += 0.02
        await asyncio.sleep(max(0, due - asyncio.get_running_loop().time()))


async def hold(client, count, live):
    config = {"response_modalities": ["AUDIO"]}
    async with client.aio.live.connect(model="models/bench", config=config) as session:
        live.release()
        await asyncio.gather(listen(session, count), speak(session, count))


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--sessions", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()

    scheme = "http" if options.plain else "https"
    client = genai.Client(
        api_key="bench", http_options={"base_url": f"{scheme}://localhost:{options.port}", "api_version": "v1beta"}
    )
    count = Count()
    live = asyncio.Semaphore(0)
    tasks = [asyncio.create_task(hold(client, count, live)) for _ in range(options.sessions)]
    opening = asyncio.gather(*(live.acquire() for _ in tasks))
    done, _ = await asyncio.wait([opening, *tasks], return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()
    await asyncio.sleep(1)

    cpu, start = cpu_seconds(), time.monotonic()
    count.is_measuring = True
    await asyncio.sleep(options.seconds)
    count.is_measuring = False
    cpu, length = cpu_seconds() - cpu, time.monotonic() - start
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

    latencies = sorted(count.latencies)
    per = length * options.sessions
    print(
        json.dumps(
            {
                "client": "python-sdk",
                "sessions": options.sessions,
                "seconds": round(length, 2),
                "cpu_ms": round(cpu * 1000 / per, 3),
                "peak_mb": round(peak_megabytes(), 1),
                "p50_us": latencies[len(latencies) // 2] // 1000,
                "p99_us": latencies[int(0.99 * (len(latencies) - 1))] // 1000,
                "up_per_s": round(count.up / per, 1),
                "down_per_s": round(count.down / per, 1),
            }
        )
    )


asyncio.run(main())

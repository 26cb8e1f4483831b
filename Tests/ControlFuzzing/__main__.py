"""Sends a daemon's control socket what no client should, and looks whether it stays well.

    scripts/fuzz-control [--seconds 600] [--seed N] [--client PATH] [--json]

Clients of several bad habits at once: torn lines, lines in pieces, lines without end, ends in mid-line, resets, answers
that nobody reads, hundreds of connections. Beside them one that behaves, whose every call must be answered. What is no
JSON must be called that, and every line that comes back must be what docs/control.md says. Ends with 1 at the first
thing that is wrong, and when memory, descriptors or threads have grown at the end; what was sent last lies in a file then.
"""

import argparse
import asyncio
import json
import os
import pathlib
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time

from hostile import LONGEST_LINE, Hostile, is_json

ROOT = pathlib.Path(__file__).resolve().parents[2]
CODES = {-32700, -32600, -32601, -32602, -32603, -32000}
PROBE = b'{"jsonrpc":"2.0","id":"probe","method":"status"}\n'
PATIENCE_S = 30
# What malloc keeps of a burst is no leak; what grows with the number of bursts is.
MEMORY_KB = 8_192


class Finding(Exception):
    pass


class Daemon:
    def __init__(self, options, folder):
        self.path = str(folder / "control.sock")
        environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}
        self.log = open(folder / "daemon.log", "wb")
        self.process = subprocess.Popen(
            [options.client, "daemon", "--rehearse", "--input", "silence", "--output", "null", "--no-store", "--quiet",
             "--until", "forever", "--socket", self.path],
            env=environment, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        end = time.monotonic() + 60
        while not os.path.exists(self.path):
            if self.process.poll() is not None or time.monotonic() > end:
                raise Finding("the daemon did not start")
            time.sleep(0.05)

    def holds(self):
        folder = f"/proc/{self.process.pid}"
        status = dict(line.split(":", 1) for line in open(f"{folder}/status") if ":" in line)
        return {
            "kilobytes": int(status["VmRSS"].split()[0]), "threads": int(status["Threads"]),
            "descriptors": len(os.listdir(f"{folder}/fd"))}

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                return self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                return None
        return self.process.returncode


class Fuzz:
    def __init__(self, daemon, seed):
        self.daemon = daemon
        self.seed = seed
        self.lines = self.replies = 0
        self.sent = {}

    async def open(self):
        return await asyncio.open_unix_connection(self.daemon.path, limit=1 << 24)

    def judge(self, line):
        """A line that came back is what the protocol has."""
        self.replies += 1
        try:
            value = json.loads(line)
        except ValueError:
            raise Finding(f"this came back, and is no JSON: {line[:200]}") from None
        for part in value if isinstance(value, list) else [value]:
            good = part.get("jsonrpc") == "2.0" and (
                ("method" in part and "id" not in part) or ("id" in part and ("result" in part) != ("error" in part)))
            if not good or ("error" in part and part["error"]["code"] not in CODES):
                raise Finding(f"this came back: {line[:200]}")
        return value

    async def answers(self, reader, writer):
        """Everything that comes before the answer to a call of status."""
        writer.write(PROBE)
        found = []
        while True:
            line = await asyncio.wait_for(reader.readline(), PATIENCE_S)
            if not line:
                raise Finding("the connection was ended on a client that reads")
            value = self.judge(line)
            if isinstance(value, dict) and value.get("id") == "probe" and "result" in value:
                return found
            if not (isinstance(value, dict) and "method" in value):
                found.append(value)

    async def polite(self, hostile, random):
        """Whole lines, and the answers to each: those that are no JSON must be told so, the others must not."""
        reader, writer = await self.open()
        for _ in range(random.randint(1, 40)):
            line = hostile.line()
            self.sent[hostile] = line
            writer.write(line + b"\n")
            self.lines += 1
            got = await self.answers(reader, writer)
            codes = [part["error"]["code"] for part in got if isinstance(part, dict) and "error" in part]
            judged = is_json(line)
            if len(line) > LONGEST_LINE:
                if codes != [-32600]:
                    raise Finding(f"a line of {len(line)} bytes got {got}")
            elif not line.strip():
                continue
            elif judged is False and codes != [-32700]:
                raise Finding(f"{line[:300]} is no JSON and got {str(got)[:300]}")
            elif judged and -32700 in codes:
                raise Finding(f"{line[:300]} is JSON and got {str(got)[:300]}")
        writer.close()

    async def dribble(self, hostile, random):
        """Lines in pieces, several in one piece, and the end in the middle."""
        reader, writer = await self.open()
        stream = b"\n".join(hostile.line() for _ in range(random.randint(2, 12)))
        self.lines += stream.count(b"\n")
        while stream:
            size = random.choice([1, 2, 7, 100, 4_096, 70_000])
            writer.write(stream[:size])
            stream = stream[size:]
            await asyncio.wait_for(writer.drain(), PATIENCE_S)
            await asyncio.sleep(0)
        if random.random() < 0.5:
            writer.write_eof()
            while line := await asyncio.wait_for(reader.readline(), PATIENCE_S):
                self.judge(line)
        writer.close()

    async def reset(self, hostile, random):
        """Goes in mid-line without a goodbye."""
        plain = socket.socket(socket.AF_UNIX)
        plain.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(plain, self.daemon.path)
        for _ in range(random.randint(0, 5)):
            line = hostile.line()
            self.lines += 1
            await asyncio.wait_for(loop.sock_sendall(plain, line + b"\n"), PATIENCE_S)
        await asyncio.wait_for(loop.sock_sendall(plain, hostile.line()[:5_000]), PATIENCE_S)
        plain.close()

    async def deaf(self, hostile, random):
        """Asks and asks, and reads nothing, until nothing is taken from it any more."""
        reader, writer = await self.open()
        writer.write(b'{"jsonrpc":"2.0","id":1,"method":"subscribe"}\n')
        try:
            for _ in range(random.randint(50, 2_000)):
                writer.write(PROBE)
                self.lines += 1
                await asyncio.wait_for(writer.drain(), 0.5)
        except (TimeoutError, ConnectionError):
            pass
        writer.transport.abort()

    async def endless(self, hostile, random):
        """A line of megabytes, which must not be kept; then a call, which must be answered."""
        reader, writer = await self.open()
        for _ in range(random.randint(1, 40)):
            writer.write(b"z" * 100_000)
            await asyncio.wait_for(writer.drain(), PATIENCE_S)
        writer.write(b"\n")
        self.lines += 1
        got = await self.answers(reader, writer)
        if not got or got[0]["error"]["code"] not in (-32600, -32700):
            raise Finding(f"a line without end got {got}")
        writer.close()

    async def crowd(self, hostile, random):
        """More connections than are taken, at once."""
        opened = await asyncio.gather(*(self.open() for _ in range(random.randint(50, 200))), return_exceptions=True)
        for pair in opened:
            if not isinstance(pair, BaseException):
                pair[1].transport.abort()

    async def client(self, number, end):
        habits = [
            (self.polite, 60), (self.dribble, 20), (self.reset, 10), (self.deaf, 3), (self.endless, 3), (self.crowd, 1)]
        chance = random.Random(f"{self.seed}/{number}")
        hostile = Hostile(chance)
        while time.monotonic() < end:
            habit = chance.choices(*zip(*habits))[0]
            try:
                await habit(hostile, chance)
            except (ConnectionError, BrokenPipeError):
                # Refused in a crowd, or cut as one that reads nothing; whether the daemon is there says the guard.
                await asyncio.sleep(0.05)
            except TimeoutError:
                raise Finding(f"{habit.__name__}: no answer within {PATIENCE_S} s") from None

    async def guard(self, end, samples):
        """A client that behaves, meanwhile: from a crowd it may be kept out, but not for long."""
        while time.monotonic() < end:
            last = time.monotonic()
            while True:
                try:
                    reader, writer = await self.open()
                    await self.answers(reader, writer)
                    writer.close()
                    break
                except (ConnectionError, Finding) as failure:
                    if self.daemon.process.poll() is not None:
                        raise Finding(f"the daemon ended with {self.daemon.process.returncode}") from None
                    if time.monotonic() - last > PATIENCE_S:
                        raise Finding(f"a client that behaves is not served: {failure}") from None
                    await asyncio.sleep(0.1)
            samples.append(self.daemon.holds())
            await asyncio.sleep(2)

    async def run(self, seconds, clients=8):
        samples, end = [], time.monotonic() + seconds
        async with asyncio.TaskGroup() as group:
            for number in range(clients):
                group.create_task(self.client(number, end))
            group.create_task(self.guard(end, samples))
        return samples


def main():
    parser = argparse.ArgumentParser(prog="fuzz-control")
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument("--client", default=str(ROOT / ".build/release/vivavoce"))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="vivavoce-fuzz."))
    daemon = Daemon(options, folder)
    fuzz, found, samples, after = Fuzz(daemon, options.seed), [], [], {}
    try:
        samples = asyncio.run(fuzz.run(options.seconds))
        time.sleep(12)  # whoever read nothing has been cut by then
        after = daemon.holds()
    except* Finding as findings:
        found += [str(finding) for finding in findings.exceptions]
    code = daemon.stop()
    if code != 0:
        found.append(f"the daemon ended with {code}")
    # A quarter of the time is to warm up: caches, pools of threads, what malloc keeps.
    early = samples[len(samples) // 4] if samples else {}
    if after and after["kilobytes"] > early["kilobytes"] + MEMORY_KB:
        found.append(f"memory grew from {early['kilobytes']} to {after['kilobytes']} kB")
    if after and after["descriptors"] > samples[0]["descriptors"]:
        found.append(f"descriptors grew from {samples[0]['descriptors']} to {after['descriptors']}")
    result = {
        "seed": options.seed, "seconds": options.seconds, "lines": fuzz.lines, "replies": fuzz.replies,
        "early": early, "most": max((sample["kilobytes"] for sample in samples), default=0), "after": after, "found": found}
    print(json.dumps(result, indent=None if options.json else 2))
    if found:
        (folder / "last").write_bytes(b"\n".join(fuzz.sent.values()))
        print(f"fuzz-control: see {folder}", file=sys.stderr)
    else:
        shutil.rmtree(folder)
    sys.exit(1 if found else 0)


main()

"""Runs the benchmark: one load peer over TLS, and in turn each client against it, several times, interleaved.

    run.py [--repetitions N] [--seconds N] [--json] [--only NAME]

Builds what it needs under .build/bench: the peer and the bare loop with `cc`, vivavoce-bench with `swift build`, the SDK
in a virtual environment. A baseline that cannot be had here (no compiler, no network) is left out, and said so.
"""

import argparse
import json
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORK = ROOT / ".build" / "bench"
SDK = "google-genai==3.4.0"

# client, sessions
RUNS = [("c-loop", 1), ("python-sdk", 1), ("vivavoce", 1), ("c-loop", 64), ("python-sdk", 16), ("vivavoce", 64)]


def say(text):
    print(text, file=sys.stderr, flush=True)


def compile_c(name):
    flags = subprocess.check_output(["pkg-config", "--cflags", "--libs", "libwebsockets"], text=True).split()
    source, target = ROOT / "bench" / f"{name}.c", WORK / name
    subprocess.run(
        ["cc", "-std=gnu11", "-O2", "-Wall", "-o", target, source, *flags, "-lwebsockets", "-lpthread"], check=True
    )
    return str(target)


def build_ours(product="vivavoce-bench"):
    command = ["swift", "build", "-c", "release"]
    subprocess.run([*command, "--product", product], cwd=ROOT, check=True, stdout=sys.stderr)
    folder = subprocess.check_output([*command, "--show-bin-path"], cwd=ROOT, text=True).strip()
    return str(pathlib.Path(folder) / product)


def make_sdk():
    python = WORK / "venv" / "bin" / "python"
    if subprocess.run([python, "-c", "import google.genai"], capture_output=True).returncode if python.exists() else True:
        subprocess.run([sys.executable, "-m", "venv", WORK / "venv"], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", SDK], check=True)
    return str(python)


def make_certificate():
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    names = "subjectAltName=DNS:localhost,IP:127.0.0.1"

    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=WORK, check=True, capture_output=True)

    openssl("req", "-x509", *key, "-days", "2", "-subj", "/CN=bench", "-keyout", "ca.key", "-out", "ca.pem")
    openssl("req", *key, "-subj", "/CN=localhost", "-keyout", "peer.key", "-out", "peer.csr")
    (WORK / "names").write_text(names)
    openssl(
        *("x509", "-req", "-in", "peer.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "2"),
        *("-extfile", "names", "-out", "peer.pem"),
    )


class Peer:
    """The load peer, and what it said about setups: when each came, on the clock that this process reads too."""

    def __init__(self, program):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.setups = []
        self.process = subprocess.Popen(
            [program, "--port", str(self.port), "--cert", WORK / "peer.pem", "--key", WORK / "peer.key"],
            stdout=subprocess.PIPE,
            text=True,
        )
        if json.loads(self.process.stdout.readline())["event"] != "listening":
            raise SystemExit("the load peer did not start")
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            event = json.loads(line)
            if event["event"] == "setup":
                self.setups.append(event["at_ns"])

    def stop(self):
        self.process.terminate()
        self.process.wait(5)


def command(client, programs, port, sessions, seconds):
    options = ["--port", str(port), "--sessions", str(sessions), "--seconds", str(seconds)]
    if client == "python-sdk":
        return [programs[client], str(ROOT / "bench" / "sdk.py"), *options]
    return [programs[client], *options, "--tls" if client == "c-loop" else "--ca-file", str(WORK / "ca.pem")]


def measure(client, sessions, programs, peer, seconds):
    peer.setups.clear()
    start = time.monotonic_ns()
    result = subprocess.run(
        command(client, programs, peer.port, sessions, seconds),
        capture_output=True,
        text=True,
        timeout=seconds + 60,
        env={**os.environ, "SSL_CERT_FILE": str(WORK / "ca.pem")} if client == "python-sdk" else None,
    )
    if result.returncode:
        raise SystemExit(f"{client} failed with {result.returncode}: {result.stderr or result.stdout}")
    row = json.loads(result.stdout.splitlines()[-1])
    row["setup_ms"] = round((min(peer.setups) - start) / 1e6, 1)
    return row


def measure_talk(program, peer, seconds):
    """The whole command, devices and terminal side included: a tone up, speech down, for some seconds."""
    peer.setups.clear()
    start = time.monotonic_ns()
    talk = subprocess.Popen(
        [program, "talk", "--endpoint", f"wss://localhost:{peer.port}", "--ca-file", WORK / "ca.pem", "--input", "tone:440"]
        + ["--output", "null", "--until", f"for:{seconds}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "VIVAVOCE_KEY": "bench", "XDG_CONFIG_HOME": str(WORK)},
    )
    time.sleep(seconds)
    status = pathlib.Path(f"/proc/{talk.pid}/status").read_text()
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) / 1024
    _, code, use = os.wait4(talk.pid, 0)
    if code:
        raise SystemExit(f"vivavoce talk ended with {code}")
    cpu = (use.ru_utime + use.ru_stime) * 1000 / seconds
    return {"cpu_ms": cpu, "peak_mb": peak, "setup_ms": (min(peer.setups) - start) / 1e6}


def talk_table(rows):
    print("\n| vivavoce talk, start and end included | median (min–max) |\n|---|---|")
    for key, title in (("cpu_ms", "CPU, ms per second"), ("peak_mb", "peak memory, MB"), ("setup_ms", "start to setup, ms")):
        values = [row[key] for row in rows]
        print(f"| {title} | {statistics.median(values):.1f} ({min(values):.1f}–{max(values):.1f}) |")


def table(rows):
    columns = [
        ("cpu_ms", "CPU, ms per session-second", "{:.2f}"),
        ("p50_us", "wire to PCM, µs: p50", "{:.0f}"),
        ("p99_us", "p99", "{:.0f}"),
        ("peak_mb", "peak memory, MB", "{:.1f}"),
        ("setup_ms", "start to setup, ms", "{:.0f}"),
    ]
    print("| client | sessions | " + " | ".join(title for _, title, _ in columns) + " |")
    print("|---" * (len(columns) + 2) + "|")
    for client, sessions in RUNS:
        of_run = [row for row in rows if (row["client"], row["sessions"]) == (client, sessions)]
        if not of_run:
            continue
        cells = []
        for key, _, form in columns:
            values = [row[key] for row in of_run]
            cell = form.format(statistics.median(values))
            if len(values) > 1:
                cell += f" ({form.format(min(values))}–{form.format(max(values))})"
            cells.append(cell)
        print(f"| {client} | {sessions} | " + " | ".join(cells) + " |")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--json", action="store_true", help="one line a run instead of the table")
    parser.add_argument("--only", help="one client")
    options = parser.parse_args()

    WORK.mkdir(parents=True, exist_ok=True)
    make_certificate()
    programs = {}
    makers = {"c-loop": lambda: compile_c("loop"), "vivavoce": build_ours, "python-sdk": make_sdk}
    for client, make in makers.items():
        if options.only in (None, client):
            try:
                programs[client] = make()
            except (OSError, subprocess.CalledProcessError) as problem:
                if client == "vivavoce":
                    raise
                say(f"without {client}: {problem}")
    peer = Peer(compile_c("peer"))
    rows, talks = [], []
    try:
        for repetition in range(options.repetitions):
            for client, sessions in RUNS:
                if client not in programs:
                    continue
                row = measure(client, sessions, programs, peer, options.seconds)
                rows.append(row)
                say(f"{repetition + 1}/{options.repetitions} {client} × {sessions}: {row['cpu_ms']:.2f} ms")
                if options.json:
                    print(json.dumps(row), flush=True)
        if options.only in (None, "vivavoce"):
            program = build_ours("vivavoce")
            talks = [measure_talk(program, peer, options.seconds) for _ in range(options.repetitions)]
    finally:
        peer.stop()
    if not options.json:
        table(rows)
        if talks:
            talk_table(talks)


main()

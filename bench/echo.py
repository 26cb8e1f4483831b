"""Makes the echo study's cases for some seeds, runs the client and AEC3 on all of them, and prints both with means.

    ECHO_BENCH=PATH echo.py [SEED...]

ECHO_BENCH is the study's echo_bench.py, which makes and scores the cases and is not part of this repository. Cases are
kept under .build/bench/echo; the client is `vivavoce echo-test` as built by `swift build -c release`.
"""

import contextlib
import importlib.util
import io
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORK = ROOT / ".build" / "bench" / "echo"
CLIENT = ROOT / ".build" / "release" / "vivavoce"
COLUMNS = [("both", "leak %"), ("first", "first 8 s %"), ("trig/m", "false/min"), ("hit", "kept %"), ("stoi", "STOI")]


def study():
    path = os.environ.get("ECHO_BENCH")
    if not path or not os.path.exists(path):
        sys.exit(f"bench-echo: ECHO_BENCH must name the echo study's echo_bench.py, and is {path or 'not set'}")
    try:
        for needed in ("numpy", "scipy", "pystoi", "webrtcvad", "livekit"):
            importlib.import_module(needed)
    except ImportError as error:
        sys.exit(f"bench-echo: {error}. Install numpy scipy pystoi livekit webrtcvad, the last with setuptools<80")
    spec = importlib.util.spec_from_file_location("echo_bench", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run_client(folder, out):
    """Runs the client on every case. Returns its CPU, ms per second of sound, case by case."""
    out.mkdir(exist_ok=True)
    loads = []
    for name in json.loads((folder / "cases.json").read_text()):
        case = folder / name
        line = subprocess.run(
            [CLIENT, "echo-test", "--far", case / "far.wav", "--mic", case / "mic.wav", "--out", out / f"{name}.wav",
             "--json"], check=True, capture_output=True, text=True).stdout
        loads.append(json.loads(line)["cpuMsPerSecond"])
    return loads


def summary(name, rows):
    def values(column):
        return [row[column] for label, row in rows if not label.endswith("/near") and row.get(column) is not None]

    parts = []
    for column, title in COLUMNS:
        numbers = values(column)
        worst = min(numbers) if column in ("hit", "stoi") else max(numbers)
        parts.append(f"{title} {sum(numbers) / len(numbers):.3g} (worst {worst:.3g})")
    gains = [row["gain"] for label, row in rows if label.endswith("/near")]
    return f"{name:9} " + ", ".join(parts) + f", gain alone {min(gains)} to {max(gains)} dB"


def main():
    bench = study()
    if subprocess.run(["swift", "build", "-c", "release", "--product", "vivavoce"], cwd=ROOT).returncode != 0:
        sys.exit("bench-echo: swift build failed")
    ours, anchor, loads, words = [], [], [], []
    for seed in [int(argument) for argument in sys.argv[1:]] or [4, 5, 6]:
        folder = WORK / f"seed{seed}"
        if not (folder / "cases.json").exists():
            bench.make(str(folder), seed)
        loads += run_client(folder, folder / "vivavoce")
        print(f"seed {seed}")
        ours += bench.score(str(folder), [str(folder / "vivavoce")])
        with contextlib.redirect_stdout(io.StringIO()) as said:
            anchor += bench.anchor(str(folder))
        words += [line for line in said.getvalue().splitlines() if line.startswith("anchor")]
        print("\n".join(words[-10:]))
    print(summary("vivavoce", ours))
    print(summary("AEC3", anchor))
    print(f"vivavoce: CPU {sum(loads) / len(loads):.1f} ms per second of sound, worst case {max(loads):.1f}")


if __name__ == "__main__":
    main()

"""Measures the record on a million lines of pseudo-random talk: search, list and show as commands, adding a line, size.

Prints what it measured in words, and as one JSON object with --json. Where the `llm` package can be had, its search of
its own log is measured on the same text.
"""

import argparse
import json
import os
import pathlib
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import venv


def quantile(times, share):
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def summary(times):
    return {"count": len(times), "median": round(statistics.median(times), 2), "p95": round(quantile(times, 0.95), 2)}


def timed(command, environment):
    """Milliseconds that a command takes from its start to its end; it must succeed."""
    start = time.perf_counter()
    done = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    elapsed = (time.perf_counter() - start) * 1000
    if done.returncode != 0:
        raise SystemExit(f"bench-record: {' '.join(command)} ended with {done.returncode}: {done.stderr.decode()}")
    return elapsed


def commands(vivavoce, home, queries, repetitions):
    environment = {**os.environ, "XDG_DATA_HOME": str(home)}

    def run(*arguments):
        return timed([vivavoce, "transcripts", *arguments], environment)

    for warm in ("list", "show"):
        run(warm)
    return {
        "nothing": summary([timed([vivavoce, "--version"], environment) for _ in range(repetitions)]),
        "list": summary([run("list") for _ in range(repetitions)]),
        "show": summary([run("show", "bench0") for _ in range(repetitions)]),
        "search": summary([run("search", "--", query) for _, query in queries]),
    }


def llm(folder, texts, queries):
    """Times of `llm logs -q` on the same text, user and model lines as prompts and answers; None without the package."""
    place = folder / "llm"
    try:
        venv.create(place, with_pip=True)
        subprocess.run([place / "bin/pip", "install", "-q", "llm"], check=True, capture_output=True, timeout=300)
    except (subprocess.SubprocessError, OSError) as error:
        print(f"bench-record: no llm to compare with: {error}", file=sys.stderr)
        return None
    database = folder / "logs.db"
    migration = "import sys, sqlite_utils; from llm.migrations import migrate; migrate(sqlite_utils.Database(sys.argv[1]))"
    subprocess.run([place / "bin/python", "-c", migration, database], check=True)
    rows = []
    with open(texts, encoding="utf-8") as lines, sqlite3.connect(database) as connection:
        pending = None
        for index, line in enumerate(lines):
            speaker, text = line.rstrip("\n").split("\t", 1)
            if speaker == "user":
                pending = text
                continue
            rows.append((f"{index:026d}", "bench", pending or "", text, "2026-11-23T12:00:00"))
        connection.executemany(
            "INSERT INTO responses (id, model, prompt, response, datetime_utc) VALUES (?, ?, ?, ?, ?)", rows)
    environment = {**os.environ, "LLM_USER_PATH": str(folder)}
    plain = [query for kind, query in queries if kind in ("rare word", "common word", "two words", "phrase")][:40]
    command = [str(place / "bin/llm"), "logs", "-d", str(database), "-n", "50", "--json"]
    version = subprocess.run([place / "bin/llm", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    timed(command, environment)
    return {
        "version": version,
        "nothing": summary([timed([str(place / "bin/llm"), "--version"], environment) for _ in range(10)]),
        "search": summary([timed([*command, "-q", query], environment) for query in plain]),
    }


def words(result):
    inside, outside = result["inside"], result["commands"]
    yield f"{inside['lines']} lines, {inside['hoursOfTalk']} hours of talk; filled in {inside['fillSeconds']} s"
    yield f"database: {inside['bytes'] / 1e6:.0f} MB, {inside['kilobytesPerHour']} kB per hour of talk"
    yield f"load {result['load']}; times in ms"
    for name in ("search", "list", "show", "add"):
        yield f"{name:>10}, within:  median {inside[name]['median']:8.2f}   p95 {inside[name]['p95']:8.2f}"
    for name, times in sorted(inside["searchByKind"].items()):
        yield f"{'':>10}  {name}: median {times['median']:.2f}, p95 {times['p95']:.2f}"
    for name, times in outside.items():
        yield f"{name:>10}, command: median {times['median']:8.2f}   p95 {times['p95']:8.2f}"
    if result["llm"]:
        times = result["llm"]["search"]
        yield f"{'search':>10}, {result['llm']['version']}: median {times['median']:.2f}, p95 {times['p95']:.2f}"
    verdicts = {
        "search p95 at most 50 ms": inside["search"]["p95"] <= 50,
        "list and show at most 30 ms": max(outside["list"]["median"], outside["show"]["median"]) <= 30,
        "adding a line at most 1 ms": inside["add"]["median"] <= 1,
    }
    for target, isMet in verdicts.items():
        yield f"{'met' if isMet else 'MISSED'}: {target}"


def main():
    parser = argparse.ArgumentParser(prog="bench-record", description=__doc__)
    parser.add_argument("--bench", required=True, help="the program RecordBench")
    parser.add_argument("--vivavoce", required=True)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--unspaced-every", type=int, default=50, help="of so many lines one is in a script without spaces")
    parser.add_argument("--repetitions", type=int, default=30)
    parser.add_argument("--no-llm", action="store_true", help="leave out the comparison")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-record-") as name:
        folder = pathlib.Path(name)
        database, queries, texts = folder / "vivavoce/transcripts.db", folder / "queries", folder / "texts"
        inside = json.loads(
            subprocess.run(
                [options.bench, database, str(options.lines), str(options.seed), str(options.unspaced_every), queries,
                 texts],
                check=True, stdout=subprocess.PIPE, text=True).stdout)
        asked = [line.split("\t", 1) for line in queries.read_text(encoding="utf-8").splitlines()]
        result = {
            "load": os.getloadavg()[0],
            "cores": os.cpu_count(),
            "inside": inside,
            "commands": commands(options.vivavoce, folder, asked[:200], options.repetitions),
            "llm": None if options.no_llm else llm(folder, texts, asked),
        }
    print(json.dumps(result) if options.json else "\n".join(words(result)))


if __name__ == "__main__":
    main()

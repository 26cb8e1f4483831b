"""The line is taken away while somebody speaks: what is lost, doubled or out of order, sample by sample. How long it
takes is judged by scripts/bench-line, not here."""

import json
import subprocess
import sys
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from product import CLEAN, VIVAVOCE

LINE = Path(__file__).resolve().parents[2] / "bench" / "line"


def measure(client, *arguments):
    """The rows that the measurement prints, one for each set."""
    finished = subprocess.run(
        [sys.executable, LINE, "--client", client, "--count-only", "--json", "--seed", "3", *arguments],
        capture_output=True, timeout=120, env=CLEAN)
    rows = [json.loads(line) for line in finished.stdout.splitlines()]
    assert rows, finished.stderr.decode()
    assert finished.returncode == any(row["broken"] for row in rows), finished.stderr.decode()
    return rows


class LineTests(unittest.TestCase):
    def test_no_sample_is_lost_or_doubled_by_a_goaway(self):
        (row,) = measure(VIVAVOCE, "--sets", "goAway", "--runs", "5")
        self.assertEqual(row["broken"], [], row["breach_texts"] + row["failure_texts"])
        self.assertEqual((row["lost_ms"], row["doubled_ms"], row["late"], row["warm"]), (0, 0, 0, 5))

    def test_a_killed_connection_loses_at_most_60_ms_and_doubles_at_most_200(self):
        (row,) = measure(VIVAVOCE, "--sets", "kill", "--runs", "5", "--lines", "5")
        self.assertEqual(row["broken"], [], row["breach_texts"] + row["failure_texts"])


class HarnessTests(unittest.TestCase):
    """The measurement itself: a client with one known vice is convicted of that, and of nothing else."""

    # vice: the set, what is found, and the figures that are not zero (None: any)
    CONVICTIONS = {
        None: ("goAway", "", {}),
        "lose": ("goAway", "20 ms lost", {"lost_ms": 20}),
        "double": ("goAway", "20 ms doubled", {"doubled_ms": 20}),
        "swap": ("goAway", "2 stretches out of order", {"late": 2}),
        "repeat": ("goAway", "400 ms doubled", {"doubled_ms": 400}),
        "noise": ("goAway", "640 samples that nobody spoke", {"foreign": 640}),
        "eager": ("goAway", "before the setup's answer was sent", {"breaches": None}),
        "overlap": ("goAway", "while the session's old connection was open", {"breaches": None, "doubled_ms": None}),
        "stale": ("goAway", "with a handle that 1 newer ones had replaced", {"breaches": None}),
        "rude": ("goAway", "cut an answer although", {"failures": None}),
        "stubborn": ("goAway", "still there when its", {"failures": None, "doubled_ms": None}),
        "forget": ("kill-network", "ms lost", {"lost_ms": None}),
    }

    def convict(self, vice):
        chosen, text, figures = self.CONVICTIONS[vice]
        client = f"{sys.executable} {LINE / 'fake_client.py'}" + (f" --vice {vice}" if vice else "")
        # A handle that is sent as an answer ends may cross the change; there an older one is no fault.
        special = {"stubborn": ["--most-left", "3"], "rude": ["--answers", "1"], "stale": ["--answers", "0"]}
        (row,) = measure(client, "--sets", chosen, "--runs", "3", "--lines", "1", "--spacing", "0.4:0.8",
                         *special.get(vice, []))
        return vice, text, figures, row

    def test_each_vice_is_found_and_nothing_else(self):
        with ThreadPoolExecutor(4) as pool:
            convictions = list(pool.map(self.convict, self.CONVICTIONS))
        for vice, text, figures, row in convictions:
            with self.subTest(vice=vice):
                self.assertEqual(bool(row["broken"]), vice is not None, row["broken"])
                self.assertIn(text, "\n".join(row["broken"] + row["breach_texts"] + row["failure_texts"]))
                for name in ("lost_ms", "doubled_ms", "late", "foreign", "breaches", "failures"):
                    expected = figures.get(name, 0)
                    if expected is None:
                        self.assertGreater(row[name], 0, name)
                    else:
                        self.assertEqual(row[name], expected, name)

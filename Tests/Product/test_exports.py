"""Exports of the record, read by parsers that are not ours."""

import html
import json
import re
import subprocess
import sys
import unicodedata
from datetime import datetime, timedelta, timezone

from product import ProductTests

START = datetime(2026, 11, 23, 12, 0, 0, tzinfo=timezone.utc)


def iso(seconds):
    return (START + timedelta(seconds=seconds)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def width(row):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in row)


PARSERS = {
    "webvtt": "[[c.start_in_seconds, c.end_in_seconds, c.lines, c.raw_text] for c in webvtt.read(path)]",
    "srt": "[[c.start.total_seconds(), c.end.total_seconds(), c.content.split('\\n'), c.content] for c in "
           "srt.parse(open(path), ignore_errors=False)]",
}


def parsed(module, path):
    """The cues of a file as somebody else's parser reads them: start, end, rows, text. The parsers are packages of the
    system's own Python, which need not be the one that runs this."""
    program = f"import json, sys, {module}; path = sys.argv[1]; print(json.dumps({PARSERS[module]}))"
    for python in ("/usr/bin/python3", sys.executable):
        finished = subprocess.run([python, "-c", program, str(path)], capture_output=True, text=True)
        if finished.returncode == 0:
            return [tuple(cue) for cue in json.loads(finished.stdout)]
    raise AssertionError(f"{module} cannot read it: {finished.stderr}")


class ExportTests(ProductTests):
    LONG = ("One winter night the wind rose high and cold, and the lamp went out before the last boat was in. "
            "So he sang from the end of the pier until morning, and she found her way by the song.")

    def lines(self):
        said = [
            ("user", 1.0, 2.2, "Tell me a story & make it <short> --> please.", None, []),
            ("model", 3.5, 15.5, self.LONG, None, [[97, 6200], [len(self.LONG), 12000]]),
            ("user", 16.0, 16.4, "Stop.", None, []),
            ("model", 17.0, 19.0, "But there is so much more to tell.", "But there is", [[12, 2000]]),
            ("model", 21.0, 25.0, "海上升明月，天涯共此时。" * 5, None, []),
            ("user", 26.0, 26.0, "\x1b[2Jtyped\nwith\x07 escapes", None, []),
        ]
        for turn, (speaker, begin, end, text, heard, marks) in enumerate(said, 1):
            line = {"type": "line", "session": "abc", "turn": turn, "speaker": speaker, "begin": iso(begin),
                    "end": iso(end), "text": text, "source": "speech", "final": True}
            if heard is not None:
                line["heard"] = heard
            if marks:
                line["marks"] = marks
            yield line

    def setUp(self):
        super().setUp()
        session = {"type": "session", "id": "abc", "startedAt": iso(0), "endedAt": iso(30), "model": "models/m",
                   "reason": "hung up"}
        self.objects = [session, *self.lines()]
        text = "".join(json.dumps(o) + "\n" for o in self.objects)
        self.assertExit(self.run_vivavoce("transcripts", "import", "-", stdin=text.encode()), 0)

    def export(self, form, *arguments):
        finished = self.run_vivavoce("transcripts", "export", "--format", form, *arguments)
        self.assertExit(finished, 0)
        return finished.stdout.decode()

    def test_json_lines_come_back_as_they_went_in(self):
        self.assertEqual([json.loads(line) for line in self.export("jsonl").splitlines()], self.objects)

    def test_json_is_one_document(self):
        document = json.loads(self.export("json"))
        self.assertEqual(document[0]["id"], "abc")
        self.assertEqual(document[0]["lines"], self.objects[1:])

    def test_an_outside_parser_reads_the_webvtt_cues(self):
        path = self.folder / "out.vtt"
        self.export("vtt", "--output", path)
        cues = parsed("webvtt", path)
        self.check(cues)
        self.assertTrue(cues[0][3].startswith("<v You>Tell me a story &amp; make it &lt;short&gt; --&gt;"))
        self.assertTrue(any(c[3] == "<v Model>But there is—</v>" for c in cues))

    def test_an_outside_parser_reads_the_subrip_cues(self):
        path = self.folder / "out.srt"
        self.export("srt", "--output", path)
        cues = parsed("srt", path)
        self.assertEqual(cues[0][0], 1)
        self.assertTrue(cues[0][3].startswith("You: Tell me"))
        self.check(cues)
        # The second sentence begins where its mark says.
        second = next(c for c in cues if "So he sang" in c[3])
        self.assertAlmostEqual(second[0], 3.5 + 6.2, delta=0.15)

    def check(self, cues):
        self.assertEqual(sorted(cues, key=lambda c: c[0]), cues)
        for start, end, rows, text in cues:
            self.assertGreaterEqual(start, 0)
            self.assertTrue(0.999 <= end - start <= 7.001, text)
            self.assertLessEqual(len(rows), 2)
            for row in rows:
                shown = html.unescape(re.sub("</?v[^>]*>", "", row))
                self.assertLessEqual(width(shown), 42, row)
                self.assertFalse(any(unicodedata.category(c) == "Cc" for c in row), repr(row))

    def test_what_is_read_by_people_shows_the_cut(self):
        self.assertIn("Model: But there is—\n", self.export("txt"))
        self.assertIn("But there is— ~~so much more to tell.~~", self.export("md"))

    def test_dates_names_files_and_mistakes(self):
        out = self.folder / "out.txt"
        self.export("txt", "1", "--output", out)
        self.assertEqual(out.stat().st_mode & 0o777, 0o600)
        self.assertIn("You: Stop.", out.read_text())
        self.assertIn("You: Stop.", self.export("txt", "--session", "last"))
        self.assertIn("You: Stop.", self.export("txt", "--since", "2026-11-22", "--until", "2026-11-24"))
        bad = self.run_vivavoce("transcripts", "export", "--format", "docx")
        self.assertExit(bad, 64)
        for form in ["md", "txt", "json", "jsonl", "srt", "vtt"]:
            self.assertIn(form, bad.stderr.decode())
        self.assertExit(self.run_vivavoce("transcripts", "export", "nosuch"), 66)
        self.assertExit(self.run_vivavoce("transcripts", "export", "--until", "2001-01-01"), 66)
        self.assertExit(self.run_vivavoce("transcripts", "export", "--since", "someday"), 65)
        full = self.run_vivavoce("transcripts", "export", "--output", "/dev/full")
        self.assertExit(full, 74)
        self.assertIn("/dev/full", full.stderr.decode())

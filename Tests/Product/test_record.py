"""The record of conversations: what is said is found again, whatever happens to the program or to the file."""

import json
import random
import signal
import sqlite3
import subprocess
import time

from product import VIVAVOCE, ProductTests, events_of


class RecordTests(ProductTests):
    @property
    def store(self):
        return self.folder / "data" / "vivavoce" / "transcripts.db"

    def talk(self, *arguments, question="what is two plus two"):
        finished = self.run_vivavoce(
            "talk", "--rehearse", "--json", "--input", f"file:{self.speak(question)}", "--output", "null", *arguments)
        self.assertExit(finished, 0)
        return events_of(finished)

    def transcripts(self, *arguments):
        finished = self.run_vivavoce("transcripts", *arguments)
        self.assertExit(finished, 0)
        return finished.stdout.decode()

    def lines(self, session="last"):
        objects = [json.loads(line) for line in self.transcripts("export", session, "--format", "jsonl").splitlines()]
        return [line for line in objects if line["type"] == "line"]

    def test_what_was_said_is_listed_shown_found_and_exported(self):
        events = self.talk()
        self.talk(question="what is your name")
        finals = [event for event in events if event["event"] == "transcript.final"]
        kept = self.lines("1")
        self.assertEqual([(line["turn"], line["speaker"], line["text"]) for line in kept],
                         [(event["turn"], event["speaker"], event["text"]) for event in finals])
        self.assertEqual([(line["begin"], line["end"]) for line in kept],
                         [(event["begin"], event["end"]) for event in finals])
        self.assertEqual(len(self.transcripts("list").splitlines()), 2)
        self.assertIn("That is four.", self.transcripts("show", "1"))
        self.assertIn("four", self.transcripts("search", "four", "--speaker", "model"))
        self.assertEqual(self.transcripts("search", "four", "--speaker", "user"), "")
        for name in self.store.parent.iterdir():
            self.assertEqual(name.stat().st_mode & 0o077, 0, name)

    def test_an_answer_that_was_cut_is_shown_as_it_was_heard(self):
        rehearsal = self.start_rehearsal()
        question, stop = self.speak("tell me a story"), self.speak("stop")
        both = self.folder / "both.wav"
        subprocess.run(["sox", question, stop, both, "pad", "0.3", "0"], check=True)
        subprocess.run(["sox", question, "-r", "16000", "-c", "1", self.folder / "a.wav", "pad", "0.3", "5"], check=True)
        subprocess.run(["sox", stop, "-r", "16000", "-c", "1", self.folder / "b.wav", "pad", "0", "1"], check=True)
        subprocess.run(["sox", self.folder / "a.wav", self.folder / "b.wav", both], check=True)
        finished = self.run_vivavoce(
            "talk", "--endpoint", rehearsal.url, "--json", "--input", f"file:{both}", "--output", "null",
            VIVAVOCE_KEY="any")
        self.assertExit(finished, 0)
        cut = next(line for line in self.lines() if line.get("heard") is not None)
        self.assertTrue(cut["text"].startswith(cut["heard"]))
        self.assertLess(len(cut["heard"]), len(cut["text"]))
        unheard = " ".join(cut["text"][len(cut["heard"]):].split()[-4:])
        shown = self.transcripts("export", "--format", "txt")
        self.assertIn(cut["heard"], shown)
        self.assertNotIn(unheard, shown)

    def test_without_the_store_nothing_is_left(self):
        self.talk("--no-store")
        self.assertFalse(self.store.exists())
        self.assertEqual(self.transcripts("list"), "")

    def test_a_conversation_that_moved_to_another_machine_is_the_same_there(self):
        self.talk()
        forms = ("jsonl", "json", "md", "txt", "srt", "vtt")
        exported = {form: self.transcripts("export", "--format", form) for form in forms}
        shown = self.transcripts("show"), self.transcripts("list", "--json")
        kinds = {json.loads(line)["type"] for line in exported["jsonl"].splitlines()}
        self.assertEqual(kinds, {"session", "line", "connection", "turn", "usage", "event"})
        there = {"XDG_DATA_HOME": str(self.folder / "there")}
        for _ in range(2):
            self.assertExit(
                self.run_vivavoce("transcripts", "import", "-", stdin=exported["jsonl"].encode(), **there), 0)
            for form in forms:
                again = self.run_vivavoce("transcripts", "export", "--format", form, **there)
                self.assertEqual(again.stdout.decode(), exported[form])
            again = [self.run_vivavoce("transcripts", *words, **there).stdout.decode()
                     for words in (("show",), ("list", "--json"))]
            self.assertEqual(tuple(again), shown)

    def test_a_recording_on_a_disk_that_is_not_there_is_not_told_as_deleted(self):
        place = self.folder / "disk" / "talks"
        self.talk("--record", str(place))
        place.parent.rename(self.folder / "unplugged")
        finished = self.run_vivavoce("transcripts", "delete", "last", "--yes")
        self.assertExit(finished, 0)
        self.assertIn("deleted 0 conversations", finished.stderr.decode())
        self.assertIn(f"not removed: the recording {place}/", finished.stderr.decode())
        self.assertEqual(self.lines(), [])
        (self.folder / "unplugged").rename(place.parent)
        finished = self.run_vivavoce("transcripts", "delete", "last", "--yes")
        self.assertIn("deleted 1 conversation\n", finished.stderr.decode())
        self.assertEqual(list(place.iterdir()), [])
        self.assertEqual(self.transcripts("list"), "")

    def test_a_corrupt_database_is_set_aside_and_told_of_once(self):
        self.store.parent.mkdir(parents=True)
        self.store.write_bytes(b"this is no database" * 1000)
        events = self.talk()
        warnings = [event for event in events if event.get("code", "").startswith("archive.")]
        self.assertEqual([event["code"] for event in warnings], ["archive.corrupt"])
        aside = [path for path in self.store.parent.iterdir() if ".corrupt-" in path.name]
        self.assertEqual([path.read_bytes()[:19] for path in aside], [b"this is no database"])
        self.assertEqual(len(self.lines()), 2)

    def test_a_disk_that_was_full_gets_every_line_when_there_is_room(self):
        disk = self.small_disk("2m")
        parts = []
        for number, question in enumerate(("what is two plus two", "what is your name", "where are you")):
            parts.append(self.folder / f"{number}.wav")
            subprocess.run(
                ["sox", self.speak(question), "-r", "16000", "-c", "1", parts[-1], "pad", "0.3", "7"], check=True)
        questions = self.folder / "questions.wav"
        subprocess.run(["sox", *parts, questions], check=True)
        process = subprocess.Popen(
            [VIVAVOCE, "talk", "--rehearse", "--json", "--input", f"file:{questions}", "--output", "null"],
            env=self.environment(XDG_DATA_HOME=str(disk)), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        events, filler = [], None
        for line in process.stdout:
            events.append(json.loads(line))
            answers = [e for e in events if e["event"] == "transcript.final" and e["speaker"] == "model"]
            if len(answers) == 1 and filler is None:
                filler = self.fill(disk)
            elif len(answers) == 2 and filler.exists():
                filler.unlink()
        self.assertEqual(process.wait(), 0)
        process.stdout.close()
        finals = [(e["turn"], e["text"]) for e in events if e["event"] == "transcript.final"]
        self.assertGreaterEqual(len(finals), 6)
        codes = [e["code"] for e in events if e["event"] == "warning"]
        self.assertEqual(codes, ["archive.full", "archive.resumed"])
        with sqlite3.connect(disk / "vivavoce" / "transcripts.db") as database:
            self.assertEqual(database.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
        exported = self.run_vivavoce("transcripts", "export", "last", "--format", "jsonl", XDG_DATA_HOME=str(disk))
        lines = [json.loads(line) for line in exported.stdout.decode().splitlines()]
        self.assertEqual([(line["turn"], line["text"]) for line in lines if line["type"] == "line"], finals)

    def test_killed_at_any_moment_it_has_every_line_that_it_called_final(self):
        seeded = random.Random(7)
        rehearsal = self.start_rehearsal()
        text = self.speak("what is two plus two")
        told = 0
        for _ in range(4):
            process = subprocess.Popen(
                [VIVAVOCE, "talk", "--endpoint", rehearsal.url, "--json", "--until", "forever", "--input",
                 f"file:{text}", "--output", "null"],
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                env=self.environment(VIVAVOCE_KEY="any"))
            time.sleep(seeded.uniform(5, 9))
            process.send_signal(signal.SIGKILL)
            output, _ = process.communicate()
            whole = output.decode()[: output.decode().rfind("\n") + 1]
            finals = [event for event in map(json.loads, whole.splitlines()) if event["event"] == "transcript.final"]
            if not self.store.exists():
                self.assertEqual(finals, [])
                continue
            with sqlite3.connect(self.store) as database:
                self.assertEqual(database.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
            for event in finals:
                kept = [line["text"] for line in self.lines(event["session"]) if line["final"]]
                self.assertIn(event["text"], kept)
                told += 1
        self.assertGreater(told, 0, "it was killed too early each time")


if __name__ == "__main__":
    import unittest

    unittest.main()

"""When the user is heard: push to talk by signals, and what the service gets of it."""

import json
import os
import signal
import subprocess
import unittest

from product import VIVAVOCE, ProductTests, events_of, read_wav


class ModeTests(ProductTests):
    def test_hold_sends_what_is_said_between_press_and_release_and_nothing_else(self):
        # Pitfall 20: voice outside of the marks would close the session with 1007.
        said = self.folder / "padded.wav"
        subprocess.run(["sox", self.speak("what time is it"), said, "pad", "0.8", "8"], check=True)
        rehearsal = self.start_rehearsal()
        process = subprocess.Popen(
            [VIVAVOCE, "talk", "--endpoint", rehearsal.url, "--mode", "hold", "--json", "--input", f"file:{said}",
             "--output", "null"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment(VIVAVOCE_KEY="any"))
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.kill)
        events = []
        for line in process.stdout:
            events.append(json.loads(line))
            if events[-1]["event"] == "session.live":
                break
        self.assertIn({"mode": "hold", "because": "settings"},
                      [{"mode": e["mode"], "because": e["because"]} for e in events if e["event"] == "turns.mode"])
        os.kill(process.pid, signal.SIGUSR1)
        try:
            process.wait(timeout=3.5)  # by then the question has been asked
        except subprocess.TimeoutExpired:
            pass
        os.kill(process.pid, signal.SIGUSR2)
        rest, stderr = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, stderr.decode(errors="replace"))
        events += [json.loads(line) for line in rest.splitlines()]
        finals = [e for e in events if e["event"] == "transcript.final"]
        self.assertIn("what time is it", finals[0]["text"])
        self.assertEqual([e["speaker"] for e in finals], ["user", "model"])
        self.assertFalse([e for e in events if e["event"] in ("session.rotating", "error")])

    def test_local_hears_the_shortest_word_and_each_question_and_sends_nothing_else(self):
        # Through the front end as it is set by itself. Voice outside of the marks would close the session with 1007.
        said = self.folder / "said.wav"
        parts = [self.speak(text) for text in ("no", "what time is it", "what day is it today")]
        padded = []
        for index, (part, pause) in enumerate(zip(parts, (5, 6, 1))):
            padded.append(self.folder / f"part-{index}.wav")
            subprocess.run(["sox", part, padded[-1], "pad", "1", str(pause)], check=True)
        subprocess.run(["sox", *padded, said], check=True)
        saved = self.folder / "input.wav"
        rehearsal = self.start_rehearsal("--quick-voice", "--save-input", saved)
        finished = self.run_vivavoce(
            "talk", "--endpoint", rehearsal.url, "--mode", "local", "--json", "--input", f"file:{said}", "--output",
            "null", VIVAVOCE_KEY="any")
        self.assertExit(finished, 0)
        events = events_of(finished)
        finals = [e for e in events if e["event"] == "transcript.final"]
        self.assertEqual([e["speaker"] for e in finals].count("model"), 3, finals)
        texts = [e["text"] for e in finals if e["speaker"] == "user"]
        self.assertIn("what time is it", texts)
        self.assertIn("what day is it today", texts)
        self.assertFalse([e for e in events if e["event"] in ("warning", "error", "session.rotating")])
        rehearsal.stop()
        marks = [kind for message in rehearsal.messages() for kind in ("activityStart", "activityEnd")
                 if kind in json.dumps(message)]
        self.assertEqual(marks, ["activityStart", "activityEnd"] * 3)
        rate, samples = read_wav(saved)
        self.assertLess(len(samples) / rate, 3 * (0.3 + 0.6) + 4.5, "the pauses were not sent")


if __name__ == "__main__":
    unittest.main()

"""When the user is heard: push to talk by signals, and what the service gets of it."""

import json
import os
import signal
import subprocess
import unittest

from product import VIVAVOCE, ProductTests


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


if __name__ == "__main__":
    unittest.main()

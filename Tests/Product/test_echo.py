"""`vivavoce echo-test` on devices without a sound card: nothing to hear, no echo, and a simulated room."""

import json
import os
import re
import subprocess
import unittest
from pathlib import Path

from product import ProductTests

VIRTUAL_AUDIO = str(Path(__file__).resolve().parents[2] / "scripts" / "virtual-audio")


in_a_room = unittest.skipUnless(
    os.environ.get("VIVAVOCE_ROOM"), "a simulated room needs a machine that does nothing else; VIVAVOCE_ROOM=1")


class EchoTests(ProductTests):
    def start_sound(self):
        """A virtual loudspeaker and microphone. - Returns: the variables that lead to them."""
        place = os.environ | {"VIRTUAL_AUDIO_DIR": str(self.folder / "audio")}
        self.addCleanup(subprocess.run, [VIRTUAL_AUDIO, "stop"], capture_output=True, env=place)
        started = subprocess.run([VIRTUAL_AUDIO, "start"], check=True, capture_output=True, text=True, env=place)
        return dict(re.findall(r"^export (\w+)=(.*)$", started.stdout, re.M))

    def test_a_microphone_that_brings_zeros_is_no_measurement(self):
        finished = self.run_vivavoce("echo-test", "--input", "silence", "--output", "null")
        self.assertExit(finished, 69)
        self.assertIn(b"nothing but zeros", finished.stderr)
        self.assertIn(b"Unmute", finished.stderr)
        self.assertEqual(finished.stdout, b"")

    @in_a_room
    def test_headphones_have_no_echo(self):
        sound = self.start_sound()
        subprocess.run(
            [VIRTUAL_AUDIO, "room", "--attenuation", "90"], check=True, capture_output=True, env=os.environ | sound)
        finished = self.run_vivavoce("echo-test", "--json", **sound)
        self.assertExit(finished, 0)
        report = json.loads(finished.stdout)
        self.assertTrue(report["safe"])
        self.assertNotIn("delayMs", report)
        self.assertEqual(report["settings"]["turns.bargeIn"], "local")

    @in_a_room
    def test_an_echo_is_found_in_a_room(self):
        sound = self.start_sound()
        subprocess.run(
            [VIRTUAL_AUDIO, "room", "--delay", "130", "--attenuation", "12"], check=True, capture_output=True,
            env=os.environ | sound)
        # Whether it is cancelled is the room's matter, which is as steady as the machine is idle.
        for _ in range(3):
            finished = self.run_vivavoce("echo-test", "--json", **sound)
            self.assertIn(finished.returncode, (0, 1), finished.stderr)
            report = json.loads(finished.stdout)
            if report.get("delaySpreadMs", 1000) < 10:
                break
        self.assertIn("delayMs", report)
        self.assertEqual(report["safe"], finished.returncode == 0)
        self.assertGreater(report["delayMs"], 60)
        self.assertLess(report["delayMs"], 500)
        self.assertLess(abs(report["echoBelowDb"] - 12), 4)

    def test_devices_that_are_none(self):
        finished = self.run_vivavoce("echo-test", "--input", "alsa:nonesuch", "--output", "null")
        self.assertExit(finished, 69)
        self.assertIn(b"nonesuch", finished.stderr)
        for wrong in (["--input", "file:x.wav"], ["--output", "-"], ["--far", "x.wav"], ["--output", "tone:440"]):
            self.assertExit(self.run_vivavoce("echo-test", *wrong), 64)


if __name__ == "__main__":
    unittest.main()

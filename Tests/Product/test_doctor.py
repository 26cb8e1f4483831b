"""`vivavoce doctor`: a line for each thing, a remedy for what is wrong, and an exit code by it."""

import json

from product import Certificates, ProductTests, Terminator, free_port


class DoctorTests(ProductTests):
    def doctor(self, *arguments, code=0, **environment):
        finished = self.run_vivavoce(
            "doctor", "--json", "--input", "tone:440", "--output", "null", *arguments, timeout=90, **environment)
        self.assertExit(finished, code)
        found = [json.loads(line) for line in finished.stdout.splitlines()]
        return {finding["check"]: finding for finding in found}

    def test_what_is_well_is_said(self):
        found = self.doctor("--rehearse")
        for check in ("settings", "observation", "record", "daemon", "network", "service", "model", "microphone", "loudspeaker"):
            self.assertEqual(found[check]["state"], "ok", found[check])
        self.assertIn("ready after", found["service"]["message"])
        self.assertIn("dBFS", found["microphone"]["message"])
        # On a busy machine their sound breaks off; but they run on one clock, and never apart.
        self.assertIn(found["clocks"]["state"], ("ok", "skipped"), found["clocks"])
        self.assertRegex(found["clocks"]["message"], r"± \d+")
        self.assertFalse((self.folder / "data").exists(), "a look leaves nothing behind")
        text = self.run_vivavoce("doctor", "--rehearse", "--input", "silence", "--output", "null")
        self.assertExit(text, 0)
        self.assertRegex(text.stdout.decode(), r"(?m)^ok +settings +no file; defaults$")

    def test_a_daemon_that_cannot_be_asked_and_what_is_wrong_with_hooks_and_wake_command(self):
        found = self.doctor(
            "--rehearse", "--socket", self.folder / ("x" * 120), "--hook", "error=/no/such/hook", "--wake-command", "exit 3")
        self.assertEqual(found["daemon"]["state"], "warning", found["daemon"])
        self.assertIn("too long", found["daemon"]["message"])
        self.assertIn("--socket", found["daemon"]["remedy"])
        self.assertEqual(found["observation"]["state"], "warning", found["observation"])
        self.assertIn("/no/such/hook", found["observation"]["message"])
        self.assertEqual(found["wake word"]["state"], "warning", found["wake word"])

    def test_no_voice_goes_up(self):
        log = self.folder / "wire.jsonl"
        rehearsal = self.start_rehearsal("--log", log)
        self.doctor("--endpoint", rehearsal.url, VIVAVOCE_KEY="any")
        rehearsal.stop()
        self.assertNotIn('"audio"', log.read_text())

    def test_a_missing_key_is_named_and_nobody_is_asked(self):
        found = self.doctor(code=77)
        self.assertEqual(found["key"]["state"], "failed")
        self.assertIn("keys set", found["key"]["remedy"])
        self.assertEqual(found["service"]["state"], "skipped")

    def test_a_refused_key_and_a_service_that_is_not_there(self):
        rehearsal = self.start_rehearsal("--require-key", "sesame")
        found = self.doctor("--endpoint", rehearsal.url, code=77, VIVAVOCE_KEY="wrong")
        self.assertEqual(found["key"]["state"], "ok")
        self.assertEqual(found["service"]["state"], "failed")
        self.assertEqual((found["network"]["state"], found["TLS"]["state"]), ("ok", "skipped"))
        found = self.doctor("--endpoint", f"ws://127.0.0.1:{free_port()}", code=69, VIVAVOCE_KEY="any")
        self.assertEqual(found["network"]["state"], "failed")
        self.assertEqual(found["service"]["state"], "failed")

    def test_a_certificate_is_looked_at_before_the_service_is(self):
        certificates = Certificates(self.folder)
        rehearsal = self.start_rehearsal()
        terminator = Terminator(self, certificates.issue("live", "DNS:localhost"), rehearsal.port)
        trusted = ["--endpoint", f"wss://localhost:{terminator.port}", "--ca-file", certificates.authority]
        found = self.doctor(*trusted, VIVAVOCE_KEY="any")
        for check in ("network", "TLS", "service", "model"):
            self.assertEqual(found[check]["state"], "ok", found[check])
        found = self.doctor(*trusted[:2], code=69, VIVAVOCE_KEY="any")
        self.assertEqual(found["TLS"]["state"], "failed")
        self.assertIn("--ca-file", found["TLS"]["remedy"])
        self.assertNotIn("network", found)

    def test_a_wrong_setting_and_a_device_that_is_not_there(self):
        self.assertEqual(self.doctor("--rehearse", "--mode", "loud", code=64)["settings"]["state"], "failed")
        found = self.doctor("--rehearse", "--output", "alsa:nowhere", code=69)
        self.assertEqual(found["loudspeaker"]["state"], "failed")
        self.assertIn("devices", found["loudspeaker"]["remedy"])


if __name__ == "__main__":
    import unittest

    unittest.main()

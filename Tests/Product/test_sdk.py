"""The rehearsal service is faithful enough for the official client: the Python SDK talks to it, over TLS."""

import os
import subprocess
import sys
from pathlib import Path

from product import Certificates, ProductTests, Terminator

SDK = "google-genai==3.4.0"
ROOT = Path(__file__).resolve().parents[2]


class SDKTests(ProductTests):
    def python_with_sdk(self):
        """An environment of its own under .build, made once."""
        folder = ROOT / ".build" / "sdk-venv"
        python = folder / "bin" / "python"
        has_sdk = python.exists() and not subprocess.run(
            [python, "-c", "import google.genai"], capture_output=True).returncode
        if not has_sdk:
            subprocess.run([sys.executable, "-m", "venv", folder], check=True)
            installed = subprocess.run(
                [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", SDK], capture_output=True, text=True)
            if installed.returncode:
                reason = f"{SDK} cannot be installed here: {installed.stderr.strip().splitlines()[-1]}"
                self.fail(reason) if "CI" in os.environ else self.skipTest(reason)
        return python

    def test_the_official_sdk_holds_a_conversation_over_tls(self):
        python = self.python_with_sdk()
        certificates = Certificates(self.folder)
        rehearsal = self.start_rehearsal("--prompt-transcripts")
        terminator = Terminator(
            self, certificates.issue("localhost", "DNS:localhost,IP:127.0.0.1"), rehearsal.port)
        finished = subprocess.run(
            [python, ROOT / "scripts" / "talk-with-sdk", f"https://localhost:{terminator.port}",
             self.speak("what time is it")],
            capture_output=True, timeout=120, env=os.environ | {"SSL_CERT_FILE": str(certificates.authority)})
        self.assertExit(finished, 0)
        checks = finished.stdout.decode().splitlines()
        self.assertEqual(len(checks), 7, checks)
        for check in checks:
            self.assertTrue(check.startswith("ok "), check)
        self.assertIn("time", checks[0])

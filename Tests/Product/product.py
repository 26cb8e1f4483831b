"""What the product tests share: running the commands, the rehearsal service, TLS in front of it, and sound files."""

import array
import json
import math
import os
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
import wave
from pathlib import Path

BIN = Path(os.environ["VIVAVOCE_BIN"])
VIVAVOCE = str(BIN / "vivavoce")
REHEARSAL = str(BIN / "vivavoce-rehearsal")

# Keys of whoever runs the tests stay out of them, and so do settings.
CLEAN = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith("VIVAVOCE_") and name not in ("GEMINI_API_KEY", "GOOGLE_API_KEY", "https_proxy", "HTTPS_PROXY")
}


class ProductTests(unittest.TestCase):
    """A test with a folder of its own, which is also its home."""

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="vivavoce-test."))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def environment(self, **more):
        # Each test's assistants have their control socket to themselves.
        runtime = self.folder / "run"
        runtime.mkdir(mode=0o700, exist_ok=True)
        own = {"HOME": str(self.folder), "XDG_CONFIG_HOME": str(self.folder / "config"),
               "XDG_DATA_HOME": str(self.folder / "data"), "XDG_RUNTIME_DIR": str(runtime)}
        return CLEAN | own | more

    def run_vivavoce(self, *arguments, timeout=60, stdin=None, **environment):
        return subprocess.run(
            [VIVAVOCE, *map(str, arguments)], capture_output=True, timeout=timeout, input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None, env=self.environment(**environment))

    def start_rehearsal(self, *arguments):
        rehearsal = Rehearsal(self, *arguments)
        self.addCleanup(rehearsal.stop)
        return rehearsal

    def speak(self, text, voice="en-us", speed=150):
        """A WAV file in which espeak-ng says the text."""
        path = self.folder / f"said-{abs(hash(text))}.wav"
        subprocess.run(["espeak-ng", "-v", voice, "-s", str(speed), "-w", path, text], check=True)
        return path

    def small_disk(self, size):
        """A file system of its own; the test is skipped where none may be mounted."""
        disk = self.folder / "disk"
        disk.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", disk], capture_output=True)
        if mounted.returncode:
            self.skipTest("making a small disk needs root")
        self.addCleanup(subprocess.run, ["umount", "--lazy", disk])
        return disk

    def fill(self, disk):
        """Fills it to the last byte. - Returns: the file to be removed."""
        filler = disk / "filler"
        with open(filler, "wb", buffering=0) as file:
            try:
                while file.write(bytes(4096)):
                    pass
            except OSError:
                pass
        return filler

    def assertExit(self, finished, code):
        self.assertEqual(
            finished.returncode, code,
            f"\nstdout: {finished.stdout.decode(errors='replace')[-2000:]}"
            f"\nstderr: {finished.stderr.decode(errors='replace')[-2000:]}")


class Rehearsal:
    """A running rehearsal service."""

    def __init__(self, test, *arguments):
        self.log = test.folder / f"rehearsal-{time.monotonic_ns()}.jsonl"
        self.process = subprocess.Popen(
            [REHEARSAL, "serve", "--log", self.log, *map(str, arguments)], stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, env=test.environment())
        ready = json.loads(self.process.stdout.readline())
        assert ready["ready"], ready
        self.url = ready["url"]
        self.port = int(self.url.rsplit(":", 1)[1])

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=10)
        self.process.stdout.close()

    def messages(self):
        return [json.loads(line) for line in self.log.read_text().splitlines()]


class Certificates:
    """An authority and certificates that it signed, in files."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.authority = self.folder / "ca.pem"
        self._run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=Test Authority",
                  "-keyout", self.folder / "ca.key", "-out", self.authority)

    def issue(self, name, alternative):
        key, request, certificate = (self.folder / f"{name}.{end}" for end in ("key", "csr", "crt"))
        extensions = self.folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={alternative}\n")
        self._run("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout", key, "-out", request)
        self._run("x509", "-req", "-in", request, "-CA", self.authority, "-CAkey", self.folder / "ca.key",
                  "-CAcreateserial", "-days", "2", "-extfile", extensions, "-out", certificate)
        chain = self.folder / f"{name}.pem"
        chain.write_bytes(key.read_bytes() + certificate.read_bytes())
        return chain

    @staticmethod
    def _run(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


class Terminator:
    """stunnel in front of a port: TLS outside, plain inside."""

    def __init__(self, test, chain, port):
        self.port = free_port()
        configuration = test.folder / f"stunnel-{self.port}.conf"
        configuration.write_text(
            f"foreground = yes\npid =\nsyslog = no\n[live]\naccept = 127.0.0.1:{self.port}\n"
            f"connect = 127.0.0.1:{port}\ncert = {chain}\n")
        self.process = subprocess.Popen(
            ["stunnel4", configuration], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        test.addCleanup(self.stop)
        wait_for_port(self.port)

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=10)


def free_port():
    import socket

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for_port(port, seconds=10):
    import socket

    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError(f"nobody listens on port {port}")


def read_wav(path):
    """Rate and mono samples (the first channel) of a 16-bit WAV file."""
    with wave.open(str(path)) as file:
        assert file.getsampwidth() == 2
        samples = array.array("h", file.readframes(file.getnframes()))
        return file.getframerate(), samples[:: file.getnchannels()]


def write_wav(path, rate, channels, samples):
    """Writes interleaved 16-bit samples."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(array.array("h", samples).tobytes())


def rms(samples):
    return math.sqrt(sum(sample * sample for sample in samples) / max(1, len(samples)))


def events_of(finished):
    return [json.loads(line) for line in finished.stdout.decode().splitlines()]

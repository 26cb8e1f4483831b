"""The daemon: its socket, its verbs and its signals, as programs and people meet them."""

import fcntl
import json
import os
import pty
import signal
import socket
import stat
import subprocess
import termios
import threading
import time
from pathlib import Path

import jsonschema

from product import VIVAVOCE, ProductTests


SCHEMA = json.loads((Path(__file__).resolve().parent.parent.parent / "docs" / "control.schema.json").read_text())
SAID = jsonschema.Draft202012Validator(SCHEMA)
TAKEN = jsonschema.Draft202012Validator({**SCHEMA, "oneOf": [{"$ref": "#/$defs/request"}]})
STATUS = jsonschema.Draft202012Validator({**SCHEMA, "oneOf": [{"$ref": "#/$defs/status"}]})


class Calls:
    """One client of the socket. Whatever is said both ways is held to the schema."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(20)
        try:
            self.socket.connect(str(path))
        except OSError:
            self.socket.close()
            raise
        self.file = self.socket.makefile("rb")

    def send(self, raw):
        self.socket.sendall(raw)

    def receive(self):
        message = json.loads(self.file.readline())
        SAID.validate(message)
        return message

    def call(self, method, **params):
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        TAKEN.validate(request)
        self.send(json.dumps(request).encode() + b"\n")
        while "id" not in (answer := self.receive()):
            pass
        if method == "status":
            STATUS.validate(answer["result"])
        return answer

    def wait(self, name, **fields):
        while True:
            message = self.receive()
            params = message.get("params", {})
            if message.get("method") == name and all(params.get(key) == value for key, value in fields.items()):
                return params

    def close(self):
        self.file.close()
        self.socket.close()


class DaemonCase(ProductTests):
    """A test with a daemon."""

    def setUp(self):
        super().setUp()
        self.runtime = self.folder / "run"
        self.runtime.mkdir(mode=0o700)
        self.path = self.runtime / "vivavoce" / "control.sock"

    def start(self, *arguments, command="daemon", output="null"):
        """- Parameter output: None leaves it to the settings."""
        errors = open(self.folder / "daemon.log", "ab")
        self.addCleanup(errors.close)
        process = subprocess.Popen(
            [VIVAVOCE, command, "--rehearse", "--json", "--input", "silence", *(["--output", output] if output else []),
             "--until", "forever", *map(str, arguments)], env=self.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=errors)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.wait_for(self.answers)
        return process

    def answers(self):
        try:
            Calls(self.path).close()
        except OSError:
            return False
        return True

    def wait_for(self, holds, seconds=30):
        end = time.monotonic() + seconds
        while not holds():
            self.assertLess(time.monotonic(), end, (self.folder / "daemon.log").read_text())
            time.sleep(0.05)

    def calls(self):
        calls = Calls(self.path)
        self.addCleanup(calls.close)
        return calls

    def live(self):
        """A client of a daemon that is live."""
        calls = self.calls()
        calls.call("subscribe")
        self.wait_for(lambda: calls.call("status")["result"]["state"] == "live")
        return calls

    def verb(self, *arguments, code=0):
        finished = self.run_vivavoce(*arguments)
        self.assertExit(finished, code)
        return finished.stdout.decode(), finished.stderr.decode()


class DaemonTests(DaemonCase):
    def test_it_is_steered_and_watched_over_its_socket(self):
        self.start()
        calls = self.live()
        status = calls.call("status")["result"]
        self.assertEqual(status["protocol"], 1)
        self.assertEqual((status["mode"], status["muted"]), ("open", False))
        self.assertEqual(calls.call("say", text="what is two plus two")["result"], {})
        answer = calls.wait("transcript.final", speaker="model")
        self.assertIn("four", answer["text"])
        self.assertEqual(answer["event"], "transcript.final")
        calls.call("mute")
        self.wait_for(lambda: calls.call("status")["result"]["muted"])
        calls.call("unmute")
        calls.call("mode", name="hold")
        self.wait_for(lambda: calls.call("status")["result"]["mode"] == "hold")
        self.assertEqual(calls.call("press")["result"], {})
        self.assertEqual(calls.call("release")["result"], {})
        self.assertEqual(calls.call("device", direction="output", name="file:" + str(self.folder / "o.wav"))["result"], {})
        calls.wait("audio.device", direction="output", state="changed")

    def test_the_verbs_do_what_they_say(self):
        process = self.start()
        self.live()
        self.assertEqual(json.loads(self.verb("status", "--json")[0])["state"], "live")
        self.assertIn("live", self.verb("status")[0])
        watch = subprocess.Popen(
            [VIVAVOCE, "watch", "--json", "transcript.final"], env=self.environment(), stdout=subprocess.PIPE)
        self.addCleanup(watch.stdout.close)
        time.sleep(0.5)
        self.verb("say", "what", "is", "two", "plus", "two")
        texts = [json.loads(watch.stdout.readline())["text"] for _ in range(2)]
        self.assertEqual(texts[0], "what is two plus two")
        self.assertIn("four", texts[1])
        for words in (["interrupt"], ["mute"], ["unmute"], ["mode", "hold"], ["press"], ["release"], ["reload"]):
            self.verb(*words)
        self.assertIn("one of", self.verb("mode", "loud", code=64)[1])
        self.verb("hangup")
        self.wait_for(lambda: json.loads(self.verb("status", "--json")[0])["state"] == "idle")
        self.assertIn("connect", self.verb("press", code=69)[1])
        self.verb("connect")
        self.wait_for(lambda: json.loads(self.verb("status", "--json")[0])["state"] == "live")
        process.terminate()
        self.assertEqual(process.wait(10), 0)
        self.assertEqual(watch.wait(10), 0)
        self.assertFalse(self.path.exists())
        self.assertIn("no daemon is running", self.verb("status", code=69)[1])

    def test_what_was_asked_holds_for_the_next_conversation_until_its_key_is_changed(self):
        self.start()
        calls = self.live()
        calls.call("mute")
        calls.call("mode", name="hold")
        calls.wait("turns.mode", mode="hold")
        place = "file:" + str(self.folder / "o.wav")
        calls.call("device", direction="output", name=place)
        calls.wait("audio.device", direction="output", state="changed")
        first = calls.call("status")["result"]["session"]
        calls.call("hangup")
        calls.wait("session.ended")
        status = calls.call("status")["result"]
        self.assertEqual((status["state"], status["muted"], status["mode"]), ("idle", True, "hold"))
        calls.call("connect")
        calls.wait("session.live")
        status = calls.call("status")["result"]
        self.assertEqual((status["state"], status["muted"], status["mode"]), ("live", True, "hold"))
        self.assertNotEqual(status["session"], first)
        self.wait_for(lambda: calls.call("status")["result"]["output"] == {"device": place, "state": "changed"})
        calls.call("hangup")
        calls.wait("session.ended")
        calls.call("unmute")
        config = self.folder / "config" / "vivavoce"
        config.mkdir(parents=True)
        (config / "vivavoce.yaml").write_text("turns: {mode: toggle}\n")
        self.assertEqual(calls.wait("settings.reloaded")["applied"], ["turns.mode"])
        calls.call("connect")
        calls.wait("session.live")
        status = calls.call("status")["result"]
        self.assertEqual((status["state"], status["muted"], status["mode"]), ("live", False, "toggle"))

    def test_a_muted_daemon_is_still_muted_after_an_outage(self):
        rehearsal = self.start_rehearsal()
        errors = open(self.folder / "daemon.log", "ab")
        self.addCleanup(errors.close)
        process = subprocess.Popen(
            [VIVAVOCE, "daemon", "--endpoint", rehearsal.url, "--recover-for", "1", "--input", "tone:440", "--output", "null",
             "--until", "forever"], env=self.environment(VIVAVOCE_KEY="k" * 39), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=errors)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.wait_for(self.answers)
        calls = self.live()
        self.wait_for(lambda: "realtimeInput" in rehearsal.log.read_text())
        calls.call("mute")
        calls.wait("audio.muted", muted=True)
        rehearsal.stop()
        self.assertNotEqual(calls.wait("session.ended")["exit"], 0)
        rehearsal = self.start_rehearsal("--port", rehearsal.port)
        calls.wait("session.live")
        self.assertTrue(calls.call("status")["result"]["muted"])
        time.sleep(2)
        said = rehearsal.log.read_text()
        self.assertIn("setup", said)
        self.assertNotIn("realtimeInput", said)
        calls.call("unmute")
        self.wait_for(lambda: "realtimeInput" in rehearsal.log.read_text())

    def test_a_conversation_at_a_terminal_is_steered_likewise(self):
        process = self.start(command="talk")
        self.live()
        self.verb("say", "hello")
        self.assertIn("keeps the settings", self.verb("reload", code=69)[1])
        self.verb("hangup")
        self.assertEqual(process.wait(20), 0)

    def test_a_terminal_is_attached_and_taken_away(self):
        process = self.start()
        self.live()
        master, slave = pty.openpty()
        attached = subprocess.Popen(
            [VIVAVOCE, "attach"], env=self.environment(TERM="dumb"), stdin=slave, stdout=subprocess.PIPE, stderr=slave,
            start_new_session=True, preexec_fn=lambda: fcntl.ioctl(slave, termios.TIOCSCTTY, 0))
        self.addCleanup(attached.stdout.close)
        self.addCleanup(os.close, master)
        os.close(slave)
        threading.Thread(target=self.drain, args=[master], daemon=True).start()
        time.sleep(1)
        os.write(master, b"twhat is two plus two\r")
        said = [attached.stdout.readline().decode() for _ in range(2)]
        self.assertIn("what is two plus two", said[0])
        self.assertIn("four", said[1])
        os.write(master, b"m")
        self.wait_for(lambda: self.calls().call("status")["result"]["muted"])
        os.write(master, b"q")
        self.assertEqual(attached.wait(10), 0)
        self.assertIsNone(process.poll())
        self.assertEqual(self.calls().call("status")["result"]["state"], "live")

    @staticmethod
    def drain(descriptor):
        try:
            while os.read(descriptor, 4096):
                pass
        except OSError:
            pass

    def test_a_terminal_says_that_its_daemon_went(self):
        process = self.start()
        self.live()
        attached = subprocess.Popen(
            [VIVAVOCE, "attach"], env=self.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        self.addCleanup(attached.stdout.close)
        self.addCleanup(attached.stderr.close)
        self.assertIn(b"live again", attached.stderr.readline())
        process.kill()
        self.assertEqual(attached.wait(10), 69)
        self.assertIn(f"the daemon at {self.path} is gone", attached.stderr.read().decode())

    def test_a_daemon_that_hangs_is_given_up(self):
        process = self.start()
        self.live()
        process.send_signal(signal.SIGSTOP)
        for words in (["status"], ["mute"], ["watch"], ["attach"]):
            said = self.verb(*words, code=69)[1]
            self.assertIn("does not answer", said, words)
            self.assertIn("restart vivavoce", said, words)
        process.send_signal(signal.SIGCONT)
        self.verb("status")

    def test_a_message_that_is_too_long_is_refused(self):
        self.start()
        finished = self.run_vivavoce("say", "-", stdin=b"x" * (300 << 10))
        self.assertExit(finished, 64)
        self.assertIn("262144 bytes", finished.stderr.decode())

    def test_nonsense_is_answered_in_the_standards_words(self):
        self.start()
        calls = self.calls()
        for line, code in (
            (b"{", -32700), (b"\xff\xfe", -32700), (b"[]", -32600), (b"5", -32600), (b'{"id":1,"method":"status"}', -32600),
            (b'{"jsonrpc":"2.0","id":1,"method":"dance"}', -32601),
            (b'{"jsonrpc":"2.0","id":1,"method":"say"}', -32602),
            (b'{"jsonrpc":"2.0","id":1,"method":"say","params":{"text":5}}', -32602),
            (b'{"jsonrpc":"2.0","id":1,"method":"say","params":["x"]}', -32602),
            (b'{"jsonrpc":"2.0","id":1,"method":"mute","params":{"x":1}}', -32602),
            (b'{"jsonrpc":"2.0","id":1,"method":"mode","params":{"name":"loud"}}', -32602),
            (b'{"jsonrpc":"2.0","id":1,"method":"device","params":{"direction":"up","name":"null"}}', -32602),
            (b'{"jsonrpc":"2.0","id":1,"method":"subscribe","params":{"events":["no.such"]}}', -32602),
            (b'{"jsonrpc":"2.0","id":1,"method":"say","params":{"text":"' + b"x" * (300 << 10) + b'"}}', -32600),
        ):
            calls.send(line + b"\n")
            self.assertEqual(calls.receive()["error"]["code"], code, line[:80])
        calls.send(b'{"jsonrpc":"2.0","meth')
        time.sleep(0.2)
        calls.send(b'od":"status","id":"p"}\r\n\n[{"jsonrpc":"2.0","id":1,"method":"status"},{"jsonrpc":"2.0","method":"mute"},7]\n')
        self.assertEqual(calls.receive()["id"], "p")
        batch = calls.receive()
        self.assertEqual([reply["id"] for reply in batch], [1, None])
        self.assertEqual(batch[1]["error"]["code"], -32600)

    def test_one_daemon_holds_the_place_and_a_dead_ones_is_taken(self):
        process = self.start()
        second = self.run_vivavoce("daemon", "--rehearse", "--input", "silence", "--output", "null")
        self.assertExit(second, 69)
        self.assertIn("running already", second.stderr.decode())
        process.kill()
        process.wait()
        self.assertTrue(self.path.exists())
        self.start()
        self.live()
        self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(self.path.parent.stat().st_mode), 0o700)

    def test_a_file_in_its_place_is_left_alone(self):
        self.path.parent.mkdir(mode=0o700)
        self.path.write_text("mine")
        finished = self.run_vivavoce("daemon", "--rehearse", "--input", "silence", "--output", "null")
        self.assertExit(finished, 69)
        self.assertEqual(self.path.read_text(), "mine")

    def test_another_user_cannot_ask_it_anything(self):
        if os.geteuid() != 0:
            self.skipTest("being another user needs root")
        self.start()
        os.chmod(self.folder, 0o755)
        os.chmod(self.runtime, 0o755)
        program = (
            "import os, socket, sys; os.setuid(65534); s = socket.socket(socket.AF_UNIX); "
            "s.connect(sys.argv[1]); sys.excepthook = lambda kind, *_: os._exit(3 if issubclass(kind, OSError) else 1); "
            "s.sendall(b'{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"status\"}\\n'); sys.exit(0 if s.recv(100) else 3)")
        ask = ["python3", "-c", program, str(self.path)]
        self.assertIn(b"Permission denied", subprocess.run(ask, capture_output=True).stderr)
        # Even where the file's mode lets everybody in, the user is looked at.
        os.chmod(self.path.parent, 0o755)
        os.chmod(self.path, 0o666)
        self.assertEqual(subprocess.run(ask, capture_output=True).returncode, 3)

    def test_a_client_that_does_not_read_holds_up_nobody(self):
        self.start()
        deaf = self.calls()
        deaf.call("subscribe", events=["*", "audio.level"])
        calls = self.live()
        deaf.socket.setblocking(False)
        asked = b'{"jsonrpc":"2.0","id":1,"method":"status"}\n' * 1000
        try:
            for _ in range(200):
                deaf.socket.send(asked)
        except BlockingIOError:
            pass
        for _ in range(20):
            begun = time.monotonic()
            calls.call("status")
            self.assertLess(time.monotonic() - begun, 5)
        stalled = calls.wait("warning", code="control.stalled")
        self.assertIn("10 s", stalled["message"])

    def test_hup_reads_the_settings_again_and_a_mistake_in_them_is_told(self):
        process = self.start()
        calls = self.live()
        config = self.folder / "config" / "vivavoce"
        config.mkdir(parents=True)
        (config / "vivavoce.yaml").write_text("turns: {mode: hold}\n")
        process.send_signal(signal.SIGHUP)
        calls.wait("settings.reloaded", applied=["turns.mode"])
        self.wait_for(lambda: calls.call("status")["result"]["mode"] == "hold")
        calls.call("hangup")
        self.wait_for(lambda: calls.call("status")["result"]["state"] == "idle")
        calls.call("connect")
        self.wait_for(lambda: calls.call("status")["result"]["state"] == "live")
        self.assertEqual(calls.call("status")["result"]["mode"], "hold")
        (config / "vivavoce.yaml").write_text("turns: {mode: loud}\n")
        process.send_signal(signal.SIGHUP)
        self.assertIn("loud", calls.wait("warning", code="settings.notApplied")["message"])
        self.assertIsNone(process.poll())

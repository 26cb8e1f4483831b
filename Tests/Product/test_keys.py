"""The key, and tokens in its place: where they come from, and that they get nowhere else."""

import base64
import http.server
import json
import os
import resource
import secrets
import signal
import socket
import subprocess
import threading
import urllib.parse
from pathlib import Path

from product import VIVAVOCE, ProductTests, events_of
from test_daemon import DaemonCase

TROUBLE = """
connections:
  - steps:
      - expect: setup
      - close: {code: 1011, reason: "Internal error encountered."}
  - steps:
      - behave
      - wait: 500
      - hostile: brokenJSON
      - hostile: wrongTypes
      - hostile: unknownKeys
      - hostile: errorObject
      - hostile: badBase64
      - wait: 200
      - goAway: {timeLeft: 1, close: true}
  - steps:
      - behave
      - wait: 500
      - fault: reset
  - steps:
      - expect: setup
      - hostile: reservedOpcode
  - steps:
      - behave
"""


def disguises(secret):
    """The forms in which a text may stand in a file, a log or a message."""
    raw = secret.encode()
    forms = {
        raw, raw.hex().encode(), secret.encode("utf-16-le"), urllib.parse.quote(secret).encode(),
        urllib.parse.quote(secret, safe="").encode(), urllib.parse.quote(secret, safe="").lower().encode(),
        json.dumps(secret)[1:-1].replace("/", "\\/").encode()}
    for offset in range(3):
        # Without the characters that hold bits of what stands before or behind it.
        text = base64.b64encode(bytes(offset) + raw)[(0, 2, 3)[offset]:(offset + len(raw)) // 3 * 4]
        forms |= {text, text.replace(b"+", b"-").replace(b"/", b"_")}
    return forms


class KeyCase(DaemonCase):
    def setUp(self):
        super().setUp()
        self.key = f"sesame/open+{secrets.token_hex(12)}="
        self.forms = disguises(self.key)
        self.key_file = self.folder / "config" / "vivavoce" / "keys" / "gemini"

    def store(self, *arguments, **environment):
        stored = self.run_vivavoce("keys", "set", *arguments, stdin=self.key.encode() + b"\n", **environment)
        self.assertExit(stored, 0)
        return stored

    def begin(self, *arguments, core=resource.RLIM_INFINITY, pass_fds=(), **environment):
        """A daemon that may leave a core dump of so many bytes; what it says goes into files."""
        with open(self.folder / "events.jsonl", "ab") as events, open(self.folder / "daemon.log", "ab") as errors:
            process = subprocess.Popen(
                [VIVAVOCE, "daemon", "--json", "--input", "silence", "--output", "null", "--until", "forever",
                 *map(str, arguments)], env=self.environment(**environment), cwd=self.folder, stdin=subprocess.DEVNULL,
                stdout=events, stderr=errors, pass_fds=pass_fds,
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (core, resource.RLIM_INFINITY)))
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.wait_for(self.answers)
        return process

    def scenario(self, text):
        path = self.folder / "scenario.yaml"
        path.write_text(text)
        return path

    def opened(self, rehearsal):
        return sum(1 for message in rehearsal.messages() if message["event"] == "opened")

    def quit(self, process):
        """Asks for a core dump. - Returns: whether the system wrote one."""
        process.send_signal(signal.SIGABRT)
        ends = []

        def is_over():
            process_id, status = os.waitpid(process.pid, os.WNOHANG)
            if process_id:
                ends.append(status)
            return process_id

        self.wait_for(is_over)
        status = ends[0]
        process.returncode = -os.WTERMSIG(status)
        self.assertEqual(os.WTERMSIG(status), signal.SIGABRT)
        return os.WCOREDUMP(status)

    def assertAbsent(self, content, where):
        for form in self.forms:
            self.assertFalse(form in content, f"the key stands in {where}, as {form}")

    def assertFolderHasNoKey(self):
        found = 0
        for path in self.folder.rglob("*"):
            if path.is_file() and path != self.key_file:
                self.assertAbsent(path.read_bytes(), path)
                found += 1
        return found


def children(process):
    """The processes that it started, and those that they started."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(status.parent.name)] = int(status.read_text().rpartition(")")[2].split()[1])
        except OSError:
            pass  # it ended meanwhile
    found = {process}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {process}


class SecrecyTests(KeyCase):
    def session_full_of_errors(self, *arguments, **environment):
        """Everything goes wrong that can, and then it is budget that ends it."""
        rehearsal = self.start_rehearsal("--require-key", self.key, "--scenario", self.scenario(TROUBLE), "--quick-voice")
        out = self.folder / "out"
        out.mkdir()
        events = ("session.connecting", "session.live", "session.resumed", "session.ended", "transcript.final", "warning", "error")
        hooks = [f"--hook={event}=sh -c '(env; cat) >>{out}/{event}; sleep 5'" for event in events]
        process = self.begin(
            "--endpoint", rehearsal.url, "--log-level", "trace", "--record", self.folder / "sound", "--metrics",
            self.folder / "metrics.sock", "--day-budget", "0.000001", *hooks, *arguments, **environment)
        calls = self.calls()
        calls.call("subscribe")
        self.wait_for(lambda: self.opened(rehearsal) >= 5)
        self.wait_for(lambda: calls.call("status")["result"]["state"] == "live")
        kin = children(process.pid)
        self.assertTrue(kin, "a hook's program runs")
        for child in kin:
            for name in ("environ", "cmdline"):
                try:
                    self.assertAbsent(Path(f"/proc/{child}/{name}").read_bytes(), f"{name} of a child")
                except (FileNotFoundError, ProcessLookupError):
                    pass  # it ended meanwhile
        self.assertAbsent(Path(f"/proc/{process.pid}/cmdline").read_bytes(), "our own command line")
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(self.folder / "metrics.sock"))
            client.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            (out / "page").write_bytes(client.recv(1 << 20))
        for verb in (["status", "--json"], ["doctor", "--json", "--input", "silence", "--output", "null", "--endpoint", rehearsal.url],
                     ["config", "show", "--json"], ["config", "show"], ["keys", "list"]):
            finished = self.run_vivavoce(*verb, **environment)
            (out / f"said-{len(list(out.iterdir()))}").write_bytes(finished.stdout + finished.stderr)
        calls.call("say", text="what is two plus two")
        calls.wait("warning", code="budget.reached")
        self.wait_for(lambda: (out / "session.ended").exists() and (out / "transcript.final").exists())
        shown = self.run_vivavoce("transcripts", "export", "--format", "json", **environment)
        (out / "export").write_bytes(shown.stdout + shown.stderr)
        return process

    def assertHappened(self):
        log = (self.folder / "events.jsonl").read_text()
        for event in ("session.rotating", "session.resumed", "warning", "transcript.final", "usage"):
            self.assertIn(f'"{event}"', log)
        self.assertIn("VIVAVOCE_EVENT=warning", (self.folder / "out" / "warning").read_text())
        self.assertTrue(list(self.folder.rglob("transcripts.db")))
        self.assertTrue(list(self.folder.rglob("*.opus")))

    def test_a_stored_key_appears_nowhere(self):
        stored = self.store()
        self.assertAbsent(stored.stdout + stored.stderr, "what keys set says")
        process = self.session_full_of_errors()
        self.assertAbsent(Path(f"/proc/{process.pid}/environ").read_bytes(), "our own environment")
        self.assertFalse(self.quit(process), "a core dump was written")
        self.assertHappened()
        self.assertGreater(self.assertFolderHasNoKey(), 15)
        self.assertIn(self.key, self.key_file.read_text())

    def test_a_key_from_a_pipe_lasts_for_reloads_and_further_conversations(self):
        # As `--key-file <(pass show gemini)` gives it: once.
        reader, writer = os.pipe()
        os.write(writer, self.key.encode() + b"\n")
        os.close(writer)
        rehearsal = self.start_rehearsal("--require-key", self.key)
        process = self.begin("--endpoint", rehearsal.url, "--key-file", f"/dev/fd/{reader}", pass_fds=[reader])
        os.close(reader)
        calls = self.live()
        self.assertIn("result", calls.call("reload"))
        calls.call("hangup")
        calls.wait("session.ended")
        calls.call("connect")
        calls.wait("session.live")
        process.terminate()
        self.assertEqual(process.wait(10), 0)
        self.assertFolderHasNoKey()

    def test_a_key_among_our_variables_appears_nowhere_else(self):
        process = self.session_full_of_errors(GEMINI_API_KEY=self.key, GOOGLE_GENERATIVE_AI_API_KEY=self.key)
        self.assertFalse(self.quit(process), "a core dump was written")
        self.assertHappened()
        self.assertGreater(self.assertFolderHasNoKey(), 15)

    def test_only_a_process_without_a_key_leaves_a_core_dump(self):
        # What the two above rely on: here, a core dump would have been written.
        process = self.begin("--rehearse", core=1 << 20, SWIFT_BACKTRACE="enable=no")
        if not self.quit(process):
            self.skipTest("this system writes no core dumps")
        process = self.begin("--rehearse", core=1 << 20, GOOGLE_API_KEY=self.key, SWIFT_BACKTRACE="enable=yes")
        self.assertFalse(self.quit(process), "a core dump with a variable's key was written")
        self.assertNotIn("Signal 6", (self.folder / "daemon.log").read_text(), "and no backtrace either")

    def test_a_service_that_quotes_the_key_in_its_refusal(self):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = json.dumps({"error": {"message": f"no such key: {self.headers['x-goog-api-key']}"}}).encode()
                self.send_response(401)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments):
                pass

        self.store()
        server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        finished = self.run_vivavoce(
            "talk", "--json", "--log-level", "trace", "--endpoint", f"ws://127.0.0.1:{server.server_port}", "--input", "silence",
            "--output", "null")
        self.assertExit(finished, 77)
        self.assertIn(b"no such key: ", finished.stdout + finished.stderr)
        self.assertAbsent(finished.stdout + finished.stderr, "what talk says")
        self.assertFolderHasNoKey()


class TokenTests(KeyCase):
    DROPPED_ONCE = "connections:\n  - steps:\n      - behave\n      - wait: 1500\n      - drop\n  - steps:\n      - behave\n"

    def talk(self, rehearsal, *arguments, **environment):
        return self.run_vivavoce(
            "talk", "--json", "--endpoint", rehearsal.url, "--input", "silence", "--output", "null", "--until", "for:6",
            *arguments, **environment)

    def test_each_connection_gets_a_token_of_its_own(self):
        # Pitfall 9: one use, and resuming costs one.
        self.store()
        ran = self.folder / "ran"
        rehearsal = self.start_rehearsal(
            "--require-key", self.key, "--count-resumptions", "--scenario", self.scenario(self.DROPPED_ONCE))
        command = f"echo >>{ran}; exec {VIVAVOCE} keys mint --endpoint {rehearsal.url} --key-file {self.key_file}"
        finished = self.talk(rehearsal, "--token-command", command, GEMINI_API_KEY="not.this.one")
        self.assertExit(finished, 0)
        kinds = [event["event"] for event in events_of(finished)]
        self.assertIn("session.resumed", kinds)
        self.assertGreaterEqual(len(ran.read_text()), 2)
        said = (finished.stdout + finished.stderr).decode()
        self.assertNotIn("auth_tokens/", said)
        self.assertNotIn(self.key, said)

    def test_a_token_of_one_use_resumes_its_session(self):
        rehearsal = self.start_rehearsal("--require-key", self.key, "--scenario", self.scenario(self.DROPPED_ONCE))
        minted = self.run_vivavoce("keys", "mint", "--endpoint", rehearsal.url, GEMINI_API_KEY=self.key)
        self.assertExit(minted, 0)
        token = minted.stdout.decode().strip()
        self.assertTrue(token.startswith("auth_tokens/"), token)
        finished = self.talk(rehearsal, GEMINI_API_KEY=token)
        self.assertExit(finished, 0)
        self.assertIn("session.resumed", [event["event"] for event in events_of(finished)])
        self.assertNotIn(token, (finished.stdout + finished.stderr).decode())
        # Its use is up.
        finished = self.talk(rehearsal, GEMINI_API_KEY=token)
        self.assertExit(finished, 69)
        self.assertIn("no use left", (finished.stdout + finished.stderr).decode())

    def test_a_key_that_is_refused_makes_no_token(self):
        rehearsal = self.start_rehearsal("--require-key", self.key)
        refused = self.run_vivavoce("keys", "mint", "--endpoint", rehearsal.url, GEMINI_API_KEY="wrong")
        self.assertExit(refused, 77)
        self.assertIn("HTTP 401", refused.stderr.decode())
        self.assertEqual(refused.stdout, b"")

    def test_a_command_that_gives_no_token_is_told_of(self):
        rehearsal = self.start_rehearsal("--require-key", self.key)
        for command, code, words in (
            ("echo the broker knows you not >&2; exit 77", 77, "status 77: the broker knows you not"),
            ("/no/such/broker", 78, "/no/such/broker"),
            ("echo AIzaKey", 78, "no token"),
            ("echo out of order >&2; exit 1", 69, "status 1: out of order"),
        ):
            with self.subTest(command=command):
                finished = self.talk(rehearsal, "--token-command", command)
                self.assertExit(finished, code)
                said = (finished.stdout + finished.stderr).decode()
                self.assertIn(words, said)
                self.assertNotIn("AIza", said)
        self.assertEqual(self.opened(rehearsal), 0)


class SecretServiceTests(KeyCase):
    """With a program in place of secret-tool, which keeps the key in a file."""

    TOOL = """#!/bin/sh
echo "$*" >>"$HOME/calls"; env >>"$HOME/calls"
case $1 in
store) cat >"$HOME/kept" ;;
lookup) [ -e "$HOME/kept" ] && cat "$HOME/kept" ;;
search) [ -e "$HOME/kept" ] && echo '[/org/freedesktop/secrets/collection/login/1]' ;;
clear) rm "$HOME/kept" ;;
esac
"""

    def environment(self, **more):
        own = {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere", "PATH": f"{self.folder}/bin:/usr/bin:/bin"}
        return super().environment(**(own | more))

    def tool(self, text):
        path = self.folder / "bin" / "secret-tool"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    def test_a_key_in_the_keyring_is_used_where_there_is_no_other(self):
        self.tool(self.TOOL)
        self.assertIn("Secret Service", self.store("--secret-service").stderr.decode())
        self.assertFalse(self.key_file.exists())
        self.assertEqual((self.folder / "kept").read_text(), self.key)
        rehearsal = self.start_rehearsal("--require-key", self.key)
        talk = ["talk", "--endpoint", rehearsal.url, "--input", "silence", "--output", "null", "--until", "for:1"]
        self.assertExit(self.run_vivavoce(*talk), 0)
        self.assertRegex(self.run_vivavoce("keys", "list").stdout.decode(), r"set +Secret Service +used")
        self.assertExit(self.run_vivavoce(*talk, VIVAVOCE_KEY="another"), 77)
        self.assertExit(self.run_vivavoce("keys", "remove", "--secret-service"), 0)
        self.assertExit(self.run_vivavoce(*talk), 77)
        (self.folder / "kept").unlink(missing_ok=True)
        self.assertFolderHasNoKey()

    def test_a_keyring_that_is_locked_and_one_that_is_not_there(self):
        self.tool("#!/bin/sh\necho 'secret-tool: the keyring is locked' >&2\nexit 1\n")
        refused = self.run_vivavoce("talk", "--input", "silence", "--output", "null")
        self.assertExit(refused, 69)
        self.assertIn("the keyring is locked", refused.stderr.decode())
        self.assertIn("Unlock your keyring", refused.stderr.decode())
        nothing = {"PATH": "/nowhere"}
        self.assertExit(self.run_vivavoce("talk", "--input", "silence", "--output", "null", **nothing), 77)
        missing = self.run_vivavoce("keys", "set", "--secret-service", stdin=b"any\n", **nothing)
        self.assertExit(missing, 69)
        self.assertIn("libsecret-tools", missing.stderr.decode())

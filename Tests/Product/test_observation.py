"""What is counted while the assistant runs, what it may cost, and who is told: page, budgets and hooks."""

import json
import math
import socket
import urllib.error
import urllib.request

import numpy

from product import free_port, read_wav, write_wav
from prometheus_client.parser import text_string_to_metric_families
from test_daemon import DaemonCase


class ObservationTests(DaemonCase):
    def state(self):
        return self.folder / ".local" / "state" / "vivavoce" / "cost.yaml"

    variables = {}

    def environment(self, **more):
        return super().environment(**self.variables | more)

    def settings(self, text):
        config = self.folder / "config" / "vivavoce"
        config.mkdir(parents=True, exist_ok=True)
        (config / "vivavoce.yaml").write_text(text)

    def test_a_budget_hangs_up_and_refuses_until_it_is_raised(self):
        self.settings("budget: {day: 0.0001}\n")
        process = self.start()
        calls = self.live()
        calls.call("say", text="what is two plus two")
        reached = calls.wait("warning", code="budget.reached")
        self.assertIn("budget.day is used up", reached["message"])
        self.assertIn("Raise budget.day", reached["remedy"])
        self.assertEqual(calls.wait("session.ended")["exit"], 0)
        self.assertEqual(calls.call("status")["result"]["state"], "idle")
        self.assertEqual(self.state().stat().st_mode & 0o777, 0o600)
        refused = calls.call("connect")["error"]
        self.assertIn("budget.day is used up", refused["message"])
        self.assertIn("Raise budget.day", refused["data"]["remedy"])
        self.assertIn("budget.day is used up", self.verb("connect", code=69)[1])
        status = calls.call("status")["result"]
        self.assertEqual(status["state"], "idle")
        self.assertGreater(status["cost"]["session"], 0.0001)
        self.assertEqual(status["cost"]["budget"], {"day": 0.0001})
        self.assertRegex(self.verb("status")[0], r"(?m)^cost +session 0\.\d+, day 0\.\d+ of 0\.0001, month 0\.\d+ USD$")
        self.settings("budget: {day: 1000}\n")
        self.assertEqual(calls.wait("settings.reloaded")["applied"], ["budget.day"])
        self.assertIn("result", calls.call("connect"))
        calls.wait("session.live")
        self.assertEqual(calls.call("status")["result"]["cost"]["session"], 0)
        self.assertIsNone(process.poll())

    def test_a_budget_that_is_raised_under_way_ends_nothing(self):
        self.settings("budget: {session: 0.00000001}\n")
        self.start()
        calls = self.live()
        self.settings("budget: {session: 1000}\n")
        self.assertEqual(calls.wait("settings.reloaded")["applied"], ["budget.session"])
        session = calls.call("status")["result"]["session"]
        calls.call("say", text="what is two plus two")
        calls.wait("usage")
        calls.wait("turn.completed", speaker="model")
        self.assertEqual(calls.call("status")["result"]["session"], session)

    def test_the_end_of_a_budget_is_said_aloud(self):
        """By a voice of the test's own, a tone of 1 kHz, after the chime; without one, by the chime alone."""
        for voice in (True, False):
            folder = self.voice(seconds=1 if voice else 0)
            sound = folder / "out.wav"
            process = self.start("--session-budget", "0.0000001", output=f"file:{sound}")
            calls = self.live()
            calls.call("say", text="what is two plus two")
            calls.wait("warning", code="budget.reached")
            calls.wait("session.ended")
            process.terminate()
            self.assertEqual(process.wait(10), 0)
            calls.close()
            rate, samples = read_wav(sound)
            tones = [self.strength(samples, rate, hertz) for hertz in (311, 1_000)]
            self.assertGreater(tones[0], 0.05, "the chime of trouble")
            if voice:
                self.assertGreater(tones[1], 0.5, "the voice")
                self.assertIn("This conversation has used up its budget.", (folder / "asked").read_text())
            else:
                self.assertLess(tones[1], 0.1)

    def test_who_ends_the_daemon_does_not_wait_for_the_farewell(self):
        sound = self.voice(seconds=3) / "out.wav"
        process = self.start("--session-budget", "0.0000001", output=f"file:{sound}")
        calls = self.live()
        calls.call("say", text="what is two plus two")
        calls.wait("warning", code="budget.reached")
        process.terminate()
        self.assertEqual(process.wait(10), 0)
        rate, samples = read_wav(sound)
        self.assertLess(self.strength(samples, rate, 1_000), 2)

    def voice(self, seconds):
        """A folder that is PATH from here on, with an espeak-ng that says a tone of 1 kHz; without one, for 0 s."""
        folder = self.folder / f"bin-{seconds}"
        folder.mkdir()
        self.variables = {"PATH": str(folder)}
        if seconds:
            samples = range(22_050 * seconds)
            write_wav(
                folder / "sound", 22_050, 1, [int(8_000 * math.sin(index * math.tau * 1_000 / 22_050)) for index in samples])
            program = folder / "espeak-ng"
            program.write_text(f"#!/bin/sh\necho \"$@\" > {folder}/asked\nexec /bin/cat {folder}/sound\n")
            program.chmod(0o755)
        return folder

    def strength(self, samples, rate, hertz):
        """How many seconds of the sound are that tone, more or less: pieces of 50 ms that have most of their power there."""
        piece = rate // 20
        seconds = 0
        for start in range(0, len(samples) - piece, piece):
            frame = numpy.array(samples[start:start + piece], float)
            if frame.std() < 300:
                continue
            power = abs(numpy.fft.rfft(frame * numpy.hanning(piece))) ** 2
            place = round(hertz * piece / rate)
            seconds += 0.05 * (power[max(0, place - 3):place + 4].sum() > 0.7 * power.sum())
        return seconds

    def test_what_is_spent_is_kept_over_restarts_and_refuses_a_talk_too(self):
        process = self.start()
        calls = self.live()
        calls.call("say", text="what is two plus two")
        calls.wait("usage")
        process.terminate()
        self.assertEqual(process.wait(10), 0)
        self.assertIn("currency: USD", self.state().read_text())
        refused = self.run_vivavoce(
            "talk", "--rehearse", "--input", "silence", "--output", "null", "--day-budget", "0.00001")
        self.assertExit(refused, 77)
        self.assertIn("budget.day is used up", refused.stderr.decode())

    def test_a_price_table_of_the_users_own_is_checked(self):
        table = self.folder / "prices.yaml"
        table.write_text("date: today\ncurrency: EUR\nmodels: {m: {input: {TEXT: much}, output: {}}}\n")
        refused = self.run_vivavoce(
            "talk", "--rehearse", "--input", "silence", "--output", "null", "--prices", table)
        self.assertExit(refused, 78)
        self.assertIn(f"{table}:3: the price of TEXT is a number", refused.stderr.decode())

    # MARK: The page

    def page(self, port):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            self.assertEqual(answer.headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
            text = answer.read().decode()
        samples = {}
        for family in text_string_to_metric_families(text):
            self.assertNotEqual(family.type, "unknown", family.name)
            self.assertTrue(family.documentation, family.name)
            for sample in family.samples:
                samples[sample.name, frozenset(sample.labels.values())] = sample.value
        return samples

    def test_the_page_tells_of_a_conversation_and_a_parser_reads_it(self):
        port = free_port()
        question = self.speak("what is two plus two")
        self.start("--metrics", f"127.0.0.1:{port}", "--input", f"file:{question}")
        self.wait_for(lambda: self.page(port).get(("vivavoce_first_audio_seconds_count", frozenset()), 0) == 1)
        samples = self.page(port)
        self.assertEqual(samples["vivavoce_state", frozenset(["live"])], 1)
        self.assertEqual(samples["vivavoce_conversations_total", frozenset()], 1)
        self.assertEqual(samples["vivavoce_turns_total", frozenset(["model"])], 1)
        self.assertGreater(samples["vivavoce_tokens_total", frozenset(["output", "AUDIO"])], 0)
        self.assertGreater(samples["vivavoce_estimated_cost_total", frozenset(["USD"])], 0)
        self.assertGreater(samples["vivavoce_estimated_cost", frozenset(["USD", "day"])], 0)
        waited = samples["vivavoce_first_audio_seconds_sum", frozenset()]
        self.assertTrue(0 < waited < 20, waited)
        self.assertEqual(samples["vivavoce_first_audio_seconds_bucket", frozenset(["+Inf"])], 1)
        self.assertIn(("vivavoce_level_decibels", frozenset(["output"])), samples)
        for path, code in (("/", 404), ("/metrics/x", 404)):
            with self.assertRaises(urllib.error.HTTPError) as error:
                urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10)
            self.assertEqual(error.exception.code, code)
            error.exception.close()
        for nonsense in (b"\r\n\r\n", b"GET /metrics\r\n\r\n", b"x" * 9000, b"\xff\xfe\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
                client.sendall(nonsense)
                try:
                    self.assertIn(client.recv(12), (b"", b"HTTP/1.1 400"))
                except ConnectionResetError:
                    pass  # cut off in the middle of it
        self.assertEqual(self.page(port)["vivavoce_conversations_total", frozenset()], 1)

    def test_the_page_is_for_this_machine_only_or_a_socket(self):
        for address in ("0.0.0.0:9464", "192.0.2.1:9464", "9464"):
            refused = self.run_vivavoce(
                "talk", "--rehearse", "--input", "silence", "--output", "null", "--metrics", address)
            self.assertExit(refused, 78)
            self.assertIn("127.0.0.1:PORT", refused.stderr.decode())
        place = self.folder / "metrics.sock"
        process = self.start("--metrics", place)
        self.wait_for(place.exists)
        self.assertEqual(place.stat().st_mode & 0o777, 0o600)
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(10)
            client.connect(str(place))
            client.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertTrue(client.recv(100).startswith(b"HTTP/1.1 200 OK"))
        process.terminate()
        self.assertEqual(process.wait(10), 0)
        self.assertFalse(place.exists())

    # MARK: Hooks

    def test_a_hook_gets_the_event_and_no_key(self):
        out = self.folder / "out"
        out.mkdir()
        hook = self.folder / "hook"
        hook.write_text(f"#!/bin/sh\nenv > {out}/env.$VIVAVOCE_SPEAKER\ncat > {out}/json.$VIVAVOCE_SPEAKER\n")
        hook.chmod(0o755)
        self.settings(f"hooks:\n  transcript.final: {hook}\n  session.ended: sh -c 'cat > {out}/end'\n")
        self.variables = {"GEMINI_API_KEY": "sesame-open-1234567890"}
        process = self.start()
        calls = self.live()
        calls.call("say", text="what is two plus two")
        self.wait_for(lambda: (out / "json.model").exists() and (out / "json.model").read_text().endswith("\n"))
        event = json.loads((out / "json.model").read_text())
        self.assertEqual(event["event"], "transcript.final")
        self.assertIn("four", event["text"])
        variables = (out / "env.model").read_text()
        self.assertIn(f"VIVAVOCE_TEXT={event['text']}\n", variables)
        self.assertIn("VIVAVOCE_EVENT=transcript.final\n", variables)
        self.assertNotIn("sesame", variables)
        process.terminate()
        self.assertEqual(process.wait(10), 0)
        self.assertEqual(json.loads((out / "end").read_text())["event"], "session.ended")

    def test_a_hook_that_fails_is_told_of_and_a_bad_one_refused(self):
        self.start("--hook", "turn.started=/no/such/program")
        calls = self.live()
        calls.call("say", text="hello")
        self.assertIn("/no/such/program (hooks.turn.started)", calls.wait("warning", code="hooks.failed")["message"])
        for hook, code in (("turn.started='x", 78), ("turn.begun=x", 64), ("turn.started", 64)):
            refused = self.run_vivavoce("talk", "--rehearse", "--input", "silence", "--output", "null", "--hook", hook)
            self.assertExit(refused, code)

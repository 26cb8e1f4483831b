"""Bad input: the exit code, and words that say what was tried, what came back and what to do."""

import http.server
import socket
import threading

from product import ProductTests, events_of, free_port


class DeviceAndFileTests(ProductTests):
    def talk(self, *arguments):
        return self.run_vivavoce("talk", "--rehearse", *arguments, timeout=30)

    def test_an_unknown_device_lists_what_exists(self):
        finished = self.talk("--input", "alsa:no-such-device", "--output", "null")
        self.assertExit(finished, 69)
        self.assertIn("no-such-device", finished.stderr.decode())
        self.assertIn("silence", finished.stderr.decode())

    def test_a_file_that_is_no_wav(self):
        path = self.folder / "not.wav"
        path.write_text("this is no sound")
        finished = self.talk("--input", f"file:{path}", "--output", "null")
        self.assertExit(finished, 65)
        self.assertIn("not.wav", finished.stderr.decode())

    def test_a_missing_file(self):
        finished = self.talk("--input", f"file:{self.folder}/nothing.wav", "--output", "null")
        self.assertExit(finished, 66)
        self.assertIn("nothing.wav", finished.stderr.decode())


class SettingsTests(ProductTests):
    def test_no_key_names_the_two_ways_to_give_one(self):
        finished = self.run_vivavoce("talk", "--input", "silence", "--output", "null")
        self.assertExit(finished, 77)
        self.assertIn("GEMINI_API_KEY", finished.stderr.decode())
        self.assertIn("vivavoce keys set", finished.stderr.decode())

    def test_an_unknown_key_in_the_settings_names_file_line_and_the_nearest(self):
        path = self.folder / "settings.yaml"
        path.write_text("audio:\n  imput: silence\n")
        finished = self.run_vivavoce("talk", "--config", path, "--rehearse")
        self.assertExit(finished, 78)
        said = finished.stderr.decode()
        self.assertIn("settings.yaml", said)
        self.assertIn("2", said)
        self.assertIn("audio.input", said)

    def test_yaml_that_does_not_parse(self):
        path = self.folder / "settings.yaml"
        path.write_text("audio: [\n")
        self.assertExit(self.run_vivavoce("talk", "--config", path, "--rehearse"), 78)

    def test_an_endpoint_that_is_no_url(self):
        finished = self.run_vivavoce("talk", "--endpoint", "not a url", VIVAVOCE_KEY="any")
        self.assertExit(finished, 64)

    def test_a_key_does_not_go_over_plain_ws_to_elsewhere(self):
        finished = self.run_vivavoce(
            "talk", "--endpoint", "ws://192.0.2.1", "--input", "silence", "--output", "null", VIVAVOCE_KEY="sesame")
        self.assertExit(finished, 78)
        self.assertNotIn("sesame", finished.stderr.decode() + finished.stdout.decode())


class RefusalTests(ProductTests):
    def talk(self, url, *arguments, key="sesame", timeout=60):
        finished = self.run_vivavoce(
            "talk", "--json", "--endpoint", url, "--input", "silence", "--output", "null", "--until", "for:3",
            *arguments, VIVAVOCE_KEY=key, timeout=timeout)
        self.assertNotIn(key, finished.stderr.decode() + finished.stdout.decode())
        return finished

    def test_refused_upgrades_are_final_after_one_attempt(self):
        # Pitfalls 14 and 17b: quota is told from a bad key, nothing is tried again, and no key is shown.
        for status, word in ((401, "key"), (403, "permission"), (429, "quota")):
            with self.subTest(status=status):
                requests = []
                body = b'{"error":{"code":%d,"message":"told by the service"}}' % status

                class Handler(http.server.BaseHTTPRequestHandler):
                    def do_GET(self):
                        requests.append(self.path)
                        self.send_response(status)
                        self.send_header("Content-Length", str(len(body)))
                        self.end_headers()
                        self.wfile.write(body)

                    def log_message(self, *arguments):
                        pass

                server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
                threading.Thread(target=server.serve_forever, daemon=True).start()
                finished = self.talk(f"ws://127.0.0.1:{server.server_port}")
                server.shutdown()
                server.server_close()
                self.assertExit(finished, 77)
                self.assertEqual(len(requests), 1)
                self.assertNotIn("sesame", requests[0])
                said = finished.stderr.decode() + finished.stdout.decode()
                self.assertIn(str(status), said)
                self.assertIn("told by the service", said)
                self.assertIn(word, said.lower())

    def scenario(self, text):
        path = self.folder / "scenario.yaml"
        path.write_text(text)
        return self.start_rehearsal("--scenario", path)

    def test_a_close_with_1007_or_1008_gives_the_services_words_once(self):
        # Pitfalls 13, 15 and 22.
        for code, reason, exit in (
            (1007, "API key not valid. Please pass a valid API key.", 77),
            (1007, "Request contains an invalid argument.", 69),
            (1008, "models/x is not found for API version v1beta", 69),
        ):
            with self.subTest(reason=reason):
                rehearsal = self.scenario(f"steps:\n  - expect: setup\n  - close: {{code: {code}, reason: \"{reason}\"}}\n")
                finished = self.talk(rehearsal.url)
                self.assertExit(finished, exit)
                self.assertIn(reason, finished.stderr.decode() + finished.stdout.decode())
                connecting = [e for e in events_of(finished) if e["event"] == "session.connecting"]
                self.assertEqual(len(connecting), 1)

    def test_nobody_listening_is_tried_five_times(self):
        finished = self.talk(f"ws://127.0.0.1:{free_port()}")
        self.assertExit(finished, 69)
        connecting = [e for e in events_of(finished) if e["event"] == "session.connecting"]
        self.assertEqual(len(connecting), 5)

    def test_a_server_that_never_answers_the_setup_is_named(self):
        rehearsal = self.scenario("steps:\n  - expect: setup\n  - wait: 60000\n")
        finished = self.talk(rehearsal.url, timeout=90)
        self.assertExit(finished, 69)
        self.assertIn("setup", finished.stderr.decode())

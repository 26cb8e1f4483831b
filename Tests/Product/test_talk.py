"""Conversations: a spoken question is answered, and what is printed says so."""

import math
import re
import subprocess

from product import (Certificates, ProductTests, Terminator, events_of, read_wav, rms, write_wav)


class TalkTests(ProductTests):
    def test_a_spoken_question_is_answered_aloud_and_in_print(self):
        answer = self.folder / "answer.wav"
        finished = self.run_vivavoce(
            "talk", "--rehearse", "--input", f"file:{self.speak('what time is it')}", "--output", f"file:{answer}")
        self.assertExit(finished, 0)
        printed = finished.stdout.decode()
        self.assertRegex(printed, r"(?m)you: .*what time is it")
        self.assertRegex(printed, r"(?m)model: .+")
        rate, samples = read_wav(answer)
        self.assertEqual(rate, 24000)
        self.assertGreater(len(samples), 12000)
        self.assertGreater(rms(samples), 300)

    def test_text_and_binary_frames_say_the_same(self):
        # Pitfall 18: the service sends JSON in binary frames, and proxies turn them into text.
        rehearsal = self.start_rehearsal("--frames", "mixed")
        finished = self.run_vivavoce(
            "talk", "--endpoint", rehearsal.url, "--input", f"file:{self.speak('what time is it')}", "--output", "null",
            VIVAVOCE_KEY="any")
        self.assertExit(finished, 0)
        self.assertRegex(finished.stdout.decode(), r"(?m)you: .*what time is it")
        self.assertRegex(finished.stdout.decode(), r"(?m)model: .+")

    def test_json_tells_the_conversation_in_order(self):
        finished = self.run_vivavoce(
            "talk", "--rehearse", "--json", "--input", f"file:{self.speak('what time is it')}", "--output", "null")
        self.assertExit(finished, 0)
        events = events_of(finished)
        names = [event["event"] for event in events]
        wanted = ["session.connecting", "session.live", "turn.started", "transcript.partial", "transcript.final",
                  "session.ended"]
        positions = [names.index(name) for name in wanted]
        self.assertEqual(positions, sorted(positions))
        self.assertEqual(names[-1], "session.ended")
        self.assertEqual(events[-1]["exit"], 0)
        for event in events:
            self.assertRegex(event["at"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        completed = [e for e in events if e["event"] == "turn.completed" and e["speaker"] == "model"]
        self.assertEqual(len(completed), 1)
        self.assertGreater(completed[0]["heardMilliseconds"], 500)
        finals = [e for e in events if e["event"] == "transcript.final"]
        self.assertEqual([e["speaker"] for e in finals], ["user", "model"])
        self.assertLess(finals[0]["turn"], finals[1]["turn"])
        self.assertTrue(any(e["event"] == "usage" for e in events))

    def test_a_pipe_gets_the_speech_raw(self):
        question = self.folder / "question.raw"
        subprocess.run(
            ["sox", self.speak("what time is it"), "-r", "16000", "-c", "1", "-b", "16", "-e", "signed-integer",
             "-t", "raw", question], check=True)
        finished = self.run_vivavoce(
            "talk", "--rehearse", "--quiet", "--input", "-", "--output", "-", stdin=question.read_bytes())
        self.assertExit(finished, 0)
        self.assertGreater(len(finished.stdout), 48000)
        self.assertEqual(len(finished.stdout) % 2, 0)

    def test_a_key_is_not_needed_to_rehearse_and_none_is_sent(self):
        finished = self.run_vivavoce(
            "talk", "--rehearse", "--json", "--input", "silence", "--output", "null", "--until", "for:1")
        self.assertExit(finished, 0)

    def test_until_for_counts_from_live(self):
        finished = self.run_vivavoce(
            "talk", "--rehearse", "--json", "--input", "silence", "--output", "null", "--until", "for:2")
        self.assertExit(finished, 0)
        events = events_of(finished)
        at = {e["event"]: e["at"] for e in events}
        seconds = lambda stamp: sum(float(x) * y for x, y in zip(re.findall(r"[\d.]+", stamp.split("T")[1]), (3600, 60, 1)))
        self.assertAlmostEqual(seconds(at["session.ended"]) - seconds(at["session.live"]), 2, delta=0.5)

    def test_a_tone_of_44100_stereo_arrives_as_clean_16000_mono(self):
        tone = self.folder / "tone.wav"
        samples = []
        for n in range(44100 * 3):
            value = round(16000 * math.sin(2 * math.pi * 1000 * n / 44100))
            samples += (value, value)
        write_wav(tone, 44100, 2, samples)
        saved = self.folder / "arrived.wav"
        rehearsal = self.start_rehearsal("--save-input", saved)
        finished = self.run_vivavoce(
            "talk", "--endpoint", rehearsal.url, "--input", f"file:{tone}", "--output", "null", VIVAVOCE_KEY="any")
        self.assertExit(finished, 0)
        rehearsal.stop()
        rate, arrived = read_wav(saved)
        self.assertEqual(rate, 16000)
        self.assertAlmostEqual(len(arrived), 48000, delta=2)
        self.assertGreater(signal_to_noise(arrived[4000:44000], 1000, 16000), 60)


class TLSTests(ProductTests):
    def setUp(self):
        super().setUp()
        self.certificates = Certificates(self.folder)
        self.rehearsal = self.start_rehearsal()

    def talk(self, url, *arguments):
        return self.run_vivavoce(
            "talk", "--json", "--endpoint", url, "--input", "silence", "--output", "null", "--until", "for:1",
            *arguments, VIVAVOCE_KEY="any")

    def test_a_named_authority_is_trusted(self):
        chain = self.certificates.issue("localhost", "DNS:localhost,IP:127.0.0.1")
        terminator = Terminator(self, chain, self.rehearsal.port)
        finished = self.talk(f"wss://localhost:{terminator.port}", "--ca-file", self.certificates.authority)
        self.assertExit(finished, 0)

    def test_an_unknown_authority_is_not(self):
        chain = self.certificates.issue("localhost", "DNS:localhost")
        terminator = Terminator(self, chain, self.rehearsal.port)
        finished = self.talk(f"wss://localhost:{terminator.port}")
        self.assertExit(finished, 69)
        self.assertRegex(finished.stderr.decode() + finished.stdout.decode(), "(?i)certificate")

    def test_a_certificate_for_another_host_is_not(self):
        chain = self.certificates.issue("elsewhere", "DNS:elsewhere.example")
        terminator = Terminator(self, chain, self.rehearsal.port)
        finished = self.talk(f"wss://localhost:{terminator.port}", "--ca-file", self.certificates.authority)
        self.assertExit(finished, 69)


def signal_to_noise(samples, hertz, rate):
    """In dB: power of the best-fitting sine of that frequency over the power of what is left."""
    n = len(samples)
    cosines = [math.cos(2 * math.pi * hertz * i / rate) for i in range(n)]
    sines = [math.sin(2 * math.pi * hertz * i / rate) for i in range(n)]
    a = 2 * sum(s * c for s, c in zip(samples, cosines)) / n
    b = 2 * sum(s * c for s, c in zip(samples, sines)) / n
    noise = sum((s - a * c - b * d) ** 2 for s, c, d in zip(samples, cosines, sines)) / n
    return 10 * math.log10((a * a + b * b) / 2 / noise)

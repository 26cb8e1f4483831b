"""Wake mode: asleep nothing is sent, and of the sentence behind the wake word nothing is missing."""

import array
import json
import os
import random
import signal
import subprocess
import sys
import unittest

from product import VIVAVOCE, ProductTests, events_of, read_wav, write_wav

RATE = 16_000

# Prints a line so many milliseconds of input after the first sound behind quiet: its next argument each time.
DETECTOR = """
import array, sys
delays = [int(delay) * 16 for delay in sys.argv[1:]]
quiet = since = 0
while data := sys.stdin.buffer.read(320):
    frame = array.array("h", data)
    loud = max(map(abs, frame)) > 300
    if since:
        since += len(frame)
        if since >= delays[0]:
            print("the test's word", flush=True)
            since, quiet = 0, 0
            delays = delays[1:] or delays
    elif loud and quiet >= 3200:
        since = len(frame)
    quiet = 0 if loud else quiet + len(frame)
"""


class Tape:
    """A file that is spoken into the microphone: voice at chosen places, over noise of which no two places are alike."""

    def __init__(self, seconds):
        noise = random.Random(7)
        self.samples = array.array("h", (noise.randint(-4, 4) for _ in range(int(seconds * RATE))))

    def put(self, voice, position):
        """Lays the voice on the tape. - Returns: where it is over."""
        for index, sample in enumerate(voice, position):
            self.samples[index] = max(-32768, min(32767, self.samples[index] + sample))
        return position + len(voice)

    def passages(self, received):
        """Where the received samples lie on the tape: ranges, in order. Fails on anything that is not of it."""
        tape, data = self.samples.tobytes(), received.tobytes()
        found, at, start = [], 0, 0
        while at < len(data):
            start = tape.find(data[at:at + 640], start)
            while start % 2 == 1:
                start = tape.find(data[at:at + 640], start + 1)
            if start < 0:
                raise AssertionError(f"{(len(data) - at) / 32:.0f} ms were received that nobody said")
            length = 0
            while length < len(data) - at and tape[start + length:start + length + 2] == data[at + length:at + length + 2]:
                length += 2
            found.append((start // 2, (start + length) // 2))
            at += length
            start += length
        return found


class WakeTests(ProductTests):
    def detector(self, *delays):
        script = self.folder / "detector.py"
        script.write_text(DETECTOR)
        return " ".join(map(str, ["exec", sys.executable, script, *delays]))

    def voice(self, text):
        """What espeak-ng says, at 16 kHz and without the silence around it."""
        path = self.folder / "voice.wav"
        subprocess.run(["sox", self.speak(text), "-r", str(RATE), "-c", "1", path, "silence", "1", "1", "0.5%",
                        "reverse", "silence", "1", "1", "0.5%", "reverse"], check=True)
        return read_wav(path)[1]

    def arguments(self, rehearsal, tape, *more):
        path = self.folder / "tape.wav"
        write_wav(path, RATE, 1, tape.samples)
        # Every stage that changes a sample is off, so that samples can be compared.
        return ["talk", "--endpoint", rehearsal.url, "--mode", "wake", "--json", "--input", f"file:{path}",
                "--output", "null", "--noise-suppression", "off", "--high-pass", "off", *map(str, more)]

    def test_asleep_nothing_is_sent_and_the_sentence_behind_the_wake_word_arrives_whole(self):
        word = self.voice("hello vivavoce")
        first, followup, second = map(
            self.voice, ["what is the capital of germany", "what day is it today", "what is the capital of italy"])
        tape = Tape(27)
        first_start = tape.put(word, 1 * RATE)
        first_end = tape.put(first, first_start)
        followup_end = tape.put(followup, 8 * RATE)
        second_start = tape.put(word, 22 * RATE)
        second_end = tape.put(second, second_start)
        saved = self.folder / "input.wav"
        rehearsal = self.start_rehearsal("--save-input", saved, "--setup-delay", 700, "--quick-voice")
        spoken = len(word) // 16
        finished = self.run_vivavoce(
            *self.arguments(rehearsal, tape, "--follow-up", 4, "--wake-idle", 3, "--wake-command",
                            self.detector(spoken, spoken + 800)), VIVAVOCE_KEY="any")
        self.assertExit(finished, 0)
        rehearsal.stop()
        events = events_of(finished)
        kinds = [e["event"] for e in events]
        self.assertEqual(kinds.count("wake.heard"), 2, kinds)
        finals = [e for e in events if e["event"] == "transcript.final"]
        # With the wake word before them the rehearsal may not know the sentences; it answers that, too.
        self.assertEqual([e["speaker"] for e in finals].count("model"), 3, finals)
        self.assertIn("what day is it today", [e["text"] for e in finals])
        # Parked, and back by the handle, without a word about it being a failure.
        lives = [e for e in events if e["event"] == "session.live"]
        self.assertEqual([e["resumed"] for e in lives], [False, True])
        self.assertFalse([e for e in events if e["event"] in ("warning", "error", "session.rotating", "audio.dropped")])
        asleep = [index for index, kind in enumerate(kinds) if kind == "wake.asleep"]
        self.assertGreater(kinds.index("session.live", asleep[1]), asleep[1])
        before = tape.passages(read_wav(saved)[1])
        after = tape.passages(read_wav(saved.with_name("input-2.wav"))[1])
        self.assertEqual([len(before), len(after)], [2, 1], (before, after))
        sentences = [(first_start, first_end), (8 * RATE, followup_end), (second_start, second_end)]
        for what, sentence, passage in zip(("connected", "follow-up", "parked"), sentences, before + after):
            clipped = max(0, passage[0] - sentence[0]) + max(0, sentence[1] - passage[1])
            print(f"{what}: {clipped} samples clipped, {(sentence[0] - passage[0]) / 16:.0f} ms before the sentence and "
                  f"{(passage[1] - sentence[1]) / 16:.0f} ms behind it were sent")
            self.assertEqual(clipped, 0, (what, sentence, passage))
            self.assertLess(sentence[0] - passage[0], 1.7 * RATE)
            self.assertLess(passage[1] - sentence[1], 1.0 * RATE)

    def test_a_detector_that_dies_is_reported_and_started_again(self):
        word, sentence = self.voice("hello vivavoce"), self.voice("what time is it")
        tape = Tape(8)
        tape.put(sentence, tape.put(word, 3 * RATE))
        mark = self.folder / "started"
        command = (f"if [ ! -e {mark} ]; then touch {mark}; echo 'no model here' >&2; exit 3; fi; "
                   + self.detector(len(word) // 16))
        rehearsal = self.start_rehearsal("--quick-voice")
        finished = self.run_vivavoce(*self.arguments(rehearsal, tape, "--wake-command", command), VIVAVOCE_KEY="any")
        self.assertExit(finished, 0)
        events = events_of(finished)
        warnings = [e for e in events if e["event"] == "warning"]
        self.assertEqual([e["code"] for e in warnings], ["wake.command"])
        self.assertIn("status 3: no model here", warnings[0]["message"])
        heard = [e for e in events if e["event"] == "wake.heard"]
        self.assertEqual([e["because"] for e in heard], ["the test's word"])
        self.assertIn("model", [e["speaker"] for e in events if e["event"] == "transcript.final"])

    def test_a_detector_that_is_not_there_ends_with_78(self):
        rehearsal = self.start_rehearsal()
        finished = self.run_vivavoce(
            *self.arguments(rehearsal, Tape(20), "--wake-command", "/nowhere/detector"), VIVAVOCE_KEY="any")
        self.assertExit(finished, 78)
        self.assertIn("/nowhere/detector", finished.stderr.decode() + finished.stdout.decode())

    def test_the_key_wakes_and_an_input_that_ends_asleep_ends_it(self):
        tape = Tape(9)
        tape.put(self.voice("what time is it"), 3 * RATE)
        rehearsal = self.start_rehearsal("--quick-voice")
        process = subprocess.Popen(
            [VIVAVOCE, *self.arguments(rehearsal, tape, "--follow-up", 3, "--wake-idle", 0, "--wake-command",
                                       self.detector(600_000))],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment(VIVAVOCE_KEY="any"))
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.kill)
        events = []
        for line in process.stdout:
            events.append(json.loads(line))
            if events[-1]["event"] == "session.live":
                break
        try:
            process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            pass
        os.kill(process.pid, signal.SIGUSR1)
        rest, stderr = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, stderr.decode(errors="replace"))
        events += [json.loads(line) for line in rest.splitlines()]
        self.assertEqual([e["because"] for e in events if e["event"] == "wake.heard"], ["key"])
        self.assertIn("what time is it", [e["text"] for e in events if e["event"] == "transcript.final"][0])
        self.assertEqual([e["because"] for e in events if e["event"] == "wake.asleep"], ["mode", "quiet"])

    def test_without_a_network_it_goes_back_to_sleep_and_the_next_word_finds_the_service_again(self):
        word, sentence = self.voice("hello vivavoce"), self.voice("what time is it")
        tape = Tape(24)
        tape.put(sentence, tape.put(word, 4 * RATE))
        tape.put(sentence, tape.put(word, 16 * RATE))
        rehearsal = self.start_rehearsal("--quick-voice")
        port = rehearsal.port
        process = subprocess.Popen(
            [VIVAVOCE, *self.arguments(rehearsal, tape, "--follow-up", 2, "--wake-idle", 1, "--recover-for", 3,
                                       "--wake-command", self.detector(len(word) // 16))],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment(VIVAVOCE_KEY="any"))
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.kill)
        events = []
        for line in process.stdout:
            events.append(json.loads(line))
            event = events[-1]
            if event["event"] == "session.live" and len(events) < 10:
                try:
                    process.wait(timeout=2.5)  # parked by then
                except subprocess.TimeoutExpired:
                    pass
                rehearsal.stop()
            if event["event"] == "warning" and event["code"] == "session.outOfReach":
                self.start_rehearsal("--quick-voice", "--port", port)
        process.wait(timeout=60)
        self.assertEqual(process.returncode, 0, process.stderr.read().decode(errors="replace"))
        wakes = [e["event"] for e in events if e["event"].startswith("wake.")]
        self.assertEqual(wakes[:4], ["wake.asleep", "wake.heard"] * 2)
        self.assertIn("session.outOfReach", [e.get("code") for e in events])
        self.assertIn("model", [e["speaker"] for e in events if e["event"] == "transcript.final"])


if __name__ == "__main__":
    unittest.main()

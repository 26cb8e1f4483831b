"""Real devices with a real clock: PulseAudio's null sinks through ALSA, as scripts/virtual-audio makes them."""

import json
import os
import queue
import re
import signal
import subprocess
import threading
import time
from pathlib import Path

from product import VIVAVOCE, ProductTests, read_wav, rms

ROOT = Path(__file__).resolve().parents[2]
VIRTUAL_AUDIO = str(ROOT / "scripts" / "virtual-audio")


class DeviceTests(ProductTests):
    def setUp(self):
        super().setUp()
        os.environ["VIRTUAL_AUDIO_DIR"] = str(self.folder / "audio")
        self.addCleanup(os.environ.pop, "VIRTUAL_AUDIO_DIR", None)
        started = subprocess.run([VIRTUAL_AUDIO, "start"], check=True, capture_output=True, text=True)
        self.addCleanup(subprocess.run, [VIRTUAL_AUDIO, "stop"], capture_output=True,
                        env=os.environ | {"VIRTUAL_AUDIO_DIR": str(self.folder / "audio")})
        self.sound = dict(re.findall(r'^export (\w+)=(.*)$', started.stdout, re.M))

    def start_talk(self, *arguments, service=("--rehearse",)):
        """A conversation on the virtual devices, and its events as they come."""
        process = subprocess.Popen(
            [VIVAVOCE, "talk", *service, "--json", *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL, env=self.environment(VIVAVOCE_KEY="test", **self.sound))
        events = queue.Queue()

        def read():
            for line in process.stdout:
                events.put((time.monotonic(), json.loads(line)))

        threading.Thread(target=read, daemon=True).start()

        def stop():
            process.terminate()
            process.wait(timeout=10)
            process.stdout.close()

        self.addCleanup(stop)
        return events

    def await_event(self, events, name, seconds=30, **fields):
        end = time.monotonic() + seconds
        while True:
            at, event = events.get(timeout=max(0.01, end - time.monotonic()))
            if event["event"] == name and all(event.get(key) == value for key, value in fields.items()):
                return at, event

    def await_both(self, events, state, seconds=30):
        """Both devices are in this state, in whatever order. - Returns: when the later one was."""
        end, missing = time.monotonic() + seconds, {"input", "output"}
        while missing:
            at, event = self.await_event(events, "audio.device", end - time.monotonic(), state=state)
            missing.discard(event["direction"])
        return at

    def device(self, *words):
        subprocess.run([VIRTUAL_AUDIO, *words], check=True, capture_output=True)

    def server(self, signal_number):
        os.kill(int((self.folder / "audio" / "pid").read_text()), signal_number)

    def pactl(self, *words):
        return subprocess.run(
            ["pactl", *words], check=True, capture_output=True, text=True, env=os.environ | self.sound).stdout

    def say(self, text):
        subprocess.run([VIRTUAL_AUDIO, "play", self.speak(text)], check=True, capture_output=True)

    def ask(self, events, text):
        """Says it until it is understood, as one does: one question in ten is not caught."""
        for _ in range(4):
            self.say(text)
            try:
                if text in self.await_event(events, "transcript.final", 15, speaker="user")[1]["text"]:
                    return
            except queue.Empty:
                continue
        self.fail(f"{text!r} was never understood")

    def record(self):
        """Records the virtual loudspeaker, from now on. - Returns: the file, and a way to end it."""
        path = self.folder / f"heard-{time.monotonic_ns()}.wav"
        process = subprocess.Popen(
            [VIRTUAL_AUDIO, "record", path, "120"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            start_new_session=True)

        def stop():
            # The recorder alone, and once: `timeout` above it would pass it on, and a second one ends it without a header.
            subprocess.run(["pkill", "-INT", "-g", str(process.pid), "-x", "parecord"])
            _, words = process.communicate(timeout=30)
            return words.decode()

        self.addCleanup(stop)
        begin = time.monotonic()
        while not path.exists():
            if process.poll() is not None or time.monotonic() > begin + 20:
                self.fail(f"nothing is recorded: {stop()}")
            time.sleep(0.02)
        return path, stop

    def recognised(self, path):
        """What a recogniser that knows a dozen answers hears in a recording."""
        voice = self.folder / "voice.wav"
        trim = ["silence", "1", "0.05", "1%", "reverse"]
        subprocess.run(
            ["sox", path, "-r", "16000", "-c", "1", voice, *trim, *trim, "pad", "0.3", "0.5", "norm", "-3"], check=True)
        return subprocess.run(
            ["pocketsphinx_continuous", "-infile", voice, "-jsgf", Path(__file__).with_name("answers.gram"), "-logfn",
             "/dev/null"], check=True, capture_output=True, text=True).stdout

    def test_a_question_at_the_microphone_is_answered_at_the_loudspeaker(self):
        events = self.start_talk()
        self.await_event(events, "audio.device", direction="output", state="open")
        heard = []
        for _ in range(3):  # the recogniser is no better than the rehearsal's ears
            path, stop = self.record()
            self.ask(events, "what is two plus two")
            self.await_event(events, "transcript.final", speaker="model", text="That is four.")
            time.sleep(0.5)
            stop()
            heard.append(self.recognised(path))
            if "that is four" in heard[-1]:
                return
        self.fail(f"the answer was not heard: {heard}")

    def test_speech_during_the_answer_silences_it(self):
        events = self.start_talk()
        self.await_event(events, "audio.device", direction="output", state="open")
        self.say("tell me a story")
        self.await_event(events, "turn.started", speaker="model")
        # 2.5 s of sound that the microphone does not hear are headphones; until then nothing counts as a voice.
        time.sleep(4)
        path, stop = self.record()
        time.sleep(1)
        self.say("stop")
        _, cut = self.await_event(events, "turn.interrupted")
        self.assertGreater(cut["heardMilliseconds"], 1000)
        _, line = self.await_event(events, "transcript.final", speaker="model")
        self.assertIn("heard", line)
        self.assertLess(len(line["heard"]), len(line["text"]))
        stop()
        rate, samples = read_wav(path)
        blocks = [rms(samples[n : n + rate // 50]) for n in range(0, len(samples), rate // 50)]
        self.assertGreater(max(blocks), 500, "nothing was being said")

    def test_an_unplugged_loudspeaker_and_microphone_are_back_within_a_second_of_their_return(self):
        rehearsal = self.start_rehearsal()
        events = self.start_talk(
            "--input", "alsa:vv_microphone", "--output", "alsa:vv_speaker", service=("--endpoint", rehearsal.url))
        self.await_both(events, "open")
        for device, direction in (("speaker", "output"), ("microphone", "input")):
            self.device("unplug", device)
            _, lost = self.await_event(events, "audio.device", 10, direction=direction, state="lost")
            self.assertIn("Plug it in", lost["reason"])
            time.sleep(2)
            self.device("replug", device)
            returned = time.monotonic()
            at, _ = self.await_event(events, "audio.device", 10, direction=direction, state="reopened")
            self.assertLess(at - returned, 1)
        self.assertTrue(any("audioStreamEnd" in json.dumps(message) for message in rehearsal.messages()))
        self.ask(events, "what is two plus two")

    def test_a_changed_default_is_followed_and_told_both_ways(self):
        events = self.start_talk()
        self.await_event(events, "audio.device", direction="output", state="open")
        self.device("add-sink", "vv_headset")
        for name in ("vv_headset", "vv_speaker"):
            time.sleep(0.5)
            self.device("default-sink", name)
            self.await_event(events, "audio.device", 5, direction="output", state="changed")
            sinks = dict(line.split()[:2] for line in self.pactl("list", "short", "sinks").splitlines())
            streams = self.pactl("list", "sink-inputs")
            ours = next(part for part in streams.split("Sink Input #") if "vivavoce" in part)
            self.assertEqual(sinks[re.search(r"Sink: (\d+)", ours)[1]], name)

    def test_a_sound_server_that_hangs_is_noticed_and_forgiven(self):
        events = self.start_talk("--output", "alsa:vv_speaker", "--input", "alsa:vv_microphone")
        self.await_both(events, "open")
        self.server(signal.SIGSTOP)
        try:
            at = time.monotonic()
            self.assertLess(self.await_both(events, "lost", 10) - at, 5)
            time.sleep(6)  # openings hang meanwhile, and are left behind
        finally:
            self.server(signal.SIGCONT)
        self.await_both(events, "reopened", 10)

    def test_a_microphone_that_brings_only_zeros_is_told(self):
        events = self.start_talk("--input", "alsa:vv_microphone")
        _, silent = self.await_event(events, "audio.device", 15, direction="input", state="silent")
        self.assertIn("muted", silent["reason"])
        self.say("what is two plus two")
        self.await_event(events, "audio.device", 5, direction="input", state="open")

    def test_a_device_that_is_not_there_ends_with_69_and_says_what_is(self):
        finished = self.run_vivavoce("talk", "--rehearse", "--output", "alsa:nonesuch", **self.sound)
        self.assertExit(finished, 69)
        self.assertIn(b"default", finished.stderr)

    def test_the_mixer_sets_the_volume_where_it_is_named(self):
        events = self.start_talk("--mixer", "Master", "--volume", "50")
        self.await_event(events, "audio.device", direction="output", state="open")
        time.sleep(0.5)
        self.assertIn("50%", self.pactl("get-sink-volume", "vv_speaker"))
        finished = self.run_vivavoce("talk", "--rehearse", "--mixer", "Nonesuch", **self.sound)
        self.assertExit(finished, 64)
        self.assertIn(b"There are: Master", finished.stderr)


if __name__ == "__main__":
    import unittest

    unittest.main()

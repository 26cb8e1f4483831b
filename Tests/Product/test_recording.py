"""Recordings: both speakers in their channels and at their times, whatever ends the program."""

import datetime
import json
import os
import re
import signal
import stat
import subprocess
import time

import numpy

from product import VIVAVOCE, ProductTests, events_of, read_wav

RATE = 48000


def decoded(path, folder):
    """Left and right of an Ogg Opus file at 48 kHz, as outsiders decode it."""
    wav = folder / f"decoded-{time.monotonic_ns()}.wav"
    subprocess.run(["opusdec", "--quiet", "--rate", str(RATE), path, wav], check=True, capture_output=True)
    # A cut file has no length in its header that the wave module would take.
    samples = numpy.frombuffer(wav.read_bytes()[44:], dtype="<i2").reshape(-1, 2).astype(float)
    return samples[:, 0], samples[:, 1]


def comment(path, name):
    """Of what opusinfo prints; it ends with 1 for a file that was cut."""
    printed = subprocess.run(["opusinfo", path], capture_output=True).stdout.decode()
    return re.search(rf"(?m)^\s*{name}=(.*)$", printed).group(1), printed


def milliseconds(stamp):
    return datetime.datetime.fromisoformat(stamp.replace("Z", "+00:00")).timestamp() * 1000


def lag(sound, part):
    """Where in `sound` the samples of `part` are found best, and how well: 1 is the same."""
    size = 1 << (len(sound) + len(part)).bit_length()
    spectrum = numpy.fft.rfft(sound, size) * numpy.conj(numpy.fft.rfft(part, size))
    correlation = numpy.fft.irfft(spectrum, size)[: len(sound)]
    place = int(numpy.argmax(correlation))
    there = sound[place : place + len(part)]
    return place, correlation[place] / (numpy.linalg.norm(there) * numpy.linalg.norm(part) + 1e-9)


def at_48k(path):
    rate, samples = read_wav(path)
    sound = numpy.array(samples, dtype=float)
    return numpy.interp(numpy.arange(len(sound) * RATE // rate) * rate / RATE, numpy.arange(len(sound)), sound)


def spoken(played):
    """Where the answer is loud in what was played: behind the chime that says, without a terminal, that it is recorded."""
    loud = numpy.flatnonzero(numpy.abs(played) > 500)
    pauses = numpy.flatnonzero(numpy.diff(loud) > RATE // 2)
    chime = loud[: pauses[0] + 1]
    assert RATE // 4 < chime[-1] - chime[0] < RATE // 2, chime
    return loud[pauses[0] + 1 :]


class RecordingTests(ProductTests):
    def record(self, *arguments):
        directory = self.folder / "recordings"
        finished = self.run_vivavoce("talk", "--rehearse", "--json", "--record", directory, *arguments)
        self.assertExit(finished, 0)
        (session,) = directory.iterdir()
        return finished, session

    def test_both_speakers_are_where_they_were_heard(self):
        question, answer = self.speak("what time is it"), self.folder / "answer.wav"
        finished, session = self.record("--input", f"file:{question}", "--output", f"file:{answer}")
        events = events_of(finished)
        recording = session / "audio.opus"
        left, right = decoded(recording, self.folder)

        # The model's words: the same sound as in the file that was played to, at one distance all along.
        played = at_48k(answer)
        loud = spoken(played)
        begin, end = loud[0], loud[-1]
        places = []
        for start in numpy.linspace(begin, end - RATE // 2, 5).astype(int):
            place, likeness = lag(right, played[start : start + RATE // 2])
            self.assertGreater(likeness, 0.8)
            places.append(place - start)
        self.assertLess((max(places) - min(places)) / RATE, 0.020)

        # ... and on the wall clock of the events.
        start = int(comment(recording, "VIVAVOCE_START")[0])
        heard = start + (begin + places[0]) * 1000 / RATE
        (told,) = [e for e in events if e["event"] == "turn.started" and e["speaker"] == "model"]
        self.assertAlmostEqual(heard, milliseconds(told["at"]), delta=1000)  # the answer waits in the cushion first
        (over,) = [e for e in events if e["event"] == "turn.completed" and e["speaker"] == "model"]
        self.assertAlmostEqual(start + (end + places[0]) * 1000 / RATE, milliseconds(over["at"]), delta=1000)

        # The user's words, as they were sent.
        said = at_48k(question)
        voiced = numpy.flatnonzero(numpy.abs(said) > 500)
        place, likeness = lag(left, said[voiced[0] : voiced[-1]])
        self.assertGreater(likeness, 0.7)
        live = next(milliseconds(e["at"]) for e in events if e["event"] == "session.live")
        self.assertAlmostEqual(start + (place - voiced[0]) * 1000 / RATE, live, delta=500)

        # Nobody is heard in the other's channel.
        self.assertLess(numpy.abs(left[begin + places[0] : end + places[0]]).max(), 500)

    def test_it_is_told_and_measured_alike_by_everybody(self):
        finished, session = self.record(
            "--input", f"file:{self.speak('what time is it')}", "--output", "null")
        events = events_of(finished)
        names = [e["event"] for e in events]
        self.assertEqual(names.count("recording.started"), 1)
        self.assertNotIn("warning", names)
        ended = next(e for e in events if e["event"] == "recording.ended")
        self.assertEqual(ended["path"], str(session))
        self.assertEqual(ended["lostMilliseconds"], 0)
        left, _ = decoded(session / "audio.opus", self.folder)
        self.assertAlmostEqual(len(left) / RATE, ended["seconds"], delta=0.1)
        date, printed = comment(session / "audio.opus", "DATE")
        self.assertIn("Channels: 2", printed)
        minutes, seconds = re.search(r"Playback length: (\d+)m:([\d.]+)s", printed).groups()
        self.assertAlmostEqual(int(minutes) * 60 + float(seconds), ended["seconds"], delta=0.1)
        self.assertEqual(milliseconds(date), int(comment(session / "audio.opus", "VIVAVOCE_START")[0]))
        self.assertEqual(stat.S_IMODE(session.stat().st_mode), 0o700)
        self.assertEqual(stat.S_IMODE((session / "audio.opus").stat().st_mode), 0o600)

    def test_who_is_recorded_is_told(self):
        finished = self.run_vivavoce(
            "talk", "--rehearse", "--quiet", "--record", self.folder / "r", "--input", "silence", "--output", "null",
            "--until", "for:1")
        self.assertExit(finished, 0)
        self.assertIn(b"say so to whoever is in the room", finished.stderr)

    def test_pipes_are_recorded_too(self):
        raw = self.folder / "question.raw"
        subprocess.run(
            ["sox", self.speak("what time is it"), "-r", "16000", "-c", "1", "-b", "16", "-e", "signed-integer",
             "-t", "raw", raw], check=True)
        directory = self.folder / "recordings"
        finished = self.run_vivavoce(
            "talk", "--rehearse", "--quiet", "--record", directory, "--input", "-", "--output", "-",
            stdin=raw.read_bytes())
        self.assertExit(finished, 0)
        (session,) = directory.iterdir()
        left, right = decoded(session / "audio.opus", self.folder)
        answer = numpy.frombuffer(finished.stdout, dtype="<i2").astype(float)
        answer = numpy.interp(numpy.arange(len(answer) * 2) / 2, numpy.arange(len(answer)), answer)
        loud = numpy.flatnonzero(numpy.abs(answer) > 500)
        self.assertGreater(lag(right, answer[loud[0] : loud[-1]])[1], 0.8)
        said = at_48k(self.speak("what time is it"))
        voiced = numpy.flatnonzero(numpy.abs(said) > 500)
        self.assertGreater(lag(left, said[voiced[0] : voiced[-1]])[1], 0.7)

    def test_a_directory_that_cannot_be_written_is_told_once_and_the_talk_goes_on(self):
        (self.folder / "file").write_text("")
        finished = self.run_vivavoce(
            "talk", "--rehearse", "--json", "--record", self.folder / "file" / "r", "--input", "silence", "--output",
            "null", "--until", "for:4")
        self.assertExit(finished, 0)
        warnings = [e for e in events_of(finished) if e["event"] == "warning"]
        self.assertEqual([e["code"] for e in warnings], ["recording.missing"])
        self.assertIn("--record", warnings[0]["remedy"])

    def test_an_image_in_an_answer_is_kept_beside_the_sound(self):
        scenario = self.folder / "scenario.yaml"
        scenario.write_text(
            "steps:\n  - expect: setup\n  - send: {setupComplete: {}}\n  - expect: {audio: 500}\n"
            "  - send: {serverContent: {modelTurn: {parts: [{inlineData: {mimeType: image/png, data: iVBORw==}}]}}}\n"
            "  - say: Here it is.\n")
        finished = self.run_vivavoce(
            "talk", "--endpoint", self.start_rehearsal("--scenario", scenario).url, "--json", "--record",
            self.folder / "recordings", "--input", f"file:{self.speak('show me a picture')}", "--output", "null",
            VIVAVOCE_KEY="any")
        self.assertExit(finished, 0)
        (image,) = [e for e in events_of(finished) if e["event"] == "image"]
        self.assertEqual(image["mimeType"], "image/png")
        (session,) = (self.folder / "recordings").iterdir()
        self.assertEqual(image["path"], str(session / "artifacts" / "image.png"))
        self.assertEqual((session / "artifacts" / "image.png").read_bytes(), b"\x89PNG")
        self.assertExit(self.run_vivavoce("transcripts", "delete", "last", "--yes"), 0)
        self.assertFalse(session.exists())

    def test_killed_at_any_moment_it_plays_to_within_a_second(self):
        rehearsal = self.start_rehearsal()
        for attempt, seconds in enumerate((1.3, 2.1, 2.75, 3.4)):
            directory = self.folder / f"killed-{attempt}"
            process = subprocess.Popen(
                [VIVAVOCE, "talk", "--endpoint", rehearsal.url, "--json", "--record", directory, "--input", "tone:440",
                 "--output", "null"], env=self.environment(VIVAVOCE_KEY="any"), stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL)
            for line in process.stdout:
                if json.loads(line)["event"] == "recording.started":
                    break
            time.sleep(seconds)
            process.send_signal(signal.SIGKILL)
            killed = time.time() * 1000
            process.wait()
            process.stdout.close()
            (session,) = directory.iterdir()
            left, _ = decoded(session / "audio.opus", self.folder)
            end = int(comment(session / "audio.opus", "VIVAVOCE_START")[0]) + len(left) * 1000 / RATE
            # Half a second where nothing else runs; scripts/bench-record-kill holds it to one.
            self.assertLess(killed - end, 2000)
            self.assertGreater(killed - end, -50)
            self.assertGreater(numpy.abs(left[-RATE // 10 :]).max(), 1000)
            self.assertEqual(os.listdir(session), ["audio.opus"])

    def test_a_disk_that_was_full_is_written_again_when_there_is_room(self):
        disk = self.small_disk("1536k")
        process = subprocess.Popen(
            [VIVAVOCE, "talk", "--rehearse", "--json", "--record", disk, "--input", "tone:440", "--output", "null",
             "--until", "for:14"], env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        events = []
        for line in process.stdout:
            events.append(json.loads(line))
            if events[-1]["event"] == "recording.started" and not any(e["event"] == "warning" for e in events):
                time.sleep(2)
                filler = self.fill(disk)
            elif events[-1]["event"] == "warning":
                filler.unlink()
        self.assertEqual(process.wait(), 0)
        process.stdout.close()
        told = [e["event"] for e in events if e["event"].startswith("recording") or e["event"] == "warning"]
        self.assertEqual(told, ["recording.started", "warning", "recording.started", "recording.ended"])
        ended = next(e for e in events if e["event"] == "recording.ended")
        (session,) = disk.iterdir()
        lengths = [len(decoded(session / name, self.folder)[0]) / RATE for name in ("audio.opus", "audio-2.opus")]
        # What the last page of the first file did not say is not known exactly, and is counted as lost.
        self.assertAlmostEqual(sum(lengths), ended["seconds"], delta=0.3)
        begun = int(comment(session / "audio.opus", "VIVAVOCE_START")[0])
        resumed = int(comment(session / "audio-2.opus", "VIVAVOCE_START")[0])
        self.assertAlmostEqual((resumed - begun) / 1000 - lengths[0], ended["lostMilliseconds"] / 1000, delta=0.8)


class ReplayTests(ProductTests):
    def setUp(self):
        super().setUp()
        self.answer = self.folder / "answer.wav"
        finished = self.run_vivavoce(
            "talk", "--rehearse", "--json", "--record", self.folder / "recordings", "--input",
            f"file:{self.speak('what time is it')}", "--output", f"file:{self.answer}")
        self.assertExit(finished, 0)
        self.events = events_of(finished)
        (self.session,) = (self.folder / "recordings").iterdir()
        self.start = int(comment(self.session / "audio.opus", "VIVAVOCE_START")[0])

    def replay(self, *arguments, **more):
        return self.run_vivavoce("transcripts", "replay", *arguments, **more)

    def keep_lines(self):
        """Puts the conversation into the record by hand: a line at 0.2 s, and one at 1 s."""
        def stamp(after):
            moment = datetime.datetime.fromtimestamp((self.start + after) / 1000, datetime.timezone.utc)
            return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        lines = [{"type": "session", "id": "s1", "startedAt": stamp(0), "recording": str(self.session)}] + [
            {"type": "line", "session": "s1", "turn": turn, "speaker": speaker, "begin": stamp(at), "end": stamp(at + 100),
             "text": text, "source": "speech", "final": True}
            for turn, speaker, at, text in ((1, "user", 200, "first"), (2, "model", 1000, "second"))]
        file = self.folder / "lines.jsonl"
        file.write_text("".join(json.dumps(line) + "\n" for line in lines))
        self.assertExit(self.run_vivavoce("transcripts", "import", file), 0)

    def test_a_recording_is_played_again(self):
        again = self.folder / "again.wav"
        self.assertExit(self.replay(self.session, "--speaker", "model", "--output", f"file:{again}"), 0)
        played, replayed = at_48k(self.answer), at_48k(again)
        loud = spoken(played)
        for start in numpy.linspace(loud[0], loud[-1] - RATE // 2, 4).astype(int):
            self.assertGreater(lag(replayed, played[start : start + RATE // 2])[1], 0.8)

    def test_it_begins_where_it_is_asked_to_and_goes_as_fast_as_it_is_asked_to(self):
        length = len(decoded(self.session / "audio.opus", self.folder)[0]) / RATE
        took = {}
        for arguments in ((), ("--speed", "2"), ("--from", "0:02")):
            begun = time.monotonic()
            self.assertExit(self.replay(self.session, "--output", "null", *arguments), 0)
            took[arguments] = time.monotonic() - begun
        # Not shorter than it is, and longer by no more than a program takes to begin and to end.
        for arguments, expected in (((), length), (("--speed", "2"), length / 2), (("--from", "0:02"), length - 2)):
            self.assertGreater(took[arguments], expected - 0.5)
            self.assertLess(took[arguments], expected + 5)
        self.assertExit(self.replay(self.session, "--output", "null", "--from", "5:00:00"), 65)
        self.assertExit(self.replay(self.session, "--output", "null", "--from", "noon"), 64)

    def test_lines_appear_as_they_were_said(self):
        self.keep_lines()
        process = subprocess.Popen(
            [VIVAVOCE, "transcripts", "replay", "last", "--output", "null"], stdout=subprocess.PIPE,
            env=self.environment())
        first, at_first = process.stdout.readline().decode(), time.monotonic()
        second, at_second = process.stdout.readline().decode(), time.monotonic()
        process.wait(timeout=60)
        process.stdout.close()
        self.assertRegex(first, r"^\d\d:\d\d:\d\d  you: first$")
        self.assertRegex(second, r"^\d\d:\d\d:\d\d  model: second$")
        self.assertAlmostEqual(at_second - at_first, 0.8, delta=0.5)
        finished = self.replay("last", "--output", "null", "--from", "0:01", "--speaker", "model")
        self.assertEqual(finished.stdout.count(b"\n"), 1)

    def test_it_ends_when_it_is_told_to(self):
        process = subprocess.Popen(
            [VIVAVOCE, "transcripts", "replay", self.session, "--output", "null"], env=self.environment())
        time.sleep(1.5)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=5), 0)

    def test_where_nothing_was_recorded_it_says_so(self):
        for place, remedy in (("recordings", b"--record"), ("none", b"Mount its disk")):
            finished = self.replay(self.folder / place, "--output", "null")
            self.assertExit(finished, 66)
            self.assertIn(remedy, finished.stderr)

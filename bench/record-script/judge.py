"""Reads the record beside the script: words, cuts, times, sound and exports."""

import datetime
import difflib
import json
import re
import statistics
import subprocess
import sys

import numpy

from talk import environment

RATE = 24_000
WINDOW = RATE // 2
ALIGNED_MS = 20


def milliseconds(stamp):
    return datetime.datetime.fromisoformat(stamp.replace("Z", "+00:00")).timestamp() * 1000


def plain(text):
    return re.sub(r"[^a-z0-9 ]", "", text.lower()).strip()


def bare(text):
    """Without punctuation, case and rows."""
    return " ".join(plain(text.replace("-", " ")).split())


def shown(line):
    """What exports show of a line: what was heard of it."""
    return bare(line.get("heard", line["text"]))


def spread(values):
    """Median, 95th percentile and the largest, of magnitudes."""
    if not values:
        return None
    ordered = sorted(abs(value) for value in values)
    return {
        "count": len(ordered), "median": round(statistics.median(ordered), 1),
        "p95": round(ordered[int(0.95 * (len(ordered) - 1))], 1), "max": round(ordered[-1], 1)}


class Judge:
    def __init__(self, turns, events, voice, options, folder):
        self.turns, self.events, self.voice, self.options, self.folder = turns, events, voice, options, folder
        self.problems = []
        self.figures = {}

    def run(self):
        objects = [json.loads(line) for line in self.transcripts("export", "last", "--format", "jsonl").splitlines()]
        lines = [one for one in objects if one["type"] == "line"]
        self.users = [line for line in lines if line["speaker"] == "user"]
        self.models = [line for line in lines if line["speaker"] == "model"]
        self.words()
        if not self.problems:
            self.cuts()
            self.sound()
        self.exports(lines)
        return {**self.figures, "problems": self.problems}

    def transcripts(self, *words, stdin=None, home=None):
        finished = subprocess.run(
            [self.options.client, "transcripts", *words], capture_output=True, text=True, input=stdin,
            env=environment(home or self.folder))
        if finished.returncode:
            raise SystemExit(f"transcripts {' '.join(words)}: {finished.stderr}")
        return finished.stdout

    def expect(self, holds, what):
        if not holds:
            self.problems.append(what)

    # The words

    def words(self):
        """Every turn of the script is there, once, in order and to the letter; of a cut answer, its beginning."""
        self.expect(len(self.users) == len(self.turns), f"{len(self.users)} lines of the user for {len(self.turns)}")
        self.expect(len(self.models) == len(self.turns), f"{len(self.models)} answers for {len(self.turns)}")
        asked = [bare(line["text"]) if "source" in line and line["source"] != "typed" else line["text"] for line in self.users]
        wanted = [turn.text for turn in self.turns]
        for what, i, j, k, l in difflib.SequenceMatcher(None, wanted, asked, autojunk=False).get_opcodes():
            self.expect(what == "equal", f"asked {wanted[i:j]}, kept {asked[k:l]}")
        for turn, model in zip(self.turns, self.models):
            text, heard = model["text"].strip(), model.get("heard")
            if heard is None:
                self.expect(text == turn.answer, f"answer {turn.answer!r}, kept {text!r}")
                self.expect(
                    turn.cut is None or turn.spoken or self.ended_itself(model), f"{text!r} was cut and has no mark of it")
            else:
                self.expect(turn.answer.startswith(text), f"answer {turn.answer!r}, kept of it {text!r}")
                self.expect(text.startswith(heard.strip()), f"heard {heard!r} of {text!r}")
                self.expect(turn.cut is not None, f"{text!r} was cut, not by the script")
        self.figures["turns"] = len(self.turns)
        self.figures["connectionsChanged"] = sum(event["event"] == "session.resumed" for event in self.events)
        self.figures["cut"] = sum("heard" in model for model in self.models)

    def ended_itself(self, model):
        return any(
            event["event"] == "turn.completed" and event["turn"] == model["turn"] and event["speaker"] == "model"
            and event["reason"] == "complete" for event in self.events)

    def cuts(self):
        """How far the end of what is called heard lies from where the player's clock stood, in milliseconds of speech.

        Within the word that was cut there is nothing to choose: from the end of the last word that is in to the end of
        the next, the text is right.
        """
        clock = {
            event["turn"]: event["heardMilliseconds"] for event in self.events
            if event["event"] == "turn.interrupted"}
        errors = []
        for turn, model in zip(self.turns, self.models):
            if "heard" not in model:
                continue
            sound, starts = self.voice.speak(turn.answer)
            ends = starts[1:] + [len(sound) * 1000 / RATE]
            count = len(model["heard"].split())
            begin = ends[count - 1] if count else 0
            end = ends[min(count, len(ends) - 1)]
            at = clock.get(model["turn"])
            if at is None:
                self.problems.append(f"no turn.interrupted for {model['text']!r}")
                continue
            errors.append(begin - at if at < begin else end - at if at > end else 0)
        self.figures["cutTextMilliseconds"] = spread(errors)
        self.figures["cutsWithin150"] = sum(abs(error) <= 150 for error in errors)

    # The sound

    def sound(self):
        """Each answer's sound, looked for in the recording around where the transcript says that it begins."""
        (recording,) = (self.folder / "sound").glob("*/audio.opus")
        info = subprocess.run(["opusinfo", recording], capture_output=True, text=True).stdout
        start = int(re.search(r"VIVAVOCE_START=(\d+)", info).group(1))
        minutes, seconds = re.search(r"Playback length: (\d+)m:([\d.]+)s", info).groups()
        length = int(minutes) * 60 + float(seconds)
        decoded = self.folder / "audio.wav"
        subprocess.run(["opusdec", "--quiet", "--rate", str(RATE), recording, decoded], check=True)
        both = numpy.frombuffer(decoded.read_bytes()[44:], dtype="<i2").reshape(-1, 2)
        told = next(event for event in self.events if event["event"] == "recording.ended")
        self.expect(abs(length - told["seconds"]) < 0.1, f"{length} s of sound, {told['seconds']} s told")
        probe = self.probe(recording)
        if probe is not None:
            self.expect(abs(probe - length) < 0.1, f"ffprobe says {probe} s, opusinfo {length}")
        last = max(milliseconds(line["end"]) for line in self.models)
        self.expect(last - start <= length * 1000 + 20, "the transcript goes on after the sound")
        model, user = both[:, 1].astype(float), both[:, 0].astype(float)
        begins, ends = [], []  # milliseconds
        for number, (turn, line) in enumerate(zip(self.turns, self.models)):
            wanted = (milliseconds(line["begin"]) - start) * RATE / 1000
            spoken, _ = self.voice.speak(turn.answer)
            heard = (milliseconds(line["end"]) - milliseconds(line["begin"])) * RATE / 1000
            following = self.models[number + 1 :][:1]
            before = (milliseconds(following[0]["begin"]) - start) * RATE / 1000 - WINDOW / 25 if following else len(model)
            place = self.find(model, spoken[: int(min(heard, 3 * RATE))], int(wanted), int(before))
            begins.append((place - wanted) * 1000 / RATE)
            if "heard" in line:
                # The last of it that can be heard, before the next answer. A cut in a pause says nothing.
                finish = int((milliseconds(line["end"]) - start) * RATE / 1000)
                follows = int((milliseconds(self.models[number + 1]["begin"]) - start) * RATE / 1000) - WINDOW // 25
                after = numpy.flatnonzero(numpy.abs(model[finish : min(finish + WINDOW, follows)]) > 200)
                ends.append(after[-1] * 1000 / RATE if len(after) else 0.0)
        self.expect(
            all(abs(begin) <= ALIGNED_MS for begin in begins), "an answer lies elsewhere in the sound than in the transcript")
        self.figures |= {
            "soundSeconds": round(length, 1), "ffprobeSeconds": probe,
            "answerBeginsOffMilliseconds": spread(begins),
            "soundAfterACutMilliseconds": spread(ends)}
        quiet = [
            (milliseconds(line["begin"]) - start) - self.first_loud(user, int((milliseconds(line["begin"]) - start) * RATE / 1000))
            for line, turn in zip(self.users, self.turns) if turn.spoken]
        self.figures["userBeginsOffMilliseconds"] = spread(quiet)

    @staticmethod
    def first_loud(sound, near):
        """The first voice within half a second of a place, in milliseconds."""
        from_ = max(0, near - WINDOW)
        loud = numpy.flatnonzero(numpy.abs(sound[from_ : near + WINDOW]) > 300)
        return (from_ + (loud[0] if len(loud) else 0)) * 1000 / RATE

    @staticmethod
    def find(sound, part, near, before):
        """Where in a second around a place, and before another, a part is found best: by its shape, not by how loud it is
        there. What follows an answer that was cut early may begin with the same words.
        """
        from_ = max(0, near - WINDOW)
        field = sound[from_ : near + WINDOW + len(part)]
        field = numpy.pad(field, (0, 2 * WINDOW + len(part) - len(field)))  # the recording may end before
        size = 1 << (len(field) + len(part)).bit_length()
        likeness = numpy.fft.irfft(numpy.fft.rfft(field, size) * numpy.conj(numpy.fft.rfft(part, size)), size)
        energy = numpy.concatenate(([0.0], numpy.cumsum(field**2)))
        places = numpy.arange(max(1, min(2 * WINDOW, before - from_)))
        local = energy[places + len(part)] - energy[places]
        return from_ + int(numpy.argmax(likeness[places] / numpy.sqrt(local + energy[-1] / len(field) * len(part) / 100)))

    @staticmethod
    def probe(recording):
        """What ffprobe takes for its length; None where there is none."""
        try:
            return float(subprocess.run(
                ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", recording],
                capture_output=True, text=True, check=True).stdout)
        except FileNotFoundError:
            print("ffprobe is not installed: its opinion is not asked for", file=sys.stderr)
            return None

    # The exports

    def exports(self, lines):
        """JSON Lines come back as they went; every other form holds every line."""
        exported = self.transcripts("export", "last", "--format", "jsonl")
        other = self.folder / "other"
        other.mkdir()
        self.transcripts("import", "-", stdin=exported, home=other)
        again = self.transcripts("export", "last", "--format", "jsonl", home=other)
        self.expect(again == exported, "what was imported is exported otherwise")
        (document,) = json.loads(self.transcripts("export", "last", "--format", "json"))
        self.expect(len(document["lines"]) == len(lines), "the JSON document has other lines")
        for form in ("md", "txt", "srt", "vtt"):
            spoken = self.by_speaker(form)
            missing = [line["text"] for line in lines if shown(line) not in spoken[line["speaker"]]]
            self.expect(not missing, f"{form} lacks {len(missing)} lines, the first {missing[:1]}")
        self.figures["exported"] = len(lines)

    def by_speaker(self, form):
        """All that an export has of each, as words. A cue or paragraph without a name goes on with who spoke last."""
        spoken, who = {"user": "", "model": ""}, "user"
        for row in self.transcripts("export", "last", "--format", form).splitlines():
            row = re.sub(r"^\s*([\d:.,]+ --> [\d:.,]+|\d+$|[\d:]+ )", "", row)
            if named := re.match(r"\s*(?:\*\*(\w+)\*\* \(\S+\):|<v (\w+)>|(You|Model):\s)", row):
                who = {"You": "user", "Model": "model"}[named[1] or named[2] or named[3]]
                row = row[named.end() :]
            spoken[who] += " " + row.replace("</v>", "")
        return {who: bare(text) for who, text in spoken.items()}

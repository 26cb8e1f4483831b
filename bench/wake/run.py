#!/usr/bin/env python3
"""How often the built-in wake word hears its phrase, and how often it hears it where it was not said.

Speech is generated: espeak-ng and flite say the phrase, then half an hour of other sentences. Prints one line per
phrase and threshold. Called by scripts/bench-wake, which builds the detector.
"""
import argparse
import itertools
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np

RATE = 16_000
# (program, voice, speed in words a minute): 12 of espeak-ng, 4 of flite.
VOICES = [("espeak-ng", f"{language}+{variant}", speed)
          for (language, variant), speed in zip(
              itertools.product(["en-us", "en-gb", "en-gb-scotland"], ["m1", "m3", "f2", "f4"]),
              itertools.cycle([140, 160, 180]))]
VOICES += [("flite", name, 0) for name in ["awb", "kal16", "rms", "slt"]]
SENTENCES = ["{}, what time is it", "{}, how are you today", "{}"]
# Where a phrase is likeliest to be heard wrongly.
CLOSE = ["hello everybody", "hello Vivian", "hello, a vivid voice", "say hello", "hey, a video", "hey Vivian",
         "they revive a vote", "hello, can you hear my voice", "a visa for the voyage", "have a river view"]
# As the voices must read it to say it as people do.
SPELLED = {"vivavoce": "veeva voachay", "viva": "veeva"}
TEXTS = ["/usr/share/common-licenses/GPL-3", "/usr/share/common-licenses/Artistic",
         "/usr/share/common-licenses/MPL-1.1", "/usr/share/common-licenses/Apache-2.0"]


def say(text, voice):
    """-> float samples at 16 kHz, peak 0.3."""
    program, name, speed = voice
    with tempfile.NamedTemporaryFile(suffix=".wav") as wav:
        if program == "espeak-ng":
            subprocess.run(["espeak-ng", "-v", name, "-s", str(speed), "-w", wav.name, text], check=True)
        else:
            subprocess.run(["flite", "-voice", name, "-t", text, "-o", wav.name], check=True)
        raw = subprocess.run(["sox", "-R", wav.name, "-r", str(RATE), "-c", "1", "-b", "16", "-e", "signed", "-t", "raw", "-"],
                             check=True, capture_output=True).stdout
    samples = np.frombuffer(raw, dtype="<i2").astype(float) / 32768
    return samples * 0.3 / max(1e-9, np.abs(samples).max())


def noise(count, random):
    """Pink between 50 Hz and 8 kHz, power 1: what a room sounds like, roughly."""
    spectrum = np.fft.rfft(random.standard_normal(count))
    frequency = np.maximum(np.fft.rfftfreq(count, 1 / RATE), 50)
    pink = np.fft.irfft(spectrum / np.sqrt(frequency), count)
    return pink / np.sqrt(np.mean(pink ** 2))


def noisy(speech, decibels, random):
    """Noise this far below the speech's own level, pauses not counted."""
    loud = np.abs(speech) > 0.01
    level = np.sqrt(np.mean(speech[loud] ** 2)) if loud.any() else 0.05
    return speech + noise(len(speech), random) * level * 10 ** (-decibels / 20)


def write(path, samples):
    path.write_bytes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())


def pause(seconds):
    return np.zeros(int(seconds * RATE))


def record_phrase(phrase, decibels, folder):
    """One file per voice and sentence, each with a second of quiet around it."""
    random = np.random.default_rng(1)
    spoken = " ".join(SPELLED.get(word, word) for word in phrase.split())
    paths = []
    for index, (voice, sentence) in enumerate(itertools.product(VOICES, SENTENCES)):
        path = folder / f"{phrase.replace(' ', '-')}-{decibels}-{index}.raw"
        if not path.exists():
            speech = np.concatenate([pause(1), say(sentence.format(spoken), voice), pause(1)])
            write(path, noisy(speech, decibels, random))
        paths.append(path)
    return paths


def record_others(decibels, minutes, folder):
    """Sentences without the phrase, half a second apart, in files of about a minute."""
    random = np.random.default_rng(2)
    text = " ".join(pathlib.Path(path).read_text(errors="replace") for path in TEXTS)
    sentences = [" ".join(sentence.split()) for sentence in re.split(r"(?<=[.;:])\s", text)]
    sentences = [s for s in sentences if 20 < len(s) < 250 and re.search("[a-z]", s)]
    random.shuffle(sentences)
    for place, close in enumerate(CLOSE * 4):
        sentences.insert(place * 9, close)
    voices = itertools.cycle(VOICES)
    paths, piece, total = [], [], 0.0
    marker = folder / f"others-{decibels}-{minutes}"
    if marker.exists():
        return [pathlib.Path(line) for line in marker.read_text().split()]
    for sentence in sentences:
        piece += [say(sentence, next(voices)), pause(0.5)]
        length = sum(map(len, piece)) / RATE
        if length < 60:
            continue
        path = folder / f"others-{decibels}-{len(paths)}.raw"
        write(path, noisy(np.concatenate(piece), decibels, random))
        paths.append(path)
        total += length
        piece = []
        if total >= minutes * 60:
            break
    marker.write_text("\n".join(map(str, paths)))
    return paths


def detect(detector, phrase, threshold, paths):
    """-> {path: seconds at which it was heard}, ms of processor time per second of sound, seconds of sound."""
    out = subprocess.run([detector, phrase, repr(threshold), *map(str, paths)], check=True, capture_output=True, text=True)
    found, cost, seconds = {}, 0.0, 0
    for line in out.stdout.splitlines():
        name, *rest = line.split("\t")
        if name == "cost":
            cost, seconds = float(rest[0].split()[0]), int(rest[1].split()[0])
        else:
            found[name] = rest[0].split() if rest and rest[0] else []
    return found, cost, seconds


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--detector", required=True)
    options.add_argument("--folder", type=pathlib.Path, required=True, help="where the recordings are kept")
    options.add_argument("--minutes", type=int, default=30, help="of other speech")
    options.add_argument("settings", nargs="*", default=["hello vivavoce:1e-50"], metavar="PHRASE:THRESHOLD")
    chosen = options.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    others = record_others(25, chosen.minutes, chosen.folder)
    print(f"{'phrase':<18} {'threshold':>9}  heard 25 dB   heard 10 dB   false/h   ms/s")
    for setting in chosen.settings:
        phrase, threshold = setting.rsplit(":", 1)
        heard = []
        for decibels in (25, 10):
            paths = record_phrase(phrase, decibels, chosen.folder)
            found, _, _ = detect(chosen.detector, phrase, float(threshold), paths)
            heard.append((sum(1 for path in paths if found[str(path)]), len(paths)))
        found, cost, seconds = detect(chosen.detector, phrase, float(threshold), others)
        false = sum(len(times) for times in found.values())
        shown = [f"{count:>2} of {of} {100 * count // of:>3} %" for count, of in heard]
        print(f"{phrase:<18} {threshold:>9}  {shown[0]}  {shown[1]}  {false * 3600 / seconds:>6.1f} "
              f"({false} in {seconds // 60} min)  {cost:.1f}", flush=True)


if __name__ == "__main__":
    sys.exit(main())

"""Counts the clicks in recordings, such as of what the client sent while the devices' clocks drifted apart.

    python3 bench/drift RECORDING.wav [CONTROL.wav]     counts; ends with 1 when the first has more than the second
    python3 bench/drift --hum FILE.wav SECONDS          makes a sound in which a click stands out, to be played meanwhile
    python3 bench/drift --check                         whether clicks are found where they were made

The control is the same without drift: a gate that opens, and a machine that hiccups, are in both. For a recording:

    eval "$(scripts/virtual-audio start)"
    scripts/virtual-audio room --drift 200              # 0 for the control
    vivavoce-rehearsal serve --quick-voice --save-input RECORDING.wav
    vivavoce talk --endpoint URL --input alsa:vv_microphone --output alsa:vv_speaker --noise-suppression off
    scripts/virtual-audio play HUM.wav

and questions, so that the loudspeaker is heard, for ten minutes: at 200 parts in a million the echo comes 120 ms later in
the end than at first, which `scripts/virtual-audio room measure` shows before and after.
"""

import argparse
import json
import sys
import wave

import numpy as np

import clicks

HUM_HZ, HUM_DBFS = 24_000, -30


def read(path):
    """A WAV file of 16 bits, its first channel: samples, rate."""
    with wave.open(path) as file:
        if file.getsampwidth() != 2:
            sys.exit(f"bench/drift: {path} has {8 * file.getsampwidth()} bits a sample; give one of 16")
        samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")[:: file.getnchannels()]
        return samples / 32_768, file.getframerate()


def count(path):
    samples, rate = read(path)
    found = clicks.find(samples, rate)
    return {
        "file": path, "seconds": round(len(samples) / rate, 1), "clicks": len(found),
        "at": [round(moment, 3) for moment in found[:100]]}


def make_hum(path, seconds):
    sound = clicks.humming(float(seconds), HUM_HZ, HUM_DBFS)
    with wave.open(path, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(HUM_HZ)
        file.writeframes((32_767 * sound).astype("<i2").tobytes())


def main():
    parser = argparse.ArgumentParser(prog="bench/drift")
    parser.add_argument("recordings", nargs="*", help="a recording, and a control without drift")
    parser.add_argument("--hum", nargs=2, metavar=("FILE", "SECONDS"))
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    if options.check:
        mistakes = clicks.check()
        print("\n".join(mistakes) or "clicks are found where they were made, and nowhere else")
        sys.exit(1 if mistakes else 0)
    if options.hum:
        return make_hum(*options.hum)
    if len(options.recordings) not in (1, 2):
        parser.error("give a recording, or a recording and a control")
    counted = [count(path) for path in options.recordings]
    for result in counted:
        print(json.dumps(result))
    # By the minute: the two need not be as long.
    rates = [result["clicks"] / max(1, result["seconds"]) for result in counted]
    sys.exit(1 if rates[0] > (rates[1] if len(rates) == 2 else 0) else 0)


if __name__ == "__main__":
    main()

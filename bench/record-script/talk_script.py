"""Holds the conversation: types or speaks each turn, into the answer before where the script says so."""

import json
import os
import pathlib
import subprocess
import sys
import threading
import time
import wave

import numpy

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "replug"))

from talk import Client, Rehearsal

PERIOD_S = 0.020
PERIOD = 320
WAIT_S = 40
LIMITED = ["--connection-limit", "120", "--go-away-before", "40", "--seed", "1"]
"""The connection is changed every two minutes, as the service's limits do every ten."""


class Microphone:
    """A pipe that carries silence, and speech when there is some, in real time."""

    def __init__(self, path):
        os.mkfifo(path)
        self.path, self.left, self.lock, self.over = path, [], threading.Lock(), False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def say(self, samples):
        with self.lock:
            self.left = [samples[at : at + PERIOD] for at in range(0, len(samples), PERIOD)]

    def run(self):
        silence = numpy.zeros(PERIOD, dtype="<i2")
        with open(self.path, "wb", buffering=0) as pipe:
            due = time.monotonic()
            while not self.over:
                with self.lock:
                    part = self.left.pop(0) if self.left else silence
                try:
                    pipe.write(part.astype("<i2").tobytes())
                except BrokenPipeError:
                    return
                due += PERIOD_S
                time.sleep(max(0, due - time.monotonic()))


def spoken(text, folder):
    """A question at 16 kHz."""
    path, at_16k = folder / "said.wav", folder / "said16.wav"
    subprocess.run(["espeak-ng", "-v", "en-us", "-s", "150", "-w", path, text], check=True)
    subprocess.run(["sox", path, "-r", "16000", at_16k], check=True)
    with wave.open(str(at_16k)) as file:
        return numpy.frombuffer(file.readframes(file.getnframes()), dtype="<i2")


def hold(turns, options, folder):
    """The whole conversation.

    - Returns: the client's events, its exit code, and the moments at which the user's voice went into the pipe.
    """
    rehearsal = Rehearsal(options.rehearsal, folder, *LIMITED)
    microphone = Microphone(folder / "microphone")
    sounds = {turn.text: spoken(turn.text, folder) for turn in turns if turn.spoken}
    client = Client(
        options.client, rehearsal.url, folder,
        ["--input", f"pipe:{folder / 'microphone'}", "--output", "null", "--record", str(folder / "sound")], {})
    try:
        client.wait(0, WAIT_S, "session.live")
        for number, turn in enumerate(turns):
            since = len(client.events)
            if turn.spoken:
                microphone.say(sounds[turn.text])
            else:
                client.press(f"t{turn.text}\r")
            begun, at = client.wait(since, WAIT_S, "turn.started", speaker="model")
            if turn.cut is None:
                client.wait(begun, WAIT_S, "turn.completed", speaker="model")
            else:
                time.sleep(max(0, at + turn.cut - time.monotonic()))
            print(f"\r{number + 1}/{len(turns)}", end="", file=sys.stderr, flush=True)
        print(file=sys.stderr)
        time.sleep(4)
    finally:
        code = client.stop()
        microphone.over = True
        rehearsal.stop()
    return [event for _, event in client.events], code

"""A room with a loudspeaker, a microphone, the client, and somebody who talks to it; none of it hardware.

All times are in seconds on this machine's monotonic clock.
"""

import datetime
import importlib.machinery
import importlib.util
import json
import pathlib
import queue
import re
import subprocess
import threading
import time

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
VIRTUAL_AUDIO = str(ROOT / "scripts" / "virtual-audio")


def load_air():
    """scripts/acoustic-room, as a module."""
    loader = importlib.machinery.SourceFileLoader("acoustic_room", str(ROOT / "scripts" / "acoustic-room"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("acoustic_room", loader))
    loader.exec_module(module)
    return module


air = load_air()
LOUD = 10 ** (-45 / 20)


class Stage:
    """Entered, it is set; left, all of it is struck."""

    def __init__(self, folder, client, environment, arguments=(), room=()):
        """
        folder: for files, and empty.
        client: the command, as a list.
        arguments: of `talk`, beside the devices and the service.
        room: options of `virtual-audio room`.
        """
        self.folder, self.client, self.room = pathlib.Path(folder), list(client), list(room)
        self.environment = {**environment, "VIRTUAL_AUDIO_DIR": str(self.folder / "audio")}
        self.arguments = list(arguments)
        self.events, self.arrived, self.voices = [], queue.Queue(), {}
        self.process = None

    def __enter__(self):
        try:
            self._set()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.process:
            self.process.terminate()
            self.process.wait(timeout=10)
            self.process.stdout.close()
        subprocess.run([VIRTUAL_AUDIO, "stop"], env=self.environment, capture_output=True)

    def _set(self):
        started = subprocess.run(
            [VIRTUAL_AUDIO, "start"], env=self.environment, check=True, capture_output=True, text=True)
        self.environment |= dict(re.findall(r"^export (\w+)=(.*)$", started.stdout, re.M))
        self.server = self.environment["PULSE_SERVER"]
        subprocess.run([VIRTUAL_AUDIO, "room", *self.room], env=self.environment, check=True)
        self.heard = air.Recording(self.server, "vv_speaker.monitor")
        self.voice = air.Stream(self.server, "vv_room", air.PLAYBACK, 40)
        self.process = subprocess.Popen(
            [*self.client, "talk", "--rehearse", "--json", *self.arguments], stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, env=self.environment)
        threading.Thread(target=self._read, args=[self.process.stdout], daemon=True).start()
        self.await_event("session.live", 30)
        time.sleep(1)

    def _read(self, lines):
        wall = time.time() - time.monotonic()
        for line in lines:
            event = json.loads(line)
            event["monotonic"] = datetime.datetime.fromisoformat(event["at"]).timestamp() - wall
            self.events.append(event)
            self.arrived.put(event)

    def await_event(self, name, seconds, **fields):
        """The next event of this name and with these fields that was not waited for before; None in vain."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            try:
                event = self.arrived.get(timeout=left)
            except queue.Empty:
                return None
            if event["event"] == name and all(event.get(key) == value for key, value in fields.items()):
                return event
        return None

    def forget_events(self):
        """What arrived so far is not waited for any more."""
        while not self.arrived.empty():
            self.arrived.get()

    def say(self, text):
        """Speaks in the room. Returns when it is said: when it began there and ended."""
        if text not in self.voices:
            path = self.folder / f"said-{len(self.voices)}.raw"
            spoken = self.folder / "said.wav"
            subprocess.run(["espeak-ng", "-v", "en-us", "-s", "150", "-w", spoken, text], check=True)
            subprocess.run(
                ["sox", spoken, "-r", str(air.RATE), "-c", "1", "-e", "float", "-b", "32", path], check=True)
            samples = np.fromfile(path, dtype="<f4")
            loud = np.flatnonzero(np.abs(samples) > 0.01)
            self.voices[text] = samples[loud[0] : loud[-1]]
        voice = self.voices[text]
        self.voice.write(np.zeros(air.BLOCK))
        begin = time.monotonic() + self.voice.latency()
        self.voice.write(voice)
        self.voice.write(np.zeros(air.RATE // 5))
        end = begin + len(voice) / air.RATE
        time.sleep(max(0, end - time.monotonic()))
        return begin, end

    def loudness(self, since):
        """How loud the loudspeaker was, 10 ms at a time: when each began, and its level (RMS, 1 is full scale)."""
        blocks = list(self.heard.blocks)
        # By the newest reports: the server's clock is not this machine's, and gains or loses some 0.3 ms a second.
        start = float(np.median(self.heard.starts[: len(blocks)][-250:]))
        first = max(0, int((since - start) * air.RATE / air.BLOCK))
        samples = np.concatenate(blocks[first:] or [np.zeros(0)])
        size = air.RATE // 100
        levels = np.sqrt(np.mean(samples[: len(samples) // size * size].reshape(-1, size) ** 2, axis=1))
        return start + first * air.BLOCK / air.RATE + np.arange(len(levels)) * 0.01, levels

    def is_speaking(self):
        """Whether the last tenth of a second was loud throughout."""
        _, levels = self.loudness(time.monotonic() - 0.3)
        return len(levels) >= 10 and bool(np.all(levels[-10:] > LOUD))

    def was_loud(self, begin, end):
        """Whether the loudspeaker was loud for most of a stretch."""
        times, levels = self.loudness(begin)
        during = levels[times < end]
        return bool(len(during)) and bool(np.mean(during > LOUD) > 0.5)

    def wait_until(self, is_so, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if is_so():
                return True
            time.sleep(0.02)
        return False

    def wait_for_quiet(self, seconds, length=1.5):
        """Until nothing was said for `length`. - Returns: whether that came in time."""
        def is_quiet():
            _, levels = self.loudness(time.monotonic() - length - 0.2)
            return len(levels) >= length * 100 and bool(np.all(levels < LOUD))
        return self.wait_until(is_quiet, seconds)

    def silence_after(self, moment, length=0.7):
        """When the loudspeaker fell silent after `moment`, for `length` at least; None if it has not."""
        times, levels = self.loudness(moment - 0.1)
        loud = levels > LOUD
        for index in np.flatnonzero(times >= moment):
            if len(loud) - index >= length * 100 and not loud[index : index + int(length * 100)].any():
                return float(times[index])
        return None

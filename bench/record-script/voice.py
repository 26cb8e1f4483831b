"""The rehearsal's voice once more, asked of espeak-ng directly: the sound of a sentence and when each word begins."""

import ctypes

import numpy

WORD = 1
SYNCHRONOUS = 2
UTF8 = 1
END_PAUSE = 0x1000
RATE_PARAMETER = 1


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int), ("identifier", ctypes.c_uint), ("position", ctypes.c_int), ("length", ctypes.c_int),
        ("milliseconds", ctypes.c_int), ("sample", ctypes.c_int), ("user", ctypes.c_void_p), ("id", ctypes.c_char * 8)]


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


class Voice:
    def __init__(self):
        self.library = ctypes.CDLL("libespeak-ng.so.1")
        self.rate = self.library.espeak_Initialize(SYNCHRONOUS, 200, None, 0)
        if self.rate <= 0:
            raise SystemExit("espeak-ng found no voice data; the Debian package espeak-ng-data has it")
        self.callback = _Callback(self._take)
        self.library.espeak_SetSynthCallback(self.callback)
        self.library.espeak_SetVoiceByName(b"en-us")
        self.library.espeak_SetParameter(RATE_PARAMETER, 165, 0)

    def _take(self, samples, count, events):
        if samples and count > 0:
            self.samples.append(numpy.ctypeslib.as_array(samples, (count,)).astype(float))
        index = 0
        while events[index].type:
            if events[index].type == WORD:
                self.events.append((events[index].position - 1, events[index].milliseconds))
            index += 1
        return 0

    def speak(self, text):
        """The samples at 24 kHz, as they are sent, and the millisecond at which each word of the text begins."""
        self.samples, self.events = [], []
        said = text.encode() + b"\0"
        if self.library.espeak_Synth(said, len(said), 0, 1, 0, UTF8 | END_PAUSE, None, None) != 0:
            raise SystemExit(f"espeak-ng could not speak: {text}")
        sound = numpy.concatenate(self.samples)
        times = numpy.arange(len(sound) * 24_000 // self.rate) * self.rate / 24_000
        starts, position, start = [], 0, 0
        for word in text.split(" "):
            start = next((at for place, at in self.events if position <= place < position + len(word)), start)
            starts.append(start)
            position += len(word) + 1
        return numpy.interp(times, numpy.arange(len(sound)), sound), starts

"""Clicks in a recording: moments at which the band above 4 kHz is far louder than shortly before and after.

A slip of some samples, a gap or a splice has a spectrum as flat as an impulse's. So whoever looks for one plays what has
nothing up there, and it stands out however loud the rest is.
"""

import numpy as np

ABOVE_HZ = 4_000
FRAME_S = 0.002
AROUND_S = 0.1
STANDS_OUT_DB = 15.0
# What is softer than this nobody hears, and every converter makes it.
FLOOR_DBFS = -75.0
# What lasts longer is a sound.
LONGEST_S = 0.012


def high_band(samples, rate):
    """What is above 4 kHz, by a filter whose delay is taken out."""
    length = 2 * int(rate * FRAME_S) + 1
    middle = length // 2
    times = np.arange(length) - middle
    low = 2 * ABOVE_HZ / rate * np.sinc(2 * ABOVE_HZ / rate * times) * np.blackman(length)
    taps = -low / np.sum(low)
    taps[middle] += 1
    size = 1 << (len(samples) + length).bit_length()
    filtered = np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(taps, size), size)
    return filtered[middle : middle + len(samples)]


def levels(samples, rate):
    """The band's level every 2 ms, dBFS."""
    hop = int(rate * FRAME_S)
    band = high_band(samples, rate)
    frames = band[: len(band) // hop * hop].reshape(-1, hop)
    return 10 * np.log10(np.mean(frames**2, axis=1) + 1e-12)


def find(samples, rate):
    """
    samples: mono, 1 is full scale.

    Returns the seconds at which clicks stand, in order.
    """
    if len(samples) < rate * AROUND_S:
        return []
    level = levels(np.asarray(samples, dtype=float), rate)
    reach = int(AROUND_S / FRAME_S)
    padded = np.pad(level, reach, mode="edge")
    around = np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1), axis=1)
    out = np.flatnonzero(level > np.maximum(around + STANDS_OUT_DB, FLOOR_DBFS))
    found = []
    for run in np.split(out, np.flatnonzero(np.diff(out) > 1) + 1):
        if len(run) and len(run) * FRAME_S <= LONGEST_S:
            found.append(float(run[np.argmax(level[run])]) * FRAME_S)
    return found


def humming(seconds, rate, level):
    """A vowel without an end, and without anything above 2 kHz: 150 Hz with a slow vibrato. - level: RMS, dBFS."""
    times = np.arange(int(seconds * rate)) / rate
    phase = 2 * np.pi * 150 * times + 0.8 * np.sin(2 * np.pi * 5 * times)
    sound = sum(np.sin(harmonic * phase) / harmonic for harmonic in range(1, 12))
    sound *= 10 ** (level / 20) / np.sqrt(np.mean(sound**2))
    fade = np.minimum(1, np.minimum(times, times[-1] - times) / 0.05)
    return sound * fade


def check():
    """Whether clicks are found where they were made, and nowhere else. - Returns: what is wrong, in words."""
    rate, wrong = 16_000, []
    generator = np.random.default_rng(3)
    clean = humming(20, rate, -30) + 10 ** (-80 / 20) * generator.standard_normal(20 * rate)
    if find(clean, rate):
        wrong.append(f"clicks in a clean sound: {find(clean, rate)}")
    for what, damage in (
            ("a sample too few", lambda sound, at: np.delete(sound, at)),
            ("a sample twice", lambda sound, at: np.insert(sound, at, sound[at])),
            ("5 ms missing", lambda sound, at: np.delete(sound, slice(at, at + rate // 200))),
            ("2 ms of silence", lambda sound, at: np.concatenate([sound[:at], 0 * sound[at : at + 32], sound[at + 32 :]]))):
        missed = 0
        for second in range(2, 18):
            # Where the sound is steep: a slip at a crest is none that anybody hears.
            near = int(second * rate)
            at = near + int(np.argmax(np.abs(np.diff(clean[near : near + rate // 100]))))
            found = find(damage(clean, at), rate)
            missed += not any(abs(moment - at / rate) < 0.01 for moment in found)
            wrong += [f"{what}: another at {moment}" for moment in found if abs(moment - at / rate) > 0.02]
        if missed:
            wrong.append(f"{what}: {missed} of 16 not found")
    return wrong

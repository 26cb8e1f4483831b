"""Numbered voice: every sample says where it belongs, so that each one lost, doubled or late can be counted.

Samples come in pairs. With p = n // 2, an even sample holds the low 15 bits of p below a clear top bit, an odd one the
next 15 bits below a set top bit. Two neighbours tell n exactly, for 37 hours at 16 kHz.
"""

import array
import sys

RATE = 16_000
LOW = 0x7FFF
ODD = 0x8000


def value(n):
    pair = n >> 1
    return ODD | (pair >> 15 & LOW) if n & 1 else pair & LOW


def encode(start, count):
    """Samples `start` … `start + count - 1` as s16le bytes."""
    return pack(value(n) for n in range(start, start + count))


def pack(values):
    samples = array.array("H", values)
    if sys.byteorder == "big":
        samples.byteswap()
    return samples.tobytes()


def unpack(data):
    samples = array.array("H", data)
    if sys.byteorder == "big":
        samples.byteswap()
    return samples


def number(samples, position, expected):
    """The number of the sample at `position`, by its neighbour; where that does not tell, the nearest to `expected`."""
    this = samples[position]
    if position + 1 < len(samples) and (this ^ samples[position + 1]) & ODD:
        after = samples[position + 1]
        if this & ODD:
            return ((this & LOW) << 15 | (after - 1) & LOW) * 2 + 1
        return (this | (after & LOW) << 15) * 2
    if this & ODD:
        first = (this & LOW) << 16 | 1
        return min(max(expected | 1, first), first + 2 * LOW)
    return max((expected // 2 + (this - expected // 2 + ODD // 2) % ODD - ODD // 2) * 2, this * 2)


def stretches(data, expected):
    """Splits bytes into stretches of consecutive samples: (number of the first, how many). A sample that fits neither
    its neighbours nor what is expected has no number: None."""
    samples, position = unpack(data), 0
    while position < len(samples):
        start = number(samples, position, expected)
        count = len(samples) - position
        if data[2 * position :] != encode(start, count):
            count = next(
                (i for i in range(1, count) if samples[position + i] != value(start + i)), count)
        is_alone = count == 1 and len(samples) > 1 and start != expected
        yield None if is_alone else start, count
        position += count
        expected = start + count


class Tally:
    """What happened to the voice in one run, in samples (`late`: stretches that came after later ones)."""

    def __init__(self):
        self.lost = self.doubled = self.late = self.foreign = 0


class Ledger:
    """Accounts for every sample across connections.

    Lost is what never came, doubled what came again, late what came for the first time after something newer, foreign
    what was never written. Each is entered to the run in which it showed.
    """

    def __init__(self):
        self.next = 0
        self.tallies = [Tally()]
        self.holes = []  # [first, end, tally] of what has not come yet

    def begin_run(self):
        """Opens a new page; what happens from now on is entered there. Returns it."""
        self.tallies.append(Tally())
        return self.tallies[-1]

    def take(self, data, written):
        """Enters one packet. `written` is how many samples were put out so far."""
        for start, count in stretches(data, self.next):
            if start is None or start + count > written:
                self.tallies[-1].foreign += count
            else:
                self.enter(start, start + count)

    def enter(self, start, end):
        tally = self.tallies[-1]
        if start > self.next:
            self.holes.append([self.next, start, tally])
            tally.lost += start - self.next
        elif start < self.next:
            again = min(end, self.next) - start
            filled = self.fill(start, min(end, self.next))
            tally.doubled += again - filled
            tally.late += 1 if filled else 0
        self.next = max(self.next, end)

    def fill(self, start, end):
        """Takes what came late off the losses. Returns how much of it was missing."""
        filled, left = 0, []
        for first, last, tally in self.holes:
            low, high = max(first, start), min(last, end)
            if low >= high:
                left.append([first, last, tally])
                continue
            filled += high - low
            tally.lost -= high - low
            left += [[a, b, tally] for a, b in ((first, low), (high, last)) if a < b]
        self.holes = left
        return filled


def milliseconds(samples):
    return samples * 1000 / RATE

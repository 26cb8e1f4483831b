"""Lines that a control socket may be sent: calls, and what becomes of them when somebody has gone wrong."""

import copy
import json
import re

CALLS = [
    ("status", None), ("say", {"text": "hello"}), ("say", {"text": "¿qué? \u2028 😀 \x07"}), ("interrupt", None), ("mute", None),
    ("unmute", None), ("press", None), ("release", None), ("mode", {"name": "open"}), ("mode", {"name": "hold"}),
    ("mode", {"name": "local"}), ("device", {"direction": "output", "name": "null"}),
    ("device", {"direction": "input", "name": "silence"}), ("volume", {"level": 0.5}), ("renew", None), ("connect", None),
    ("hangup", None), ("subscribe", {"events": ["turn.*", "session.live"]}), ("subscribe", None),
    ("subscribe", {"events": []}), ("reload", None), ("nothing", {"x": 1})]
# What stands where something else should.
VALUES = [
    None, True, False, 0, -1, 1e308, -0.0, 2**63, -(2**63) - 1, 10**40, 0.1, "", "x", "\x00", "\ud7ff", "a" * 70_000, [], {}, [[]],
    {"": {}}, [None] * 200, "2.0", "status", {"jsonrpc": "2.0"}]
# Pieces that parsers have stumbled over.
PIECES = [
    b"\\ud800", b"\\u0000", b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"NaN", b"Infinity", b"-", b"01", b"1e999999",
    b"1e-999999", b".5", b"/*", b"//", b",", b":", b'"', b"\\", b"{", b"}", b"[", b"]", b"\r", b"\t", b"\x00", b"\x0b", b"null", b"'",
    b"\xe2\x80\xa8", b'"id":1,"id":2,', b"9" * 400]
LONGEST_LINE = 256 * 1024


class Hostile:
    """Seeded: the same number gives the same lines."""

    def __init__(self, random):
        self.random = random
        self.forms = [
            (self.call, 20), (self.misshapen, 25), (self.torn, 25), (self.batch, 10), (self.deep, 3), (self.noise, 5),
            (self.long, 2), (self.edge, 1)]

    def line(self):
        """One line without its end, and never one that ends the daemon as it should."""
        while True:
            forms, weights = zip(*self.forms)
            made = self.random.choices(forms, weights)[0]().replace(b"\n", b" ")
            if b"shutdown" not in made:
                return made

    def request(self):
        method, params = self.random.choice(CALLS)
        made = {"jsonrpc": "2.0", "method": method}
        if params is not None:
            made["params"] = copy.deepcopy(params)
        if self.random.random() < 0.9:
            made["id"] = self.random.choice([1, "a", 2**31, -5, 1.5, "💬"])
        return made

    def call(self):
        return encoded(self.request(), self.random.random() < 0.5)

    def misshapen(self):
        """JSON still, but not what a method takes."""
        made = self.request()
        for _ in range(self.random.randint(1, 3)):
            place = made
            while isinstance(place, dict) and isinstance(place.get("params"), dict) and self.random.random() < 0.5:
                place = place["params"]
            key = self.random.choice([*place, "params", "id", "extra", ""])
            if self.random.random() < 0.3:
                place.pop(key, None)
            else:
                place[key] = copy.deepcopy(self.random.choice(VALUES))
        return encoded(made)

    def torn(self):
        """A call's bytes, some of them changed, doubled, lost or put in."""
        made = bytearray(self.call())
        for _ in range(self.random.randint(1, 6)):
            at = self.random.randrange(len(made) + 1)
            match self.random.randrange(5):
                case 0: made[at:at + 1] = bytes([self.random.randrange(256)])
                case 1: del made[at:at + self.random.randint(1, 12)]
                case 2: made[at:at] = self.random.choice(PIECES)
                case 3: made[at:at] = made[at:at + self.random.randint(1, 30)]
                case _: made[at:] = made[:self.random.randrange(len(made) + 1)]
        return bytes(made)

    def batch(self):
        many = self.random.choice([0, 1, 2, 3, 50, 500])
        parts = [self.random.choice([self.call, self.call, self.misshapen])() for _ in range(many)]
        return (b"[" + b",".join(parts) + b"]")[:LONGEST_LINE]

    def deep(self):
        depth = self.random.choice([10, 100, 500, 10_000, 120_000])
        open_, shut = self.random.choice([(b"[", b"]"), (b'{"a":', b"}")])
        depth = min(depth, (LONGEST_LINE - 100) // (len(open_) + 1))
        middle = open_ * depth + b"1" + shut * (depth if self.random.random() < 0.5 else 0)
        return b'{"jsonrpc":"2.0","id":1,"method":"say","params":' + middle + b"}"

    def noise(self):
        return self.random.randbytes(self.random.choice([1, 10, 1_000, 20_000]))

    def long(self):
        return b'{"jsonrpc":"2.0","id":1,"method":"say","params":{"text":"' + b"x" * self.random.randint(
            60_000, 3 * LONGEST_LINE) + b'"}}'

    def edge(self):
        """As long as a line may be, or one byte to either side."""
        head, tail = b'{"jsonrpc":"2.0","id":1,"method":"say","params":{"text":"', b'"}}'
        length = LONGEST_LINE + self.random.randint(-1, 1)
        return head + b"y" * (length - len(head) - len(tail)) + tail


def encoded(value, ascii_only=False):
    return json.dumps(value, ensure_ascii=ascii_only, allow_nan=True).encode("utf-8", "surrogatepass")


def is_json(line):
    """- Returns: whether RFC 8259 calls it JSON; None where one may differ: depth, numbers without bound or with zeros
    before them, and what is repaired inside of strings.
    """
    if re.search(rb"(?<![0-9.eE+])-?0[0-9]", line) or line.count(b"[") + line.count(b"{") > 60 or b"\\ud" in line.lower() or b"\xef\xbb\xbf" in line:
        return None
    try:
        json.loads(
            line.decode("utf-8"), strict=False, parse_constant=refuse, parse_float=number, parse_int=number)
        return True
    except (OverflowError, UnicodeDecodeError):
        return None
    except (ValueError, RecursionError) as failure:
        return None if "escape" in str(failure) else False


def refuse(name):
    raise ValueError(f"{name} is no JSON")


def number(text):
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise OverflowError(text)
    return value

"""A service gone mad: nothing that it sends makes the client trap, grow or fall silent."""

import base64
import json
import queue
import subprocess
import threading
from datetime import datetime

from product import VIVAVOCE, ProductTests
from service import Service


def speech(data, **part):
    media = {"inlineData": {"mimeType": "audio/pcm;rate=24000", "data": data}} | part
    return {"serverContent": {"modelTurn": {"parts": [media]}}}


SILENCE = base64.b64encode(bytes(4800)).decode()  # 100 ms

# What cannot be read, in whole or in part.
UNREADABLE = {
    "malformed JSON": b'{"serverContent":{"interrupted":tru}}',
    "no JSON": b"hello",
    "nothing": b"",
    "half a message": b'{"serverContent":',
    "two messages": b"{}{}",
    "an array": b"[]",
    "100,000 brackets": b"[" * 100_000,
    "100,000 objects": b'{"a":' * 100_000,
    "100,000 brackets in content": b'{"serverContent":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "bad base64": speech("AAAA!!!!"),
    "an odd count of bytes": speech("AAAA"),
    "invalid UTF-8": b"\xff\xfe\x00",
    "bad base64 in a picture": speech("====", inlineData={"mimeType": "image/png", "data": "!"}),
}

# What can, and means nothing to this client.
UNKNOWN = {
    "unknown members": {"brandNew": {"deep": [1, {"two": None}]}},
    "unknown content": {"serverContent": {"brandNew": True}},
    "an unknown part": {"serverContent": {"modelTurn": {"parts": [{"brandNew": 1}, 7]}}},
    "content that is a number": {"serverContent": 5},
    "a flag that is a word": {"serverContent": {"interrupted": "yes", "turnComplete": []}},
    "text that is a list": {"serverContent": {"outputTranscription": {"text": ["a"]}}},
    "calls that are no list": {"toolCall": {"functionCalls": {"name": "f"}}},
    "a call that is none": {"toolCall": {"functionCalls": [{"args": 3}]}},
    "invalid UTF-8 in a string": b'{"brandNew":"\xff\xc3\xed\xa0\x80"}',
    "half a surrogate": b'{"brandNew":"\\ud800"}',
    "15 MB": b'{"brandNew":"' + b"a" * 15_000_000 + b'"}',
    "a million brackets": b'{"brandNew":[' + b"[]," * 500_000 + b"[]]}",
}


class HostileServiceTests(ProductTests):
    def setUp(self):
        super().setUp()
        self.service = Service(self)
        self.client = subprocess.Popen(
            [VIVAVOCE, "talk", "--json", "--endpoint", self.service.url, "--input", "silence", "--output", "null"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env=self.environment(VIVAVOCE_KEY="any"))
        self.addCleanup(self.end_client)
        self.lines = queue.Queue()
        self.events = []
        threading.Thread(target=self.read_events, daemon=True).start()

    def end_client(self):
        self.client.kill()
        self.client.wait(timeout=10)
        self.client.stdout.close()

    def read_events(self):
        for line in self.client.stdout:
            self.lines.put(json.loads(line))

    def event(self, name, **members):
        """Waits for an event, and keeps what comes before it."""
        while True:
            event = self.lines.get(timeout=30)
            self.events.append(event)
            if event["event"] == name and members.items() <= event.items():
                return event

    def warnings(self, code):
        return [event for event in self.events if event["event"] == "warning" and event["code"] == code]

    def go_live(self):
        peer = self.service.accept()
        peer.say({"setupComplete": {}})
        self.event("session.live")
        return peer

    def answer(self, peer, text):
        """The service says something, and the client writes it down and plays it to its end."""
        peer.say(speech(SILENCE))
        peer.say({"serverContent": {"outputTranscription": {"text": text}}})
        peer.say({"serverContent": {"generationComplete": True, "turnComplete": True}})
        self.event("transcript.partial", text=text)
        self.event("turn.completed", speaker="model")

    def peak_memory(self):
        """Most bytes that the client has held at a time."""
        with open(f"/proc/{self.client.pid}/status") as status:
            line = next(line for line in status if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024

    def assert_told_seldom(self, code, every):
        """One warning, and one more for each interval that the test took."""
        told = self.warnings(code)
        times = [datetime.fromisoformat(event["at"].replace("Z", "+00:00")) for event in self.events]
        most = 1 + int((times[-1] - times[0]).total_seconds() / every)
        self.assertGreaterEqual(len(told), 1)
        self.assertLessEqual(len(told), most, told)

    def assert_survives(self, messages, code, every):
        peer = self.go_live()
        self.answer(peer, "Before.")
        before = self.peak_memory()
        for message in messages.values():
            for _ in range(1 if isinstance(message, bytes) and len(message) > 1_000_000 else 20):
                peer.say(message)
        self.answer(peer, "Still here.")
        self.assert_told_seldom(code, every)
        self.assertFalse(peer.ended.is_set())
        self.assertEqual([event["event"] for event in self.events].count("session.connecting"), 1)
        self.assertLess(self.peak_memory() - before, 100_000_000)

    def test_what_cannot_be_read_is_one_warning_and_the_conversation_goes_on(self):
        self.assert_survives(UNREADABLE, "message.undecodable", every=5)

    def test_what_is_not_known_is_one_warning_and_the_conversation_goes_on(self):
        self.assert_survives(UNKNOWN, "message.unknown", every=600)

    def test_each_of_them_is_noticed(self):
        for code, messages in (("message.undecodable", UNREADABLE), ("message.unknown", UNKNOWN)):
            for name, message in messages.items():
                with self.subTest(name):
                    self.end_client()
                    self.setUp()
                    peer = self.go_live()
                    peer.say(message)
                    self.answer(peer, "Still here.")
                    self.assertEqual(len(self.warnings(code)), 1)

    def test_damaged_text_frames_are_no_different(self):
        peer = self.go_live()
        for _ in range(20):
            peer.send(b"\xff\xfe", opcode=1)
            peer.send(b'{"brandNew":"\xff"}', opcode=1)
        self.answer(peer, "Still here.")
        self.assert_told_seldom("message.undecodable", every=5)
        self.assert_told_seldom("message.unknown", every=600)

    def test_twenty_megabytes_end_the_connection_with_1009_and_not_the_conversation(self):
        message = b'{"brandNew":"' + b"a" * 20_000_000 + b'"}'
        for pieces in (1, 200):
            with self.subTest(pieces=pieces):
                peer = self.go_live()
                self.answer(peer, f"Before {pieces}.")
                before = self.peak_memory()
                size = -(-len(message) // pieces)
                try:
                    for start in range(0, len(message), size):
                        is_final = start + size >= len(message)
                        peer.send(message[start:start + size], opcode=0 if start else 2, is_final=is_final)
                except OSError:
                    pass  # the client has closed by then
                self.assertTrue(peer.ended.wait(timeout=10))
                self.assertEqual(peer.close_code, 1009)
                peer = self.go_live()
                self.answer(peer, f"Back {pieces}.")
                self.assertLess(self.peak_memory() - before, 100_000_000)
                peer.connection.close()

"""A client whose every virtue and vice is known: it shows that the measurement tells the truth.

    fake_client.py [--vice NAME] talk --endpoint URL [--ca-file FILE] …

Without a vice it changes connections as it should. With one it does that at every change, and everything else well.
"""

import argparse
import asyncio
import base64
import json
import os
import ssl
import sys
import urllib.parse

from websocket import TEXT, Ended, connect

PACKET = 640
KEPT = 10  # packets sent again after a cut: 200 ms
VICES = {
    "lose": "leaves one packet out",
    "double": "sends one packet twice",
    "swap": "sends one packet after the one that follows it",
    "forget": "sends nothing again after a cut, and drops what was spoken meanwhile",
    "repeat": "sends 400 ms again after every change",
    "eager": "sends voice before the setup is answered",
    "overlap": "sends the setup while the old connection is open",
    "stale": "asks for the handle before the newest",
    "slow": "waits 400 ms before it sends the setup",
    "stubborn": "stays until it is thrown out",
    "rude": "changes in the middle of an answer",
    "noise": "sends one packet that nobody spoke",
}


class Client:
    def __init__(self, options):
        self.vice = options.vice
        url = urllib.parse.urlsplit(options.endpoint)
        self.address = (url.hostname, url.port)
        self.tls = ssl.create_default_context(cafile=options.ca_file) if url.scheme == "wss" else None
        self.waiting, self.recent, self.handles = [], [], []
        self.socket = None  # the live one

    async def open(self):
        path = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
        return await connect(*self.address, path, self.tls)

    async def run(self):
        listening = asyncio.create_task(self.listen())
        speaking = asyncio.create_task(self.hold())
        await asyncio.wait([listening, speaking], return_when=asyncio.FIRST_COMPLETED)

    async def listen(self):
        """Reads the voice from stdin."""
        reader = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while True:
            packet = await reader.readexactly(PACKET)
            self.waiting.append(packet)
            if self.socket:
                self.flush()

    def flush(self):
        while self.waiting:
            packet = self.waiting.pop(0)
            self.send(packet, self.socket)
            self.recent = [*self.recent, packet][-2 * KEPT :]

    def send(self, packet, socket):
        content = {"data": base64.b64encode(packet).decode(), "mimeType": "audio/pcm;rate=16000"}
        self.tell(socket, {"realtimeInput": {"audio": content}})

    @staticmethod
    def tell(socket, message):
        socket.send(TEXT, json.dumps(message).encode())

    async def hold(self):
        """One connection after another."""
        standby = None
        while True:
            standby = await self.converse(standby or await self.open(), is_first=not self.handles)

    async def converse(self, socket, is_first):
        """Sets up, talks until the line is lost or to be changed, and returns the warm one to go on with, or None."""
        vice = None if is_first else self.vice
        if vice == "slow":
            await asyncio.sleep(0.4)
        handle = self.handles[-2 if vice == "stale" and len(self.handles) > 1 else -1] if self.handles else None
        resumption = {"handle": handle} if handle else {}
        self.tell(socket, {"setup": {"model": "models/gemini-3.8-live", "sessionResumption": resumption}})
        if vice == "eager":
            self.send(self.recent[-1], socket)
        standby, is_answering, must_change = None, False, False
        try:
            while True:
                message = json.loads(await socket.receive())
                content = message.get("serverContent", {})
                if "setupComplete" in message:
                    self.go_on(socket, vice)
                update = message.get("sessionResumptionUpdate", {})
                if update.get("resumable"):
                    self.handles.append(update["newHandle"])
                if "modelTurn" in content or "resumable" in update and not update["resumable"]:
                    is_answering = True
                if content.get("turnComplete"):
                    is_answering = False
                must_change = must_change or "goAway" in message and self.vice != "stubborn"
                if must_change and (not is_answering or self.vice == "rude"):
                    standby = await self.open()
                    self.socket = None
                    if self.vice == "overlap":
                        asyncio.get_running_loop().call_later(0.05, socket.writer.close)
                    else:
                        await self.close(socket)
                    return standby
        except Ended:
            self.socket = None
            if self.vice == "forget":
                self.waiting.clear()
            else:
                self.waiting = self.recent[-KEPT:] + self.waiting
            return None

    async def close(self, socket):
        socket.close(1000)
        try:
            while True:
                update = json.loads(await socket.receive()).get("sessionResumptionUpdate", {})
                if update.get("resumable"):
                    self.handles.append(update["newHandle"])
        except Ended:
            socket.writer.close()

    def go_on(self, socket, vice):
        self.socket = socket
        asyncio.get_running_loop().call_later(0.1 if vice else 3600, self.misbehave, socket)
        if vice == "repeat":
            self.waiting = self.recent + self.waiting
        self.flush()

    def misbehave(self, socket):
        """A vice of single packets, a moment after the change."""
        if self.socket is not socket:
            return
        if self.vice == "double":
            self.send(self.recent[-1], socket)
        elif self.vice == "noise":
            self.send(b"\xff\x7f" * (PACKET // 2), socket)
        elif self.vice in ("lose", "swap"):
            self.socket = None
            asyncio.create_task(self.stumble(socket))

    async def stumble(self, socket):
        while len(self.waiting) < 2:
            await asyncio.sleep(0.01)
        first = self.waiting.pop(0)
        self.socket = socket
        if self.vice == "swap":
            self.waiting.insert(1, first)
        self.flush()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--vice", choices=VICES)
    parser.add_argument("command", choices=["talk"])
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--ca-file")
    options, _ = parser.parse_known_args()
    try:
        asyncio.run(Client(options).run())
    except KeyboardInterrupt:
        pass
    os._exit(0)


main()

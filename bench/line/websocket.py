"""The WebSocket protocol (RFC 6455) on asyncio streams, as much of it as a service and a client of one need.

     0               1               2
    |F|  |op (4)|M| length (7)  | 16 or 64 more bits of length, if it says 126 or 127 | mask (32), if M | payload
"""

import asyncio
import base64
import hashlib
import os

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
GREATEST = 16 << 20


class Ended(Exception):
    """The connection is over: `code` of the peer's close frame (1005 without one), or 1006 when none came."""

    def __init__(self, code, reason=""):
        super().__init__(f"{code} {reason}".strip())
        self.code, self.reason = code, reason


class Misconduct(Exception):
    """The peer broke the protocol."""


def accept_key(key):
    digest = hashlib.sha1(key.encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
    return base64.b64encode(digest).decode()


def apply_mask(data, mask):
    if not data:
        return data
    whole = mask * (len(data) // 4 + 1)
    return (int.from_bytes(data, "big") ^ int.from_bytes(whole[: len(data)], "big")).to_bytes(len(data), "big")


async def read_head(reader):
    """The first line and the headers, by lower-case name."""
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = (line.split(":", 1) for line in lines[1:] if ":" in line)
    return lines[0], {name.strip().lower(): content.strip() for name, content in headers}


async def accept(reader, writer):
    """Answers an upgrade. Returns the socket, the path and the headers."""
    first, headers = await read_head(reader)
    if headers.get("upgrade", "").lower() != "websocket" or "sec-websocket-key" not in headers:
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        raise Misconduct(f"no upgrade: {first}")
    writer.write(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
        + accept_key(headers["sec-websocket-key"]).encode() + b"\r\n\r\n")
    return WebSocket(reader, writer, is_client=False), first.split(" ")[1], headers


async def connect(host, port, path, tls=None):
    reader, writer = await asyncio.open_connection(host, port, ssl=tls)
    key = base64.b64encode(os.urandom(16)).decode()
    writer.write(
        f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
    first, headers = await read_head(reader)
    if " 101 " not in first or headers.get("sec-websocket-accept") != accept_key(key):
        raise Misconduct(f"upgrade refused: {first}")
    return WebSocket(reader, writer, is_client=True)


class WebSocket:
    """One end of an upgraded connection. Pings are answered while somebody waits in `receive`."""

    def __init__(self, reader, writer, is_client):
        self.reader, self.writer, self.is_client = reader, writer, is_client
        self.on_pong = lambda payload: None
        self.sent_close = False

    async def receive(self):
        """The next whole message. Raises `Ended` when no more can come."""
        parts = []
        try:
            while True:
                is_last, opcode, payload = await self.read_frame()
                if opcode == PING:
                    self.send(PONG, payload)
                elif opcode == PONG:
                    self.on_pong(payload)
                elif opcode == CLOSE:
                    code = int.from_bytes(payload[:2], "big") if len(payload) >= 2 else 1005
                    self.close(code if code != 1005 else 1000)
                    raise Ended(code, payload[2:].decode(errors="replace"))
                else:
                    parts.append(payload)
                    if is_last:
                        return b"".join(parts)
        except (asyncio.IncompleteReadError, OSError) as problem:
            raise Ended(1006, type(problem).__name__) from None

    async def read_frame(self):
        first, second = await self.reader.readexactly(2)
        length = second & 127
        if length > 125:
            length = int.from_bytes(await self.reader.readexactly(2 if length == 126 else 8), "big")
        if length > GREATEST or first & 0x70 or bool(second & 128) == self.is_client:
            raise Misconduct("a frame too long, with reserved bits, or wrongly masked")
        mask = await self.reader.readexactly(4) if second & 128 else None
        payload = await self.reader.readexactly(length)
        return bool(first & 128), first & 15, apply_mask(payload, mask) if mask else payload

    def send(self, opcode, payload):
        length = len(payload)
        if length < 126:
            head = bytes([0x80 | opcode, length])
        elif length < 1 << 16:
            head = bytes([0x80 | opcode, 126]) + length.to_bytes(2, "big")
        else:
            head = bytes([0x80 | opcode, 127]) + length.to_bytes(8, "big")
        if self.is_client:
            mask = os.urandom(4)
            head, payload = bytes([head[0], head[1] | 0x80]) + head[2:] + mask, apply_mask(payload, mask)
        if not self.writer.is_closing():
            self.writer.write(head + payload)

    def close(self, code, reason=""):
        """Sends a close frame, once. The stream stays open: the peer's close frame comes through `receive`."""
        if not self.sent_close:
            self.sent_close = True
            self.send(CLOSE, code.to_bytes(2, "big") + reason.encode())

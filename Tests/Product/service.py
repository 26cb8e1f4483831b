"""A service that says exactly what a test wants, byte for byte: the far end of a WebSocket, on loopback."""

import base64
import hashlib
import json
import socket
import struct
import threading


class Peer:
    """One connection to it, upgraded; the client's setup has been read."""

    def __init__(self, connection):
        self.connection = connection
        request = b""
        while not request.endswith(b"\r\n\r\n"):
            request += self._read(1)
        key = next(line.split(b":")[1].strip() for line in request.split(b"\r\n")
                   if line.lower().startswith(b"sec-websocket-key"))
        accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
        connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                           b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")
        self.setup = json.loads(self.read_frame()[1])
        self.close_code = None
        self.ended = threading.Event()
        threading.Thread(target=self._read_to_the_end, daemon=True).start()

    def say(self, message):
        """Sends a message: bytes as they are, anything else as JSON."""
        self.send(message if isinstance(message, bytes) else json.dumps(message).encode())

    def send(self, payload, opcode=2, is_final=True):
        length = len(payload)
        size = (bytes([length]) if length < 126
                else b"\x7e" + struct.pack(">H", length) if length < 1 << 16 else b"\x7f" + struct.pack(">Q", length))
        self.connection.sendall(bytes([(0x80 if is_final else 0) | opcode]) + size + payload)

    def read_frame(self):
        """Opcode and payload of the client's next frame, unmasked."""
        first, second = self._read(2)
        length = second & 0x7F
        if length == 126:
            length, = struct.unpack(">H", self._read(2))
        elif length == 127:
            length, = struct.unpack(">Q", self._read(8))
        mask = self._read(4)
        payload = bytes(byte ^ mask[index % 4] for index, byte in enumerate(self._read(length)))
        return first & 0x0F, payload

    def _read_to_the_end(self):
        try:
            while True:
                opcode, payload = self.read_frame()
                if opcode == 8:
                    self.close_code, = struct.unpack(">H", payload[:2])
                    break
                if opcode == 9:
                    self.send(payload, opcode=10)
        except OSError:
            pass
        self.connection.close()
        self.ended.set()

    def _read(self, count):
        data = bytearray()
        while len(data) < count:
            piece = self.connection.recv(count - len(data))
            if not piece:
                raise ConnectionResetError
            data += piece
        return bytes(data)


class Service:
    """Listens on a port of its own until the test is over."""

    def __init__(self, test):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(30)
        test.addCleanup(self.listener.close)
        self.url = f"ws://127.0.0.1:{self.listener.getsockname()[1]}"

    def accept(self):
        connection, _ = self.listener.accept()
        connection.settimeout(30)
        return Peer(connection)

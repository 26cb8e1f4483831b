"""A TCP relay on loopback that is as bad as a real network: delay, jitter, a bandwidth cap, stalls.

The order of bytes is kept, as TCP keeps it. Making a connection costs a round trip too, although the kernel answers the
client at once: its first bytes wait for the handshake that a real network would have seen.
"""

import asyncio
import collections
import dataclasses
import socket
import struct


@dataclasses.dataclass(frozen=True)
class Impairment:
    """Seconds, and bytes a second in each direction."""

    delay: float = 0.04
    jitter: float = 0.01
    bandwidth: int = 1_000_000
    stall: float = 0.2
    stall_every: float = 3.0

    @property
    def shortest_round_trip(self):
        return 2 * (self.delay - self.jitter)


class Proxy:
    """Relays to a port. One network: its cap and its stalls are common to all connections."""

    BACKLOG = 256 << 10

    def __init__(self, port, impairment, random):
        self.target, self.impairment, self.random = port, impairment, random
        self.free_at = {"up": 0.0, "down": 0.0}
        self.stall = self.last_stall = (0.0, 0.0)  # begin and end
        self.tasks = set()

    async def start(self):
        self.server = await asyncio.start_server(self.relay, "127.0.0.1", 0)
        return self.server.sockets[0].getsockname()[1]

    async def stop(self):
        self.server.close()
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def relay(self, reader, writer):
        task = asyncio.current_task()
        self.tasks.add(task)
        try:
            await asyncio.sleep(self.impairment.delay * 2)
            server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self.target)
            await asyncio.gather(
                self.pass_on(reader, server_writer, "up"), self.pass_on(server_reader, writer, "down"))
        except (OSError, asyncio.CancelledError):
            reset(writer)
        finally:
            writer.close()
            self.tasks.discard(task)

    async def pass_on(self, reader, writer, way):
        """One direction of one connection, until its end has been passed on too."""
        pieces, news = collections.deque(), asyncio.Event()
        pump = asyncio.create_task(self.read(reader, pieces, news, way))
        try:
            while True:
                while not pieces:
                    news.clear()
                    await news.wait()
                due, data = pieces.popleft()
                await asyncio.sleep(due - asyncio.get_running_loop().time())
                if data is None:
                    return reset(writer)
                if not data:
                    return writer.write_eof()
                writer.write(data)
                await writer.drain()
        except OSError:
            return
        finally:
            pump.cancel()

    async def read(self, reader, pieces, news, way):
        loop = asyncio.get_running_loop()
        due, data = 0.0, b"?"
        while data:
            try:
                data = await reader.read(16 << 10)
            except OSError:
                data = None
            due = max(due, self.due(loop.time(), len(data or b""), way))
            pieces.append((due, data))
            news.set()
            while sum(len(piece or b"") for _, piece in pieces) > self.BACKLOG:
                await asyncio.sleep(0.01)

    def due(self, now, count, way):
        """When bytes that were read now come out at the other end."""
        network = self.impairment
        self.free_at[way] = max(self.free_at[way], now) + count / network.bandwidth
        return self.after_stall(
            self.free_at[way] + network.delay + self.random.uniform(-network.jitter, network.jitter))

    def after_stall(self, moment):
        """The first moment from this one on at which the network does not stand still."""
        while moment >= self.stall[1]:
            self.last_stall = self.stall
            begin = (self.stall[1] or moment) + self.random.expovariate(1 / self.impairment.stall_every)
            self.stall = (begin, begin + self.impairment.stall)
        # With jitter, bytes may come out before others that were read earlier: the last stall counts, too.
        ends = [end for begin, end in (self.last_stall, self.stall) if begin <= moment < end]
        return ends[0] if ends else moment


def reset(writer):
    """Ends a connection with RST instead of FIN, now."""
    connection = writer.get_extra_info("socket")
    if connection is not None and connection.fileno() >= 0:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()

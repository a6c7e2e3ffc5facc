"""Signed deliveries as fast as asked for, over connections that cost next to nothing."""

import asyncio
import hashlib
import json
import statistics
import time
from dataclasses import dataclass, field

from woosync.woo import signature

BODY_BYTES = 2_000


def request(port: int, path: str, number: int, secret: str) -> bytes:
    """Return a whole request of a delivery; each body is another one."""
    filler = hashlib.sha256(str(number).encode()).hexdigest() * (BODY_BYTES // 64)
    body = json.dumps({"id": number, "type": "simple", "description": filler}).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        "X-WC-Webhook-Topic: product.updated\r\nX-WC-Webhook-ID: 7\r\n"
        "X-WC-Webhook-Delivery-ID: 8a29ea03b560a744d351f74a6c9e192b\r\n"
        f"X-WC-Webhook-Signature: {signature.sign(body, secret).decode()}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@dataclass
class Connection:
    """One connection that stays open."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def exchange(self, wanted: bytes) -> None:
        """Send a request and wait for its answer, which is to be 200."""
        self.writer.write(wanted)
        head = await self.reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise SystemExit(head.decode())
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        await self.reader.readexactly(length)


@dataclass
class Target:
    """Where deliveries go."""

    port: int
    path: str
    secret: str
    sent: int = field(default=0)

    def next_request(self) -> bytes:
        """Return the next delivery."""
        self.sent += 1
        return request(self.port, self.path, self.sent, self.secret)

    async def connect(self, amount: int) -> list[Connection]:
        """Open connections."""
        opened = [asyncio.open_connection("127.0.0.1", self.port) for _ in range(amount)]
        return [Connection(*pair) for pair in await asyncio.gather(*opened)]


async def saturate(target: Target, *, connections: int, amount: int) -> float:
    """Send as fast as they are answered; return deliveries a second."""
    opened = await target.connect(connections)
    requests = [target.next_request() for _ in range(amount)]

    async def work(connection: Connection) -> None:
        while requests:
            await connection.exchange(requests.pop())

    await asyncio.gather(*(connection.exchange(target.next_request()) for connection in opened))
    begun = time.perf_counter()
    await asyncio.gather(*map(work, opened))
    taken = time.perf_counter() - begun
    for connection in opened:
        connection.writer.close()
    return amount / taken


async def at_rate(target: Target, *, rate: float, seconds: float) -> list[float]:
    """Send at a rate whatever the answers do; return milliseconds from when each was due."""
    opened = await target.connect(32)
    free: asyncio.Queue[Connection] = asyncio.Queue()
    for connection in opened:
        free.put_nowait(connection)
    requests = [target.next_request() for _ in range(int(rate * seconds))]
    waited: list[float] = []
    begun = time.perf_counter() + 0.1

    async def send(number: int, wanted: bytes) -> None:
        due = begun + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        connection = await free.get()
        await connection.exchange(wanted)
        free.put_nowait(connection)
        waited.append(1000 * (time.perf_counter() - due))

    await asyncio.gather(*(send(number, wanted) for number, wanted in enumerate(requests)))
    for connection in opened:
        connection.writer.close()
    return waited


def percentile(values: list[float], share: int) -> float:
    """Return a percentile."""
    return statistics.quantiles(values, n=100)[share - 1]

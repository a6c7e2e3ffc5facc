"""The queue of webhook deliveries: filled at a request's end, merged while pending, in order."""

import asyncio
import collections
import contextlib
import random
import time
from collections.abc import AsyncIterator, Iterator
from contextvars import ContextVar

import aiohttp
import msgspec

from woosim import shop
from woosim.hooks import delivery, topics

Event = tuple[str, str, int]
_events: ContextVar[list[Event] | None] = ContextVar("events", default=None)


class Chaos(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What goes wrong on the way.

    The next `drop` deliveries are lost, the next `duplicate` come twice, and with `reorder` the
    queue is worked off in a random order by `seed`.
    """

    drop: int = 0
    duplicate: int = 0
    reorder: bool = False
    seed: int = 0


class Pending(msgspec.Struct):
    """A delivery that waits: `due` on the monotonic clock."""

    webhook_id: int
    topic: str
    arg: int
    due: float


class Sent(msgspec.Struct):
    """A delivery that was made; `status` is the listener's answer, 0 for none, -1 for dropped."""

    webhook_id: int
    topic: str
    arg: int
    status: int
    bytes: int


class Queue:
    """Deliveries of one store: one worker, one after another.

    Attributes:
        latency: mean seconds from the event to its delivery (spread by a third both ways).
        chaos: losses, duplicates and disorder.
        pending, sent: what waits and what was done.
        paused: while true nothing is sent.
    """

    def __init__(self, chosen: shop.Shop) -> None:
        self.shop = chosen
        self.latency = 0.9
        self.chaos = Chaos()
        self.paused = False
        self.pending: list[Pending] = []
        self.sent: collections.deque[Sent] = collections.deque(maxlen=20_000)
        self._keys: set[tuple[int, int]] = set()
        self._spread = random.Random(chosen.options.seed)
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._session: aiohttp.ClientSession | None = None
        chosen.listeners.append(self._note)

    @contextlib.contextmanager
    def collecting(self) -> Iterator[None]:
        """Hold events back until the request is over, as PHP does at shutdown."""
        events: list[Event] = []
        token = _events.set(events)
        try:
            yield
        finally:
            _events.reset(token)
            for event in events:
                self._schedule(event)

    def _note(self, event: str, kind: str, record_id: int) -> None:
        events = _events.get()
        if events is None:
            self._schedule((event, kind, record_id))
        else:
            events.append((event, kind, record_id))

    def _schedule(self, event: Event) -> None:
        """Queue an event for every active webhook of its topics; newest webhook first."""
        webhooks = self.shop.catalogs["webhook"].touched
        fired = topics.fired_by(event[0], event[1])
        for webhook_id in sorted(webhooks, reverse=True) if fired else ():
            webhook = webhooks[webhook_id]
            if webhook["status"] == "active" and webhook["topic"] in fired:
                self._append(webhook_id, webhook["topic"], event[2])

    def _append(self, webhook_id: int, topic: str, arg: int) -> None:
        if (webhook_id, arg) in self._keys:
            return  # the same is pending: the later state goes out with it
        self._keys.add((webhook_id, arg))
        delay = self.latency * self._spread.uniform(2 / 3, 4 / 3)
        self.pending.append(Pending(webhook_id, topic, arg, time.monotonic() + delay))
        self._idle.clear()
        self._wake.set()

    @contextlib.asynccontextmanager
    async def running(self, view: delivery.View) -> AsyncIterator[None]:
        """Deliver until the block ends; `view` answers the shop's own GETs."""
        self._wake, self._idle = asyncio.Event(), asyncio.Event()  # of the present event loop
        async with delivery.open_session(self.shop) as session:
            self._session = session
            worker = asyncio.create_task(self._work(view))
            try:
                yield
            finally:
                self._session = None
                worker.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await worker

    async def ping(self, webhook_id: int) -> None:
        """Ping a webhook now, inside the request that created or changed it."""
        if self._session is not None:
            await delivery.ping(self.shop, self._session, webhook_id)

    async def drain(self, seconds: float = 10) -> bool:
        """Wait until nothing is pending; return whether that came in time."""
        try:
            await asyncio.wait_for(self._idle.wait(), seconds)
        except TimeoutError:
            return False
        return True

    def resume(self) -> None:
        """Go on after a pause, or after the latency was changed."""
        self.paused = False
        self._wake.set()

    def hurry(self) -> None:
        """Make everything pending due now."""
        for item in self.pending:
            item.due = 0.0
        self._wake.set()

    async def _work(self, view: delivery.View) -> None:
        while True:
            wait = self.pending[0].due - time.monotonic() if self.pending else None
            if self.paused or wait is None or wait > 0:
                if not self.pending:
                    self._idle.set()
                self._wake.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), None if self.paused else wait)
                continue
            item = self.pending.pop(self._next())
            self._keys.discard((item.webhook_id, item.arg))
            await self._deliver(view, item)

    def _next(self) -> int:
        if not self.chaos.reorder:
            return 0
        return random.Random(f"{self.chaos.seed}:{len(self.sent)}").randrange(len(self.pending))

    async def _deliver(self, view: delivery.View, item: Pending) -> None:
        webhook = self.shop.read("webhook", item.webhook_id)
        if webhook is None or self._session is None:
            return
        if self.chaos.drop > 0:
            self.chaos.drop -= 1
            self.sent.append(Sent(item.webhook_id, item.topic, item.arg, -1, 0))
            return
        body = await delivery.payload_of(view, item.topic, item.arg)
        times = 2 if self.chaos.duplicate > 0 else 1
        self.chaos.duplicate -= times - 1
        for _ in range(times):
            headers = delivery.headers_of(self.shop, webhook, body)
            status = await delivery.send(self._session, webhook["delivery_url"], body, **headers)
            self.sent.append(Sent(item.webhook_id, item.topic, item.arg, status, len(body)))
            if delivery.account(self.shop, item.webhook_id, status):
                await self.ping(item.webhook_id)

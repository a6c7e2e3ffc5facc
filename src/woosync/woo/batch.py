"""Many writes in few requests, with an outcome for each; push and stock send through here.

A store carries the items of a request out one after another and undoes nothing: what is known of
each afterwards is all that counts. Nothing is ever sent twice here.
"""

import asyncio
import collections
from collections.abc import Sequence
from http import HTTPStatus

import msgspec

from woosync import errors as kinds
from woosync.woo import errors, outcomes
from woosync.woo.client import StoreClient
from woosync.woo.outcomes import Action, Item, Numbered, Outcome, Status

__all__ = ["Action", "Item", "Outcome", "Pace", "Status", "send"]

LIMIT = 100
#: A request that takes longer is likelier to meet a time-out somewhere on the way.
TARGET_SECONDS = 5.0
FIRST_SIZE = 25
WORKERS = 8
CANNOT_BATCH = "woocommerce_rest_cannot_batch"


class Pace(msgspec.Struct):
    """How many items one request gets; keep one per store and kind of record to go on learning."""

    target: float = TARGET_SECONDS
    size: int = FIRST_SIZE
    ceiling: int = LIMIT
    singly: bool = False

    def learn(self, count: int, seconds: float) -> None:
        """Fit the next requests to the target; more than fourfold at once would be a guess."""
        fitting = int(self.target * count / max(seconds, 1e-6))
        self.size = max(1, min(fitting, max(self.size, count) * 4, self.ceiling))

    def shrink(self, count: int) -> None:
        """Ask for less after a request of `count` items got no answer."""
        self.size = max(1, min(self.size, count) // 2)

    def cap(self, count: int) -> None:
        """Remember that the store's own limit is below `count` (a plugin may lower it)."""
        self.ceiling = max(1, count // 2)
        self.size = min(self.size, self.ceiling)


async def send(
    client: StoreClient, path: str, items: Sequence[Item], *, pace: Pace | None = None
) -> list[Outcome]:
    """Send writes to `path` ("products", "products/7/variations"); one outcome each, in order.

    Items of one call may be carried out in any order and at the same time, so none may depend on
    another. When the store cannot be reached or refuses the key, what is left is UNSENT.
    Raises nothing that the store causes: `Outcome.error` has it.
    """
    sending = _Sending(client, path, pace or Pace())
    sending.waiting.extend(enumerate(items))
    workers = min(WORKERS, len(items))
    async with asyncio.TaskGroup() as group:
        for _ in range(workers):
            group.create_task(sending.work())
    return [sending.found[number] for number in range(len(items))]


class _Sending(msgspec.Struct):
    """One call of `send`: what waits, what was found, and why it stopped if it did."""

    client: StoreClient
    path: str
    pace: Pace
    waiting: collections.deque[Numbered] = msgspec.field(default_factory=collections.deque)
    found: dict[int, Outcome] = msgspec.field(default_factory=dict)
    stopped: kinds.WoosyncError | None = None

    async def work(self) -> None:
        """Take and send as long as something waits."""
        while self.waiting:
            size = 1 if self.pace.singly else self.pace.size
            part = [self.waiting.popleft() for _ in range(min(size, len(self.waiting)))]
            await self.send(part)

    async def send(self, part: Sequence[Numbered]) -> None:
        """Send one request's worth; in halves where the store refuses it as a whole."""
        if self.stopped is not None:
            self._note(part, Status.UNSENT, self.stopped)
        elif self.pace.singly:
            for number, item in part:
                self.found[number] = await self._send_single(number, item)
        else:
            await self._send_batch(part)

    async def _send_batch(self, part: Sequence[Numbered]) -> None:
        try:
            answer = await self.client.send("POST", f"{self.path}/batch", body=_body(part))
        except errors.StoreRejected as error:
            await self._refused(part, error)
        except errors.StoreAuthFailed as error:
            if error.code == CANNOT_BATCH:
                self.pace.singly = True
                await self.send(part)
            else:
                self._stop(part, error)
        except errors.OutcomeUnknown as error:
            self.pace.shrink(len(part))
            self._note(part, Status.UNKNOWN, error)
        except kinds.WoosyncError as error:
            self._stop(part, error)
        else:
            self.pace.learn(len(part), answer.seconds)
            self.found.update(outcomes.paired(part, answer.body))

    async def _refused(self, part: Sequence[Numbered], error: errors.StoreRejected) -> None:
        if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            self._note(part, Status.UNKNOWN, error)
            return
        if len(part) == 1:
            number, item = part[0]
            self.found[number] = outcomes.refusal(item, error)
            return
        if error.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            self.pace.cap(len(part))
        half = len(part) // 2
        await self.send(part[:half])
        await self.send(part[half:])

    async def _send_single(self, number: int, item: Item) -> Outcome:
        method, route, query = _single(self.path, item)
        body = None if item.action is Action.DELETE else dict(item.body)
        try:
            answer = await self.client.send(method, route, body=body, query=query)
        except errors.StoreRejected as error:
            return outcomes.refusal(item, error)
        except errors.OutcomeUnknown as error:
            return Outcome(item, Status.UNKNOWN, error=error, message=error.message)
        except errors.StoreAuthFailed as error:
            if error.status == HTTPStatus.FORBIDDEN:
                return Outcome(
                    item, Status.REFUSED, code=error.code, message=error.message, error=error
                )
            self._stop([(number, item)], error)
        except kinds.WoosyncError as error:
            self._stop([(number, item)], error)
        else:
            return Outcome(item, Status.DONE, answer.body)
        return self.found[number]

    def _stop(self, part: Sequence[Numbered], error: kinds.WoosyncError) -> None:
        """Leave the rest: the store cannot be reached, asks for a pause or refuses the key."""
        self.stopped = error
        self._note(part, Status.UNSENT, error)

    def _note(self, part: Sequence[Numbered], status: Status, error: kinds.WoosyncError) -> None:
        for number, item in part:
            self.found[number] = Outcome(item, status, message=error.message, error=error)


def _body(part: Sequence[Numbered]) -> dict[str, list[object]]:
    body: dict[str, list[object]] = {}
    for _, item in part:
        sent = item.id if item.action is Action.DELETE else item.body
        body.setdefault(item.action.value, []).append(sent)
    return body


def _single(path: str, item: Item) -> tuple[str, str, dict[str, str | int]]:
    match item.action:
        case Action.CREATE:
            return "POST", path, {}
        case Action.UPDATE:
            return "PUT", f"{path}/{item.id}", {}
        case Action.DELETE:
            return "DELETE", f"{path}/{item.id}", {"force": "true"}

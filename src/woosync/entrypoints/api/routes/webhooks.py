"""Webhooks: how those of a store are, what they delivered, and a delivery made up as a test."""

import asyncio
from datetime import datetime, timedelta
from typing import Annotated, Any

import fastapi
import msgspec
import pydantic
from msgspec import structs

from woosync import bootstrap
from woosync.domain import topic as topics
from woosync.entrypoints.api import access, dependencies, problems, routing, schemas
from woosync.flows import receive, webhooks
from woosync.postgres import deliveries

router = routing.guarded("", "webhooks")

#: Of this time deliveries are counted, and for so long a test waits for its outcome.
COUNTED = timedelta(days=1)
PATIENCE, GLANCE = 10.0, 0.02

Event = Annotated[
    str, pydantic.StringConstraints(pattern=r"^[a-z][a-z_]{0,30}\.[a-z][a-z_0-9]{0,90}$")
]
State = Annotated[str, pydantic.StringConstraints(pattern=r"^(waiting|handled|ignored|parked)$")]


class Test(schemas.Body):
    """A delivery as a store would send it; only its event and the id of its object count."""

    event: Event
    data: dict[str, Any]


class Outcome(schemas.Answer):
    """What became of a delivery, and what a store's own would have become."""

    delivery_id: int
    event: str
    state: str
    cause: str
    says: str


class Health(schemas.Answer):
    """The webhook of one topic, and what came of it within a day."""

    topic: str
    state: str
    webhook_id: int | None
    delivery_url: str
    received: int = 0
    waiting: int = 0
    parked: int = 0
    repeated: int = 0
    refused: int = 0
    last_at: datetime | None = None
    last_refused_at: datetime | None = None


class Change(schemas.Answer):
    """What was done about a topic: created, mended, confirmed or (an extra one) removed."""

    topic: str
    done: str
    webhook_id: int


class Delivery(schemas.Answer):
    """A delivery without its body."""

    id: int
    store: str
    topic: str
    state: str
    repeated: bool
    attempts: int
    cause: str
    source_address: str
    received_at: datetime
    handled_at: datetime | None


class Replay(schemas.Body):
    """Which deliveries to apply once more; without ids all that are parked."""

    ids: Annotated[tuple[schemas.Id, ...], pydantic.Field(max_length=1000)] | None = None


class Replayed(schemas.Answer):
    """How many deliveries wait again."""

    replayed: int


@router.post("/webhook/test", dependencies=[access.OPERATOR])
async def test(
    opened: dependencies.Opened, store: dependencies.Store, who: access.Who, body: Test
) -> Outcome:
    """Deliver an event as if the store had: the object is asked of the store and saved here."""
    topic = topics.parse(body.event)
    if topic is None:
        raise problems.not_found("event", body.event)
    raw = msgspec.json.encode(body.data)
    new = receive.unsigned(store.id, topic, raw, source=f"test by {who.name}")
    async with opened.database.transaction() as tx:
        delivery_id = await deliveries.save_one(tx, new)
    await opened.apply(store.id)
    patience = PATIENCE if store.state == "active" else 0.0
    state, cause = await _settled(opened, store.id, delivery_id, patience)
    says = {
        deliveries.HANDLED: "The store was asked for the object, and what it said is here.",
        deliveries.IGNORED: "Nothing is done about such a delivery.",
        deliveries.PARKED: "It cannot be applied; see the cause, mend it, and replay the delivery.",
    }.get(state, "It waits; a worker applies it, or tries again after the cause has gone.")
    return Outcome(delivery_id=delivery_id, event=str(topic), state=state, cause=cause, says=says)


async def _settled(
    opened: bootstrap.Application, store_id: int, delivery_id: int, patience: float
) -> tuple[str, str]:
    """Wait a moment for a delivery that another process may have taken up."""
    end = asyncio.get_running_loop().time() + patience
    while True:
        async with opened.database.transaction() as tx:
            state, cause = await deliveries.load_fate(tx, store_id, delivery_id)
        over = asyncio.get_running_loop().time() > end
        if state != deliveries.WAITING or cause or over:
            return state, cause
        await asyncio.sleep(GLANCE)


@router.get("/webhooks")
async def look(opened: dependencies.Opened, store: dependencies.Store) -> list[Health]:
    """Ask the store how its webhooks are, beside what came of them here within a day."""
    seen = await opened.look_at_webhooks(store.key)
    since = opened.clock() - COUNTED
    counts = await webhooks.load_counts(opened.database, store.id, since=since)
    return [Health.model_validate(structs.asdict(one) | counts.get(one.topic, {})) for one in seen]


@router.post("/webhooks/register", dependencies=[access.ADMIN])
async def register(
    opened: dependencies.Opened, store: dependencies.Store, who: access.Who
) -> list[Change]:
    """Make the webhooks of all topics, or mend those that are there."""
    return _changes(await opened.register_webhooks(store.key, actor=who.name))


@router.post("/webhooks/rotate", dependencies=[access.ADMIN])
async def rotate(
    opened: dependencies.Opened, store: dependencies.Store, who: access.Who
) -> list[Change]:
    """Give the webhooks a new secret; the old one is good for another day."""
    return _changes(await opened.rotate_webhook_secret(store.key, actor=who.name))


@router.get("/webhooks/deliveries")
async def list_deliveries(
    opened: dependencies.Opened,
    store: dependencies.Store,
    state: State | None = None,
    limit: Annotated[int, fastapi.Query(ge=1, le=1000)] = 100,
) -> list[Delivery]:
    """List deliveries, the newest first."""
    async with opened.database.transaction() as tx:
        found = await deliveries.load(tx, store.id, state=state, limit=limit)
    return [Delivery.model_validate(one) for one in found]


@router.post("/webhooks/deliveries/replay", dependencies=[access.OPERATOR])
async def replay(
    opened: dependencies.Opened, store: dependencies.Store, body: Replay | None = None
) -> Replayed:
    """Let deliveries be applied once more."""
    ids = body.ids if body else None
    return Replayed(replayed=await opened.replay_deliveries(store.key, ids))


def _changes(found: list[webhooks.Change]) -> list[Change]:
    return [Change(topic=one.topic, done=one.done, webhook_id=one.webhook_id) for one in found]

"""Keep a store's webhooks as they should be: all topics, the right address and secret, active."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

import msgspec

from woosync import errors
from woosync.domain import topic as topics
from woosync.postgres import cursors, deliveries, log, refusals
from woosync.postgres.engine import Database
from woosync.woo import webhooks
from woosync.woo.client import StoreClient

#: Under this name what the last look at a store's webhooks saw is kept among the cursors.
NOTED = "webhooks"
ACTIVE, DISABLED, MISSING, ELSEWHERE = "active", "disabled", "missing", "elsewhere"
NAME = "woosync"
_NONE: frozenset[int] = frozenset()


class NoPublicUrlError(errors.RefusedError):
    """Nobody has said at which address the store can reach this server."""

    exit_code = 78


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """How the webhook of a topic is.

    `state` is the store's own (active, paused, disabled), `missing`, or `elsewhere` where it
    leads to another address than it should.
    """

    topic: str
    state: str
    webhook_id: int | None = None
    delivery_url: str = ""


class Noted(msgspec.Struct, frozen=True, kw_only=True):
    """What the last look saw; `healed` counts how often webhooks had to be activated again."""

    looked_at: datetime
    webhooks: tuple[Health, ...] = ()
    healed: int = 0


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """A store and where its deliveries are to go; `public_url` is this server's for the store."""

    database: Database
    client: StoreClient
    store_id: int
    store_key: str
    is_default: bool
    public_url: str
    secret: str
    actor: str
    clock: Callable[[], datetime]

    def address(self, topic: str) -> str:
        """Return where deliveries of a topic go; raises NoPublicUrlError."""
        if not self.public_url:
            raise NoPublicUrlError(
                "Nobody has said at which address the store reaches this server.",
                remedy="Set WOOSYNC_PUBLIC_URL to it, such as https://sync.example.com.",
            )
        place = "" if self.is_default else f"/stores/{self.store_key}"
        return f"{self.public_url.rstrip('/')}/api/woocommerce-sync{place}/webhook/{topic}"


class Change(msgspec.Struct, frozen=True):
    """What was done about a topic: created, mended, confirmed, or an extra one removed."""

    topic: str
    done: str
    webhook_id: int


async def register(job: Registration) -> list[Change]:
    """Make or mend the webhooks of all topics; run again, it changes nothing more.

    The secret cannot be read back, so it is sent again each time. Raises what the client raises.
    """
    found = await webhooks.fetch_webhooks(job.client)
    made = await _known_ids(job)
    changes: list[Change] = []
    for topic in topics.WANTED:
        wanted = {
            "name": f"{NAME} {topic}",
            "topic": topic,
            "delivery_url": job.address(topic),
            "secret": job.secret,
            "status": ACTIVE,
        }
        changes += await _settle(job.client, wanted, _ours(job, found, topic, made))
    await _note(job, await look(job), healed=0)
    await _log(job, "registered", [change for change in changes if change.done != "confirmed"])
    return changes


async def _settle(
    client: StoreClient, wanted: Mapping[str, str], ours: Sequence[webhooks.Webhook]
) -> list[Change]:
    """Bring one topic into order: one webhook of ours, as it should be."""
    topic = wanted["topic"]
    if not ours:
        made = await webhooks.send_new(client, wanted)
        return [Change(topic, "created", made.id)]
    kept, *extra = ours
    right = kept.delivery_url == wanted["delivery_url"] and kept.status == ACTIVE
    await webhooks.send_changes(client, kept.id, wanted)
    changes = [Change(topic, "confirmed" if right else "mended", kept.id)]
    for one in extra:
        await webhooks.send_removal(client, one.id)
        changes.append(Change(topic, "removed", one.id))
    return changes


async def look(job: Registration) -> list[Health]:
    """Look at the webhooks of a store; changes nothing. Raises what the client raises."""
    found = await webhooks.fetch_webhooks(job.client)
    made = await _known_ids(job)
    return [_health(job, _ours(job, found, topic, made), topic) for topic in topics.WANTED]


async def heal(job: Registration) -> list[Health]:
    """Activate what WooCommerce has disabled; return those, after which a gap is to be filled.

    What a person has paused or taken away stays so.
    """
    seen = await look(job)
    disabled = [one for one in seen if one.state == DISABLED and one.webhook_id is not None]
    for one in disabled:
        await webhooks.send_changes(job.client, one.webhook_id or 0, {"status": ACTIVE})
    if disabled:
        await _log(job, "healed", [Change(one.topic, "activated", 0) for one in disabled])
        seen = await look(job)
    await _note(job, seen, healed=len(disabled))
    return disabled


async def load_noted(database: Database, store_id: int) -> Noted | None:
    """Load what the last look saw; None where nobody has looked yet."""
    async with database.transaction() as tx:
        return await cursors.load(tx, store_id, NOTED, Noted)


async def load_counts(
    database: Database, store_id: int, *, since: datetime
) -> dict[str, dict[str, object]]:
    """Load what came of each topic since then, and how much was refused; "" is other topics."""
    async with database.transaction() as tx:
        found = await deliveries.load_counts(tx, store_id, since=since)
        found += await refusals.load_counts(tx, store_id, since=since)
    counts: dict[str, dict[str, object]] = {}
    for one in found:
        counts.setdefault(str(one["topic"]), {}).update(one)
    return counts


async def _known_ids(job: Registration) -> frozenset[int]:
    """Return the webhooks that were ours at the last look, wherever they lead."""
    noted = await load_noted(job.database, job.store_id)
    return frozenset(one.webhook_id for one in noted.webhooks if one.webhook_id) if noted else _NONE


def _ours(
    job: Registration, found: Sequence[webhooks.Webhook], topic: str, known: Collection[int]
) -> list[webhooks.Webhook]:
    """Return the webhooks that lead here, or were made from here, the most right one first.

    Others are not touched, however alike: another installation may live on the same store.
    """
    wanted = job.address(topic)
    ours = [
        one
        for one in found
        if one.topic == topic and (one.delivery_url == wanted or one.id in known)
    ]
    return sorted(ours, key=lambda one: (one.delivery_url != wanted, one.status != ACTIVE, one.id))


def _health(job: Registration, ours: Sequence[webhooks.Webhook], topic: str) -> Health:
    if not ours:
        return Health(topic=topic, state=MISSING)
    one = ours[0]
    leads_here = one.delivery_url == job.address(topic)
    state = one.status if leads_here or one.status != ACTIVE else ELSEWHERE
    return Health(topic=topic, state=state, webhook_id=one.id, delivery_url=one.delivery_url)


async def _note(job: Registration, seen: Sequence[Health], *, healed: int) -> None:
    before = await load_noted(job.database, job.store_id)
    total = healed + (before.healed if before else 0)
    noted = Noted(looked_at=job.clock(), webhooks=tuple(seen), healed=total)
    async with job.database.transaction() as tx:
        await cursors.save(tx, job.store_id, NOTED, noted)


async def _log(job: Registration, event: str, changes: Sequence[Change]) -> None:
    if not changes:
        return
    told = {change.topic: change.done for change in changes}
    row = log.Event(entity="webhook", event=event, after={"webhooks": told})
    async with job.database.transaction() as tx:
        await log.save(tx, job.store_id, [row], run_id=None, actor=job.actor, now=job.clock())

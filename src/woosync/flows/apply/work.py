"""What applying carries along for one batch: the store, how records are asked for and saved."""

from collections.abc import Collection, Sequence
from http import HTTPStatus
from typing import Any

import msgspec

from woosync.domain import ids
from woosync.flows import ingest
from woosync.flows.ingest import apart, reading
from woosync.flows.ingest.streams import Stream
from woosync.postgres import deliveries, links
from woosync.postgres.engine import Database
from woosync.woo import errors as store_errors
from woosync.woo import lookup, paging
from woosync.woo.capabilities import Capabilities
from woosync.woo.client import StoreClient

#: So many records are asked for by id in one request.
INCLUDE = 100
TRASHED, DELETED = "trashed", "deleted"

#: What becomes of the deliveries that told of an object: a state of the inbox and its cause.
Fate = tuple[str, str]
HANDLED: Fate = (deliveries.HANDLED, "")


class Single(msgspec.Struct, frozen=True):
    """A record asked for alone: enough to know what it is."""

    status: str = ""
    type: str = ""
    parent_id: int | None = None


_SINGLE = msgspec.json.Decoder(Single)


class Found(msgspec.Struct):
    """What the store has of the records asked for.

    `gone` has those it confirmed to lack, with the reason; `unlisted` those that it shows alone
    but not in its list.
    """

    records: list[paging.Record] = msgspec.field(default_factory=list)
    bad: list[paging.BadRecord] = msgspec.field(default_factory=list)
    gone: dict[int, str] = msgspec.field(default_factory=dict)
    unlisted: dict[int, Single] = msgspec.field(default_factory=dict)

    def add(self, other: "Found") -> None:
        """Add what was found elsewhere."""
        self.records += other.records
        self.bad += other.bad
        self.gone |= other.gone
        self.unlisted |= other.unlisted


class Work(msgspec.Struct, kw_only=True):
    """One batch of one store. `failed` has the records that were set aside, with the reason."""

    database: Database
    client: StoreClient
    capabilities: Capabilities
    context: ingest.Context
    counts: ingest.Counts = msgspec.field(default_factory=ingest.Counts)
    failed: dict[tuple[str, str], str] = msgspec.field(default_factory=dict)

    async def look_up(self, stream: Stream, woo_ids: Collection[int]) -> Found:
        """Ask the store for records by id; what it does not list is looked for until it is sure.

        Raises what the client raises.
        """
        found = Found()
        wanted = sorted(woo_ids)
        for start in range(0, len(wanted), INCLUDE):
            await self._look_up(stream, wanted[start : start + INCLUDE], found)
        return found

    async def _look_up(self, stream: Stream, wanted: list[int], found: Found) -> None:
        page = await self._listed(stream, wanted, {})
        found.records += page.records
        found.bad += page.bad
        missing = set(wanted) - {record.id for record in page.records}
        if missing and stream.trash:
            trash = await self._listed(
                stream, sorted(missing), {"status": "trash", "_fields": "id"}
            )
            trashed = missing & {record.id for record in trash.records}
            found.gone |= dict.fromkeys(trashed, TRASHED)
            missing -= trashed
        for woo_id in sorted(missing):
            single = await self._look_at(stream.entity, woo_id)
            if single is None:
                found.gone[woo_id] = DELETED
            elif single.status == "trash":
                found.gone[woo_id] = TRASHED
            else:
                found.unlisted[woo_id] = single

    async def _listed(
        self, stream: Stream, wanted: Sequence[int], more: dict[str, str]
    ) -> paging.Page:
        included = ",".join(map(str, wanted))
        query = {**stream.query, "include": included, "orderby": "id", **more}
        return await lookup.fetch_page(self.client, stream.route, query, size=len(wanted))

    async def _look_at(self, entity: ids.Entity, woo_id: int) -> Single | None:
        """Ask for one record; None when the store says that it has none of this id."""
        noun = ids.Entity.PRODUCT if entity is ids.Entity.VARIATION else entity
        try:
            _, single = await self.client.fetch_as(
                _SINGLE, f"{noun}s/{woo_id}", {"_fields": "status,type,parent_id"}
            )
        except store_errors.StoreRejected as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            return None
        return single

    async def type_of(self, woo_id: int) -> Single | None:
        """Ask what kind of product an id is; None when the store has none."""
        return await self._look_at(ids.Entity.PRODUCT, woo_id)

    async def load_links(self, entity: ids.Entity, woo_ids: Collection[int]) -> dict[int, Any]:
        """Load what is known here of these records."""
        async with self.database.transaction() as tx:
            return await links.load(tx, self.context.store_id, entity, sorted(woo_ids))

    async def prepare(self, stream: Stream, found: Found) -> ingest.Prepared[Any]:
        """Decode the records that differ from what is here."""
        async with self.database.transaction() as tx:
            prepared = await ingest.prepare(tx, self.context, stream.noun, found.records)
        prepared.bad += [reading.unreadable(stream.noun, bad) for bad in found.bad]
        return prepared

    async def save(self, stream: Stream, prepared: ingest.Prepared[Any]) -> ingest.Result:
        """Save prepared records; a bad one is set aside and the others go on."""

        async def commit(part: ingest.Prepared[Any], _last: bool) -> ingest.Result:  # noqa: FBT001 - `apart.Commit`
            async with self.database.transaction(relaxed=True) as tx:
                result = await ingest.save(tx, self.context, stream.noun, part.incoming)
                await ingest.reject(tx, self.context, part.bad, result)
            self.failed |= {(bad.entity, bad.record): bad.reason for bad in part.bad}
            return result

        result = await apart.save(stream.noun, prepared, commit)
        self.counts.add(result.counts)
        self.counts.seen += prepared.seen
        return result

    async def remove(self, stream: Stream, woo_ids: Collection[int], *, reason: str) -> None:
        """Mark records as gone from the store."""
        if not woo_ids:
            return
        async with self.database.transaction(relaxed=True) as tx:
            result = await ingest.remove(
                tx, self.context, stream.noun, sorted(woo_ids), reason=reason
            )
        self.counts.add(result.counts)

    async def remove_gone(self, stream: Stream, gone: dict[int, str]) -> None:
        """Mark records that the store confirmed to lack."""
        for reason in (TRASHED, DELETED):
            woo_ids = [woo_id for woo_id, why in gone.items() if why == reason]
            await self.remove(stream, woo_ids, reason=reason)

    def fates(self, stream: Stream, found: Found, known: Collection[int]) -> dict[int, Fate]:
        """Return what became of each record that was looked for; `known` had a link here before."""
        noun = stream.entity.value
        fates: dict[int, Fate] = {}
        for record in found.records:
            reason = self.failed.get((noun, str(record.id)))
            fates[record.id] = (deliveries.PARKED, reason) if reason else HANDLED
        for woo_id, why in found.gone.items():
            if woo_id in known:
                fates[woo_id] = (deliveries.HANDLED, f"{why} in the store")
            else:
                fates[woo_id] = (deliveries.IGNORED, f"{why} in the store and not known here")
        for woo_id, single in found.unlisted.items():
            cause = f"the store does not list this {noun} (its status is {single.status[:40]!r})"
            fates[woo_id] = (deliveries.IGNORED, cause)
        return fates


def arrived(result: ingest.Result) -> list[int]:
    """Return the store ids of records that were not here before."""
    new = ("created", "linked", "restored")
    return [event.woo_id for event in result.events if event.woo_id and event.event in new]

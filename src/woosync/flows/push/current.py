"""Look at what the store has now of the records that are about to be changed there."""

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus

from woosync.domain import ids
from woosync.flows.ingest.streams import VARIATIONS, Stream
from woosync.flows.push.run import Run
from woosync.woo import errors, lookup, paging

PAGE = 100
_GONE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
Records = dict[int, paging.Record]


async def fetch(run: Run, stream: Stream, wanted: Mapping[int, int | None]) -> Records:
    """Fetch records by id; `wanted` maps each to its parent's. Those that are gone are left out.

    Raises what StoreClient.fetch raises.
    """
    if stream is VARIATIONS and not run.capabilities.variations_route:
        return await _fetch_by_product(run, stream, wanted)
    return await _fetch_from(run, stream, stream.route, list(wanted))


async def _fetch_by_product(run: Run, stream: Stream, wanted: Mapping[int, int | None]) -> Records:
    families: dict[int, list[int]] = {}
    for woo_id, parent_id in wanted.items():
        families.setdefault(parent_id or 0, []).append(woo_id)
    found: Records = {}
    for parent_id, members in families.items():
        route = f"products/{parent_id}/variations"
        found |= await _fetch_from(run, stream, route, members)
    return found


async def _fetch_from(run: Run, stream: Stream, route: str, woo_ids: Sequence[int]) -> Records:
    found: Records = {}
    for part in _parts(woo_ids):
        query = {**stream.query, "include": ",".join(map(str, part))}
        page = await lookup.fetch_page(run.client, route, query, size=len(part))
        found |= {record.id: record for record in page.records if record.id in part}
    return found


def _parts(woo_ids: Sequence[int]) -> Iterable[Sequence[int]]:
    return (woo_ids[begin : begin + PAGE] for begin in range(0, len(woo_ids), PAGE))


async def is_there(run: Run, stream: Stream, woo_id: int, parent_id: int | None) -> str:
    """Tell whether a record that a list left out is in the "trash" or "gone"; "" if it is neither.

    Only a clear answer counts: one that is gone is given up.
    """
    route = f"{path(stream.entity, parent_id)}/{woo_id}"
    try:
        answer = await run.client.fetch(route, {"_fields": "id,status", "_skip_cache": 1})
    except errors.StoreRejected as error:
        return "gone" if error.status in _GONE else ""
    except errors.NotAStore:
        return ""
    return "trash" if b'"trash"' in answer.body else ""


def path(entity: ids.Entity, parent_id: int | None) -> str:
    """Return the route that a kind of record is written to."""
    match entity:
        case ids.Entity.VARIATION:
            return f"products/{parent_id}/variations"
        case ids.Entity.CUSTOMER:
            return "customers"
        case ids.Entity.ORDER:
            return "orders"
        case _:
            return "products"

"""Find records in a store that may be ours: by marker, by SKU or by e-mail."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from msgspec import structs

from woosync.domain import customer
from woosync.flows.ingest.streams import CUSTOMERS, VARIATIONS, Stream
from woosync.flows.push.planning import Step, Target
from woosync.flows.push.run import Run
from woosync.postgres import creations, pushing
from woosync.woo import lookup
from woosync.woo.batch import Outcome

#: The key of the metadata that holds the marker; customers' hidden metadata cannot be written.
MARKER = "_woosync_id"
PAGE = 100
#: Clocks of shops differ from ours; a record of ours is looked for from this much before its time.
SKEW = timedelta(days=1)
_FIELDS = "id,type,sku,parent_id,meta_data"
_TAKEN = frozenset(
    {
        "product_invalid_sku",
        "woocommerce_rest_product_not_created",
        "registration-error-email-exists",
        "existing_user_login",
    }
)


class _Meta(msgspec.Struct):
    key: str = ""
    value: Any = None


class _Head(msgspec.Struct):
    id: int
    type: str = ""
    sku: str | None = ""
    parent_id: int = 0
    email: str = ""
    meta_data: list[_Meta] = []

    @property
    def marker(self) -> str:
        """Return the marker that a push has left on the record."""
        return next((str(meta.value) for meta in self.meta_data if meta.key == MARKER), "")


_HEAD = msgspec.json.Decoder(_Head)


class One(msgspec.Struct, frozen=True):
    """A record of the store for a local one. `ours`: made by a push; `fits`: it is of that kind."""

    step: Step
    woo_id: int
    parent_id: int | None
    ours: bool
    fits: bool = True
    key: object = msgspec.field(default=None)

    @property
    def linked(self) -> Step:
        """Return the step with its place in the store."""
        link = pushing.Linked(self.woo_id, self.parent_id, None)
        return structs.replace(self.step, target=Target(self.step.target.claim, link))


Found = dict[int, One]


def made(step: Step, record: bytes) -> One:
    """Return what a store answered to a creation."""
    return One(step, _HEAD.decode(record).id, step.target.link.parent_id, ours=True)


def is_taken(outcome: Outcome) -> bool:
    """Tell whether a refusal says that the record is there already."""
    return outcome.code in _TAKEN


async def find(
    run: Run, stream: Stream, steps: Sequence[Step], intents: Mapping[int, creations.Intent]
) -> Found:
    """Find those that the store has; raises what StoreClient.fetch raises."""
    if not steps:
        return {}
    if stream is CUSTOMERS:
        return await _by_email(run, steps, intents)
    found = await _by_sku(run, stream, steps, intents)
    lost = [
        step
        for step in steps
        if step.target.local_id in intents and step.target.local_id not in found
    ]
    return found | await _by_marker(run, stream, lost, intents)


async def _by_email(
    run: Run, steps: Sequence[Step], intents: Mapping[int, creations.Intent]
) -> Found:
    found: Found = {}
    for step in steps:
        email = customer.normalised_email(step.ours.email)
        if not email:
            continue
        query = {"email": email, "role": "all", "_fields": "id,email"}
        for head in await _heads(run, "customers", query):
            if customer.normalised_email(head.email) == email:
                ours = step.target.local_id in intents
                found[step.target.local_id] = One(step, head.id, None, ours=ours, key=head.email)
                break
    return found


async def _by_sku(
    run: Run, stream: Stream, steps: Sequence[Step], intents: Mapping[int, creations.Intent]
) -> Found:
    wanted = {str(step.ours.sku).lower(): step for step in steps if _findable(step.ours.sku)}
    found: Found = {}
    skus = list(wanted)
    for begin in range(0, len(skus), PAGE):
        part = ",".join(skus[begin : begin + PAGE])
        for head in await _heads(run, "products", {"sku": part, "_fields": _FIELDS}):
            step = wanted.get((head.sku or "").lower())
            if step is not None:
                found[step.target.local_id] = _one(stream, step, head, intents)
    return found


def _findable(sku: str | None) -> bool:
    """A store takes a comma for the end of a SKU when it looks for one."""
    return bool(sku) and "," not in str(sku)


def _one(stream: Stream, step: Step, head: _Head, intents: Mapping[int, creations.Intent]) -> One:
    intent = intents.get(step.target.local_id)
    is_variation = head.type == "variation"
    fits = is_variation == (stream is VARIATIONS)
    if is_variation:
        fits = fits and head.parent_id == step.target.link.parent_id
    return One(
        step,
        head.id,
        head.parent_id or None if is_variation else None,
        ours=intent is not None and head.marker == intent.marker,
        fits=fits,
        key=head.sku,
    )


async def _by_marker(
    run: Run, stream: Stream, steps: Sequence[Step], intents: Mapping[int, creations.Intent]
) -> Found:
    """Look through what was made since the first attempt."""
    wanted = {intents[step.target.local_id].marker: step for step in steps}
    found: Found = {}
    for route, members in _routes(stream, steps).items():
        since = min(intents[step.target.local_id].first_sent_at for step in members) - SKEW
        for head in await _since(run, route, since):
            step = wanted.get(head.marker)
            if step is not None:
                woo_parent = step.target.link.parent_id
                found[step.target.local_id] = One(step, head.id, woo_parent, ours=True)
    return found


def _routes(stream: Stream, steps: Iterable[Step]) -> dict[str, list[Step]]:
    routes: dict[str, list[Step]] = {}
    for step in steps:
        parent_id = step.target.link.parent_id
        route = f"products/{parent_id}/variations" if stream is VARIATIONS else "products"
        routes.setdefault(route, []).append(step)
    return routes


async def _since(run: Run, route: str, since: datetime) -> list[_Head]:
    """Fetch the heads of what was made after a moment, oldest first."""
    after = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    query = {
        "_fields": _FIELDS,
        "after": after,
        "dates_are_gmt": "true",
        "orderby": "id",
        "order": "asc",
    }
    found: list[_Head] = []
    while True:
        heads = await _heads(run, route, query, offset=len(found))
        found += heads
        if len(heads) < PAGE:
            return found


async def _heads(
    run: Run, route: str, query: Mapping[str, str | int], *, offset: int = 0
) -> list[_Head]:
    page = await lookup.fetch_page(run.client, route, query, size=PAGE, offset=offset)
    heads: list[_Head] = []
    for record in page.records:
        try:
            heads.append(_HEAD.decode(record.raw))
        except msgspec.MsgspecError:
            continue
    return heads

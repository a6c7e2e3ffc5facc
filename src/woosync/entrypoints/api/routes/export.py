"""Exports of any size: rows stream from a cursor in the database to the caller."""

import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

import fastapi

from woosync import bootstrap
from woosync.entrypoints.api import access, dependencies, routing, streaming
from woosync.postgres import engine, exports, formats, stores

router = routing.guarded("", "export")
What = Literal["customers", "products", "orders", "inventory", "movements", "history", "conflicts"]
MEDIA = {
    formats.Format.JSON: "application/json",
    formats.Format.NDJSON: "application/x-ndjson",
    formats.Format.CSV: "text/csv; charset=utf-8",
}
#: What the answer may look like, for the OpenAPI document.
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The rows: one JSON list, one JSON object a line, or CSV (RFC 4180).",
        "content": {
            "application/json": {
                "schema": {"type": "array", "items": {"type": "object"}},
                "example": [{"id": 1, "wc_id": 77, "email": "ada@example.com"}],
            },
            "application/x-ndjson": {"schema": {"type": "string"}},
            "text/csv": {"schema": {"type": "string"}},
        },
    }
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be exported, and how; without a store, the default one's ids are shown."""

    what: str
    store: stores.Store | None
    linked_only: bool
    format: formats.Format


@router.get("/export/{what}", status_code=200, response_class=streaming.Stream, responses=ANSWERS)
async def export(  # noqa: PLR0913 - what FastAPI hands in
    request: fastapi.Request,
    what: What,
    *,
    opened: dependencies.Opened,
    who: access.Who,
    store: dependencies.AnyStore,
    as_format: Annotated[formats.Format, fastapi.Query(alias="format")] = formats.Format.JSON,
    wc_only: Annotated[bool, fastapi.Query()] = False,
) -> streaming.Stream:
    """Stream customers, products, orders, stock levels, movements, history or conflicts.

    `wc_only=true` leaves out what the store does not know. Columns are those of `woosync export`;
    in CSV, text that a spreadsheet would run has an apostrophe before it.
    """
    streams: streaming.Streams = request.app.state.streams
    wish = Wish(what, store, wc_only or who.store_id is not None, as_format)
    streams.enter()
    chunks = _chunks(opened, streams, wish)
    name = f"{what}-{_stamp(opened.clock())}.{as_format.value}"
    answer = streaming.Stream(
        chunks,
        media_type=MEDIA[as_format],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
    await answer.begin()
    return answer


async def _default(tx: engine.Transaction) -> stores.Store | None:
    """Load the default store; where none was ever set up, there are no store ids to show."""
    with contextlib.suppress(stores.UnknownStoreError):
        return await stores.load(tx, bootstrap.DEFAULT_STORE)
    return None


def _stamp(now: datetime) -> str:
    return f"{now:%Y%m%dT%H%M%SZ}"


async def _chunks(
    opened: bootstrap.Application,
    streams: streaming.Streams,
    wish: Wish,
) -> AsyncGenerator[bytes, None]:
    """Yield the export; the cursor and its connection are given back at the end of any kind."""
    try:
        async with opened.replica.transaction() as tx:
            store = wish.store or await _default(tx)
            opening = exports.open_rows(tx, wish.what, store, linked_only=wish.linked_only)
            async with opening as rows:
                async for data, _ in formats.encoded(rows, wish.format):
                    if data:
                        yield data
    finally:
        streams.leave()

"""The cursor that a pull keeps for every stream."""

from datetime import datetime

import msgspec

from woosync.woo import paging


class Scan(msgspec.Struct, frozen=True, kw_only=True):
    """A full scan under way: changes before `watermark` are in what it reads."""

    started: datetime
    watermark: datetime
    position: paging.ScanPosition
    force: bool


class Cursor(msgspec.Struct, frozen=True, kw_only=True):
    """Where the next pull of a stream goes on.

    `watermark`: changes up to then are here. `scan`: a full scan that is not finished.
    `rolling`: where the slow look through all customers stands. `due`: rows were saved whose
    belongings (parents, refunds, owners) have not been seen to yet. `parents`: products whose
    variations are still to be fetched, on stores that list variations by product only.
    `orders`: changed orders whose customers are still to be asked for. `unsettled`: products that
    were read in the second of their last change, on those stores; a variation may change once more
    in it without a trace, so they are asked for again.
    """

    watermark: datetime | None = None
    scan: Scan | None = None
    rolling: paging.ScanPosition | None = None
    swept_at: datetime | None = None
    due: bool = False
    parents: tuple[int, ...] = ()
    orders: tuple[int, ...] = ()
    unsettled: tuple[int, ...] = ()
    last_parent: int = 0

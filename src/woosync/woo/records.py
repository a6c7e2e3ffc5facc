"""Cut a page into records: id, modified time and raw JSON of each. Pure; used by paging."""

import re
from datetime import UTC, datetime
from typing import Annotated, NamedTuple

import msgspec

_MODIFIED = b'"date_modified_gmt":'
_ID = re.compile(rb'\{"id":(\d{1,18})[,}]')
_RECORDS: "msgspec.json.Decoder[list[msgspec.Raw]]" = msgspec.json.Decoder(list[msgspec.Raw])
_SAMPLE = 500
_DATE_LENGTH = 19
#: Where a date ends, counted from the beginning of its key.
_DATE_END = len(_MODIFIED) + 1 + _DATE_LENGTH


class _Head(msgspec.Struct):
    id: Annotated[int, msgspec.Meta(le=2**63 - 1)]
    date_modified_gmt: object = None


_HEAD = msgspec.json.Decoder(_Head)


class Record(NamedTuple):
    """One record of a page; `modified` is aware UTC, None where the store says none."""

    id: int
    modified: datetime | None
    raw: msgspec.Raw


class BadRecord(NamedTuple):
    """One that cannot even be told apart from others; `raw` is its beginning."""

    raw: bytes
    reason: str


class Cut(NamedTuple):
    """A page cut into records, in the order of the page."""

    records: list[Record]
    bad: list[BadRecord]


class PageDecoder:
    """Decode a page of a collection; raises ValueError when it is not a JSON list."""

    def decode(self, buf: bytes, /) -> Cut:
        """Cut `buf` into records. One pass over the JSON; the heads are found by searching."""
        cut = Cut([], [])
        for raw in _RECORDS.decode(buf):
            try:
                cut.records.append(_record(raw))
            except ValueError as error:
                cut.bad.append(BadRecord(bytes(raw)[:_SAMPLE], str(error)))
        return cut


def _record(raw: msgspec.Raw) -> Record:
    text = bytes(raw)
    found = _ID.match(text)
    at = text.find(_MODIFIED)
    end = at + _DATE_END
    # Searched is many times faster than decoded, and as good where the key found can only be the
    # record's own: no object or list begins before it, or it stands there only once.
    if (
        found is not None
        and at > 0
        and text[end : end + 1] == b'"'
        and (
            (text.find(b"{", 1, at) < 0 and text.find(b"[", 1, at) < 0)
            or text.find(_MODIFIED, end) < 0
        )
    ):
        try:
            moment = datetime.fromisoformat(f"{text[end - _DATE_LENGTH : end].decode()}+00:00")
            return Record(int(found[1]), moment, raw)
        except ValueError:
            pass
    head = _HEAD.decode(text)
    return Record(head.id, utc(head.date_modified_gmt), raw)


def utc(text: object) -> datetime | None:
    """Read a `*_gmt` date of WooCommerce (no zone, means UTC); None for null or what is no date."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


PAGE = PageDecoder()

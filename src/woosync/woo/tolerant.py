"""Find the JSON in what a store answered, tolerating what plugins print before it. Pure."""

import re
from typing import Protocol, TypeVar

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")

_BOM = b"\xef\xbb\xbf"
#: Where a REST answer can begin. Only the first such place is tried: a later one could be a part
#: of a cut answer that happens to be whole.
_JSON_START = re.compile(rb'\[\s*\{\s*"|\{\s*"|(?:\[\s*\]|\{\s*\})\s*\Z')
_JUNK_SEARCHED = 256 * 1024


class Decoder(Protocol[T_co]):
    """Anything that decodes bytes and raises ValueError, such as `msgspec.json.Decoder`."""

    def decode(self, buf: bytes, /) -> T_co:
        """Decode or raise ValueError."""
        ...


def decode(body: bytes, decoder: Decoder[T]) -> tuple[T, bytes]:
    """Decode a body; return the value and the junk that stood before the JSON (usually none).

    Raises ValueError when the JSON is cut, absent or not what the decoder wants.
    """
    try:
        return decoder.decode(body), b""
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    except ValueError:
        start = _start_of_json(body)
        if not start:
            raise
    try:
        return decoder.decode(body[start:]), body[:start]
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _start_of_json(body: bytes) -> int:
    """Return where the JSON begins after junk; 0 where there is no junk or no JSON."""
    if body.startswith(_BOM) and body[3:4] in {b"[", b"{"}:
        return 3
    found = _JSON_START.search(body if len(body) <= _JUNK_SEARCHED else body[:_JUNK_SEARCHED])
    return found.start() if found else 0

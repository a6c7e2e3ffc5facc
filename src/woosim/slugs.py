"""Slugs as WordPress makes them of titles."""

import re
import unicodedata
from urllib.parse import quote

_SYMBOLS = 0x3000
"""Above this every character stays, emoji too."""
_FOLDED = {"ß": "s", "Œ": "oe", "œ": "oe", "Ł": "l", "ł": "l", "Ø": "o", "ø": "o", "Æ": "ae"}


def slug(title: str) -> str:
    """Return the slug of a title: accents folded, other scripts percent-encoded in lower case."""
    text = re.sub(r"<[^>]*>|&[a-z0-9#]+;", "", title, flags=re.IGNORECASE)
    text = "".join(_FOLDED.get(c, c) for c in text)
    folded = "".join(_fold(c) for c in text).lower()
    dashed = re.sub(r"[\s/.]+", "-", folded)
    kept = "".join(c for c in dashed if c.isalnum() or c in "-_" or ord(c) > _SYMBOLS)
    return quote(re.sub(r"-+", "-", kept).strip("-"), safe="-_").lower()


def _fold(character: str) -> str:
    plain = unicodedata.normalize("NFKD", character)[:1]
    return plain if plain.isascii() else character

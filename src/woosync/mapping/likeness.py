"""Whether a store has taken a value, although it shows it in a form of its own. Pure; for push."""

import html
import re
from collections.abc import Sequence

from woosync.domain.product import Attribute, Image, Term

#: WordPress wraps paragraphs and breaks lines when it shows a text.
_SHOWN = re.compile(r"</?p>|<br\s*/?>|\s+", re.IGNORECASE)
_HTML = frozenset({"description", "short_description"})


def alike(name: str, sent: object, shown: object) -> bool:
    """Tell whether `shown` is what a store makes of `sent`, by the field's dotted name."""
    if sent == shown:
        return True
    if name == "slug":  # a store makes one of its own where another record has it
        return True
    if isinstance(sent, str) and isinstance(shown, str):
        if name in _HTML:
            return _SHOWN.sub("", html.unescape(sent)) == _SHOWN.sub("", html.unescape(shown))
        return _plain(sent) == _plain(shown)
    if isinstance(sent, tuple) and isinstance(shown, tuple):
        return len(sent) == len(shown) and _same_names(sent, shown)
    return False


def _plain(text: str) -> str:
    return html.unescape(html.unescape(text)).replace("\\", "").strip().casefold()


def _same_names(sent: Sequence[object], shown: Sequence[object]) -> bool:
    """Compare lists by what their entries are called: the store gives slugs and file names."""
    return sorted(map(_named, sent)) == sorted(map(_named, shown))


def _named(entry: object) -> str:
    match entry:
        case Term():
            return _plain(entry.name or entry.slug)
        case Image():
            return ""
        case Attribute():
            return "|".join(map(_plain, (entry.name, *entry.options)))
        case _:
            return repr(entry)

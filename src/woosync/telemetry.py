"""Logs: one line an event on stderr, for people or as JSON, with secrets taken out.

The entry points call `configure` once; everything else logs with the standard library: the event
as message, what belongs to it in `extra`.
"""

import logging
import re
import sys
from collections.abc import Iterable, MutableMapping
from pathlib import Path
from typing import Any, TextIO

REDACTED = "[redacted]"
SECRETS = re.compile(
    r"""\b[cC][kKsS]_[A-Za-z0-9]{6,}
    | (?<=oauth_signature=)[^&\s"']+
    | (?<=oauth_consumer_key=)[^&\s"']+
    | (?<=consumer_secret=)[^&\s"']+
    | (?<=consumer_key=)[^&\s"']+
    | (?:Basic|Bearer)\s+[A-Za-z0-9+/=._~-]{6,}
    | (?<=://)[^/\s:@"']*:[^/\s@"']+(?=@)
    """,
    re.VERBOSE,
)
HIDDEN_NAMES = re.compile(
    r"authorization|password|secret|consumer_key|token|database_url", re.IGNORECASE
)
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
LOG_SIZE = 5_000_000


class Redactor:
    """Takes known secrets, and whatever looks like one, out of text."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted({re.escape(secret) for secret in secrets if secret}, key=len, reverse=True)
        self._known = re.compile("|".join(known)) if known else None

    def clean(self, text: str) -> str:
        """Return the text without secrets."""
        if self._known is not None:
            text = self._known.sub(REDACTED, text)
        return SECRETS.sub(REDACTED, text)

    def value(self, value: Any) -> Any:
        """Return a log value without secrets and on one line."""
        if isinstance(value, bool | int | float) or value is None:
            return value
        if isinstance(value, MutableMapping):
            return {str(k): self.named(str(k), v) for k, v in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.value(one) for one in value]
        return one_line(self.clean(str(value)))

    def named(self, name: str, value: Any) -> Any:
        """Return what may be logged under this name."""
        return REDACTED if value and HIDDEN_NAMES.search(name) else self.value(value)

    def process(
        self, _logger: object, _method: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        """Clean an event; a structlog processor."""
        if "exception" in event:  # renderers put that name on lines of its own
            event["traceback"] = event.pop("exception")
        for name in list(event):
            if not name.startswith("_"):
                event[one_line(name)] = self.named(name, event.pop(name))
        return event


def one_line(text: str) -> str:
    """Escape what would break a log line or steer a terminal."""
    return CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


class _Handler(logging.StreamHandler[TextIO]):
    """Writes to stderr; structlog, which renders, is loaded with the first line that is written."""

    def __init__(self, style: str, redactor: Redactor) -> None:
        super().__init__(sys.stderr)
        self._style, self._redactor = style, redactor

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        if self.formatter is None:
            self.setFormatter(_formatter(self._style, self._redactor))
        return super().format(record)


def _formatter(style: str, redactor: Redactor) -> logging.Formatter:
    import structlog  # noqa: PLC0415 - slow to load, and most commands log nothing

    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=0)
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.ExtraAdder(),
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            redactor.process,
        ],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )


def configure(*, style: str, debug: bool, secrets: Iterable[str] = ()) -> None:
    """Send all logs, the libraries' too, to stderr; `style` is console or json."""
    root = logging.getLogger()
    root.handlers[:] = [_Handler(style, Redactor(secrets))]
    root.setLevel(logging.WARNING)
    logging.getLogger("woosync").setLevel(logging.DEBUG if debug else logging.INFO)


def note_defect(folder: Path, text: str, *, secrets: Iterable[str] = ()) -> Path | None:
    """Append a defect's traceback to the log file, readable for its owner; None if it cannot be."""
    path = folder / "logs" / "woosync.log"
    redactor = Redactor(secrets)
    lines = [one_line(redactor.clean(line)) for line in text.splitlines()]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size > LOG_SIZE:
            path.replace(path.with_suffix(".log.1"))
        path.touch(mode=0o600)
        with path.open("a", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
    except OSError:
        return None
    return path

"""The error kinds: a kind decides what may happen next.

What happened is said by the concrete class, which lives beside the code that raises it.
"""

SHOWN = 60


def shortened(text: str) -> str:
    """Return a text that somebody typed so that it fits into a sentence."""
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


class WoosyncError(Exception):
    """Base of every error that woosync raises on purpose: one clear sentence and a remedy."""

    #: Exit code of the command line (sysexits.h where one fits).
    exit_code = 1

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


class TemporaryError(WoosyncError):
    """Worth trying again later; the job goes back. `retry_after` is seconds or None."""

    exit_code = 75

    def __init__(self, message: str, *, remedy: str = "", retry_after: float | None = None) -> None:
        super().__init__(message, remedy=remedy)
        self.retry_after = retry_after


class PermanentError(WoosyncError):
    """Trying again will not help; the job is parked until a person changes something."""

    exit_code = 69


class RecordError(WoosyncError):
    """One record cannot be processed; it is quarantined with this reason and the others go on."""

    exit_code = 65

    def __init__(self, message: str, *, remedy: str = "", record: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.record = record


class RefusedError(WoosyncError):
    """The caller asked for something that cannot be done as asked."""

    exit_code = 64

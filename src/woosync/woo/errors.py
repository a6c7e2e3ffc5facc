"""What can go wrong with a store, in words for its owner; raised by the client."""

from woosync import errors


class StoreUnreachable(errors.TemporaryError):
    """No answer: name not found, refused, no trust in its TLS, or the breaker is open."""


class TlsRefused(StoreUnreachable):
    """The certificate is not one to trust; trying again at once will not change it."""


class ConnectionLost(StoreUnreachable):
    """The connection broke after it was made, so the request may have reached the store."""


class StoreTimeout(StoreUnreachable):
    """The store did not answer in time, so the request may have reached it."""


class StoreThrottled(errors.TemporaryError):
    """The store or its host said 429: too many requests."""


class StoreFailed(errors.TemporaryError):
    """The store answered 5xx: a crash, an overload or maintenance."""

    def __init__(
        self, message: str, *, status: int, remedy: str = "", retry_after: float | None = None
    ) -> None:
        super().__init__(message, remedy=remedy, retry_after=retry_after)
        self.status = status


class StoreAnsweredNonsense(errors.TemporaryError):
    """The answer came, but it is not what the API gives: HTML, cut or no JSON, wrong order."""


class StoreAnsweredNothing(StoreAnsweredNonsense):
    """The body was empty."""


class StoreAnsweredTooMuch(StoreAnsweredNonsense):
    """The body is over the limit, as sent or as decompressed."""


class OutcomeUnknown(errors.TemporaryError):
    """A write may or may not have been applied: read back before sending it again."""


class StoreAuthFailed(errors.PermanentError):
    """The store refused the key, or the key may not do this."""

    exit_code = 77

    def __init__(self, message: str, *, status: int, code: str = "", remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.status = status
        self.code = code


class StoreRejected(errors.PermanentError):
    """The store understood and said no; `code` is stable, `store_message` is for people."""

    def __init__(
        self, message: str, *, status: int, code: str, store_message: str = "", data: object = None
    ) -> None:
        super().__init__(message, remedy=REJECTED_REMEDY)
        self.status = status
        self.code = code
        self.store_message = store_message
        self.data = data


class NotAStore(errors.PermanentError):
    """There is no WooCommerce REST API at this address, or this route is not part of it."""

    def __init__(self, message: str, *, code: str = "", remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.code = code


class StoreMoved(errors.PermanentError):
    """The store redirects; redirects are never followed."""


class StoreNotAllowed(errors.PermanentError):
    """The address is one that woosync does not talk to: private, malformed or unencrypted."""

    exit_code = 78


class CaFileUnreadable(errors.PermanentError):
    """The private certificate authority of the settings cannot be loaded."""

    exit_code = 78


REJECTED_REMEDY = (
    "Look at the field the store names; the record stays as it is until it is changed."
)

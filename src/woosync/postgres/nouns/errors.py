"""Why a record cannot be read or changed as asked."""

from woosync import errors


class NotThereError(errors.RefusedError):
    """No live record has this id."""


class StaleError(errors.RefusedError):
    """Somebody else changed the record since the caller read it."""


class TakenError(errors.RefusedError):
    """Another record has the value that must be unique, or an act's key was used for another."""


class InUseError(errors.RefusedError):
    """The record cannot change so while others depend on it."""


class UnfitError(errors.RefusedError):
    """A value does not fit, or names a record that does not exist."""


class KeyUsedError(TakenError):
    """The key of an act was used for another act before."""

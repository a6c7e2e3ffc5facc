"""What can go wrong with PostgreSQL, said in words an owner can act on."""

import psycopg
import sqlalchemy.exc

from woosync import errors


class DatabaseUnavailableError(errors.TemporaryError):
    """PostgreSQL cannot be reached or went away."""


class DatabaseFullError(errors.TemporaryError):
    """PostgreSQL has no room to write; what was committed is safe."""

    exit_code = 73


class DatabaseBusyError(errors.TemporaryError):
    """Another transaction was in the way; trying again will do."""


class DatabaseOutdatedError(errors.PermanentError):
    """The tables are missing or older than this program."""


class DatabaseRefusedError(errors.PermanentError):
    """PostgreSQL refused a statement or a login."""


BUSY = (
    psycopg.errors.SerializationFailure,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.LockNotAvailable,
    psycopg.errors.UniqueViolation,
)
LOGIN = (
    psycopg.errors.InvalidPassword,
    psycopg.errors.InvalidAuthorizationSpecification,
    psycopg.errors.InvalidCatalogName,
)


def first_line(error: BaseException) -> str:
    """Return the error's first line, without SQLAlchemy's statement dump."""
    cause = error.orig if isinstance(error, sqlalchemy.exc.DBAPIError) and error.orig else error
    return str(cause).strip().partition("\n")[0]


def translate(error: BaseException) -> errors.WoosyncError:
    """Return our error for one of the driver's."""
    cause = error.orig if isinstance(error, sqlalchemy.exc.DBAPIError) and error.orig else error
    says = first_line(error)
    if isinstance(cause, psycopg.errors.DiskFull | psycopg.errors.OutOfMemory):
        return DatabaseFullError(
            f"The database has no room left: {says}.",
            remedy="Free disk space and run the same command again; it goes on where it stopped.",
        )
    if isinstance(cause, BUSY):
        return DatabaseBusyError(f"Another process changed the same rows: {says}.")
    if isinstance(cause, LOGIN) or "password authentication failed" in says:
        return DatabaseRefusedError(
            f"The database refused the login: {says}.",
            remedy="Check user, password and database name in DATABASE_URL.",
        )
    if isinstance(cause, psycopg.errors.UndefinedTable | psycopg.errors.UndefinedColumn):
        return DatabaseOutdatedError(
            f"The database has not the tables of this version: {says}.",
            remedy="Run `woosync db upgrade`.",
        )
    if isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError | OSError):
        return DatabaseUnavailableError(
            f"The database cannot be reached: {says}.",
            remedy="Check that PostgreSQL runs and DATABASE_URL is right, then run it again.",
        )
    return DatabaseRefusedError(f"The database refused a statement: {says}.")

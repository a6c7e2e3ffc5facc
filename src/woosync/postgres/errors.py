"""What can go wrong with PostgreSQL, said in words an owner can act on."""

import re

import psycopg

from woosync import errors


class DatabaseUnavailableError(errors.TemporaryError):
    """PostgreSQL cannot be reached or went away."""


class DatabaseCrowdedError(DatabaseUnavailableError):
    """All connections of this process are in use."""


class DatabaseFullError(errors.TemporaryError):
    """PostgreSQL has no room to write; what was committed is safe."""

    exit_code = 73


class DatabaseBusyError(errors.TemporaryError):
    """Another transaction was in the way; trying again will do."""


class DatabaseTakenError(DatabaseBusyError):
    """A unique value is taken; by a transaction that was quicker, or for good."""


class DatabaseOutdatedError(errors.PermanentError):
    """The tables are missing or older than this program."""


class DatabaseIncompleteError(errors.PermanentError):
    """The tables are of this version, but some are not there."""


class DatabaseNewerError(errors.PermanentError):
    """The tables are newer than this program."""


class DatabaseUnfitError(errors.PermanentError):
    """The server is too old, or the database cannot hold all text."""

    exit_code = 78


class DatabaseRefusedError(errors.PermanentError):
    """PostgreSQL refused a statement or a login."""


class DatabaseRejectedError(errors.RecordError):
    """A value does not fit its column; the record is quarantined."""


class DatabaseTooSlowError(errors.RefusedError):
    """A question took longer than whoever asked it may take."""


BUSY = (
    psycopg.errors.SerializationFailure,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.LockNotAvailable,
)
LOGIN = (
    psycopg.errors.InvalidPassword,
    psycopg.errors.InvalidAuthorizationSpecification,
    psycopg.errors.InvalidCatalogName,
)
#: libpq gives a refused login no code of its own, only the server's words.
REFUSED_LOGIN = re.compile(
    r"FATAL: .*(authentication failed|does not exist|pg_hba\.conf|not permitted to log in"
    r"|permission denied for database)|no password supplied"
)


#: libpq quotes the part of an address that it cannot read, and that may be a password.
ADDRESS_PARTS = re.compile(r'(?<=token: )".*"|(?<=host )[\'"][^\'"]*@[^\'"]*[\'"]')


def first_line(error: BaseException) -> str:
    """Return the driver's first line, without what may be a password."""
    return ADDRESS_PARTS.sub("(hidden)", str(error).strip().partition("\n")[0])


Kinds = tuple[type[BaseException], ...]

LOGIN_REFUSED: tuple[type[errors.WoosyncError], str, str] = (
    DatabaseRefusedError,
    "The database refused the login: {}.",
    "Check user, password and database name in DATABASE_URL.",
)

#: The first row whose kinds fit tells our class, the sentence, and the remedy.
TRANSLATIONS: tuple[tuple[Kinds, type[errors.WoosyncError], str, str], ...] = (
    (
        (psycopg.errors.DiskFull, psycopg.errors.OutOfMemory),
        DatabaseFullError,
        "The database has no room left: {}.",
        "Free disk space and run the same command again; it goes on where it stopped.",
    ),
    (
        (psycopg.errors.UniqueViolation,),
        DatabaseTakenError,
        "Another record has the same value: {}.",
        "Try again.",
    ),
    (
        (psycopg.errors.QueryCanceled,),
        DatabaseTooSlowError,
        "The question takes the database too long.",
        "Ask for less: a shorter span, a smaller page, or another filter.",
    ),
    (BUSY, DatabaseBusyError, "Another process changed the same rows: {}.", "Try again."),
    (
        (psycopg.DataError, psycopg.IntegrityError),
        DatabaseRejectedError,
        "The database cannot hold the record: {}.",
        "Mend the record in the store; the others went on.",
    ),
    (LOGIN, *LOGIN_REFUSED),
    (
        (psycopg.errors.InsufficientPrivilege,),
        DatabaseRefusedError,
        "The database user may not do this: {}.",
        "Let the user own the database and its tables, or name another one in DATABASE_URL.",
    ),
    (
        (psycopg.errors.ReadOnlySqlTransaction,),
        DatabaseRefusedError,
        "The database takes no changes: {}.",
        "DATABASE_URL has to name the primary; a read-only copy belongs in REPLICA_DATABASE_URL.",
    ),
    (
        (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn),
        DatabaseOutdatedError,
        "The database has not the tables of this version: {}.",
        "Run `woosync doctor`: it names what is missing, which a backup has.",
    ),
    (
        (psycopg.OperationalError, psycopg.InterfaceError, OSError),
        DatabaseUnavailableError,
        "The database cannot be reached: {}.",
        "Check that PostgreSQL runs and DATABASE_URL is right, then run it again.",
    ),
)


def translate(error: BaseException) -> errors.WoosyncError:
    """Return our error for one of the driver's."""
    says = first_line(error).rstrip(".")
    if isinstance(error, psycopg.OperationalError) and REFUSED_LOGIN.search(says):
        ours, sentence, remedy = LOGIN_REFUSED
        return ours(sentence.format(says), remedy=remedy)
    for kinds, ours, sentence, remedy in TRANSLATIONS:
        if isinstance(error, kinds):
            return ours(sentence.format(says), remedy=remedy)
    if isinstance(error, psycopg.Error) and error.sqlstate is None:
        return DatabaseRefusedError(
            f"DATABASE_URL cannot be used: {says}.",
            remedy="Write it as postgresql://user:password@host:5432/name.",
        )
    return DatabaseRefusedError(
        f"The database refused a statement: {says}.",
        remedy="See whether the database belongs to woosync alone and its user may change tables; "
        "the server's log has the statement.",
    )


def known(error: BaseException) -> errors.WoosyncError | None:
    """Return our error for one of ours, of the driver's, or that one of these caused, else None."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, errors.WoosyncError):
            return seen
        if isinstance(seen, psycopg.Error):
            return translate(seen)
        seen = seen.exceptions[0] if isinstance(seen, BaseExceptionGroup) else seen.__cause__
    return None

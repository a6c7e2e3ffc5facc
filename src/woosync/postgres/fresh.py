"""All tables of an empty database at once; `engine.upgrade` and the migrations call it.

`migrations/fresh.sql` holds what the migrations say, written down by `make fresh`: a first start
saves loading Alembic and SQLAlchemy, which takes longer than making the tables.
"""

import importlib.util
import re
from pathlib import Path

import psycopg

#: Who makes or changes tables holds this advisory lock.
LOCK = 0x776F6F73
SCRIPT = Path(__file__).parent / "migrations" / "fresh.sql"
#: Stands where the tables of the job queue are made, by the queue's own statements.
QUEUE = "-- the job queue"
TABLE = re.compile(r"^CREATE TABLE (\w+)", re.MULTILINE)


def make(connection: psycopg.Connection[object]) -> bool:
    """Make the tables in this transaction; False where a database has some already.

    Raises psycopg.Error.
    """
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
    known = connection.execute("SELECT to_regclass('alembic_version') IS NOT NULL").fetchone()
    if known == (True,):
        return False
    connection.execute(_statements())
    return True


def tables() -> list[str]:
    """Return the names of all tables, those of the job queue too."""
    return TABLE.findall(_statements())


def _statements() -> str:
    found = importlib.util.find_spec("procrastinate")
    if found is None or found.origin is None:
        raise ModuleNotFoundError(name="procrastinate")
    queue = Path(found.origin).parent / "sql" / "schema.sql"
    script = SCRIPT.read_text(encoding="utf-8")
    return script.replace(QUEUE, queue.read_text(encoding="utf-8"))

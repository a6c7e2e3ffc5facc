"""Alembic's entry: one connection, one advisory lock, so that parallel starts take turns."""

import re

import sqlalchemy
from alembic import context

from woosync.postgres import fresh
from woosync.postgres.tables import METADATA

PARTITION = re.compile(r"_(\d{4}_\d{2}|default)$")


def include(_object: object, name: str | None, kind: str, *_: object) -> bool:
    """Leave partitions and the job queue's own tables out of comparisons."""
    return not (
        kind == "table" and name and (PARTITION.search(name) or name.startswith("procrastinate"))
    )


def run() -> None:
    """Migrate on the URL handed over by `engine.alembic_config`."""
    engine = sqlalchemy.create_engine(
        context.config.attributes["url"], connect_args={"connect_timeout": 10}
    )
    with engine.connect() as connection:
        connection.exec_driver_sql(f"SELECT pg_advisory_lock({fresh.LOCK})")
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=METADATA,
            include_object=include,
            compare_type=True,
            compare_server_default=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
    engine.dispose()


def write() -> None:
    """Write what the migrations would do to an empty database."""
    context.configure(
        dialect_name="postgresql",
        dialect_opts={"paramstyle": "named"},  # or it would double every %
        target_metadata=METADATA,
        literal_binds=True,
    )
    context.run_migrations()


if context.is_offline_mode():
    write()
else:
    run()

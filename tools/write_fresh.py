"""Write down what the migrations make of an empty database; `make fresh` and a test call it."""

import io

import alembic.command

from woosync.postgres import engine, fresh

NOTE = "-- Written by `make fresh` from the migrations; a test compares. Do not edit.\n"


def rendered() -> str:
    """Return the statements of all migrations."""
    config = engine.alembic_config("postgresql://")
    config.output_buffer = io.StringIO()
    alembic.command.upgrade(config, "head", sql=True)
    lines = config.output_buffer.getvalue().splitlines()
    return NOTE + "".join(f"{line.rstrip()}\n" for line in lines)


if __name__ == "__main__":
    fresh.SCRIPT.write_text(rendered(), encoding="utf-8")

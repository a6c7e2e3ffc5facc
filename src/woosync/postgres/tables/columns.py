"""The column shapes that tables share, and the metadata they register in."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Integer,
    MetaData,
    Numeric,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# Unbounded on purpose: a rounded amount would look like a local edit at the next merge.
MONEY = Numeric
QUANTITY = Numeric
INSTANT = DateTime(timezone=True)
#: When somebody other than the sync wrote the row; `engine.by_sync` says who writes.
EDITED = "CASE WHEN current_setting('woosync.actor', true) = 'sync' THEN NULL ELSE now() END"


def identity() -> Column[int]:
    """Return a generated bigint primary key."""
    return Column("id", BigInteger, Identity(always=False), primary_key=True)


def reference(name: str, target: str, *, nullable: bool = False, key: bool = False) -> Column[int]:
    """Return a foreign key column; the caller indexes it (every foreign key is indexed)."""
    return Column(name, BigInteger, ForeignKey(f"{target}.id"), nullable=nullable, primary_key=key)


def words(name: str, *, nullable: bool = False, default: str | None = None) -> Column[str]:
    """Return a text column, empty by default unless it may be null."""
    if nullable:
        return Column(name, Text)
    return Column(name, Text, nullable=False, server_default=default or "")


def flag(name: str, *, default: bool = False) -> Column[bool]:
    """Return a boolean column that is never null."""
    return Column(name, Boolean, nullable=False, server_default=text(str(default).lower()))


def document(name: str, *, default: str | None = "{}") -> Column[object]:
    """Return a JSONB column, an empty object by default; `default=None` allows null."""
    if default is None:
        return Column(name, JSONB)
    return Column(name, JSONB, nullable=False, server_default=text(f"'{default}'::jsonb"))


def count(name: str) -> Column[int]:
    """Return a bigint counter that starts at 0."""
    return Column(name, BigInteger, nullable=False, server_default=text("0"))


def instant(name: str, *, nullable: bool = True) -> Column[object]:
    """Return a moment in time; never null ones start as now."""
    if nullable:
        return Column(name, INSTANT)
    return Column(name, INSTANT, nullable=False, server_default=func.now())


def record_columns() -> list[Column[object]]:
    """Return what every back-office record carries: metadata, version, life span."""
    return [
        document("metadata"),
        Column("version", Integer, nullable=False, server_default=text("1")),
        instant("created_at", nullable=False),
        instant("updated_at", nullable=False),
        Column("edited_at", INSTANT, server_default=text(EDITED)),
        instant("deleted_at"),
    ]

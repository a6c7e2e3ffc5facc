"""Every table as SQLAlchemy Core metadata; `alembic check` proves that the migrations agree."""

from woosync.postgres.tables import access, back_office, push, stock, sync
from woosync.postgres.tables.columns import METADATA

__all__ = ["METADATA", "access", "back_office", "push", "stock", "sync"]

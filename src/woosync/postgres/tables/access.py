"""People and machines that may call: users and their tokens."""

from sqlalchemy import CheckConstraint, Column, Index, LargeBinary, Table, func, text

from woosync.postgres.tables.columns import (
    METADATA,
    count,
    flag,
    identity,
    instant,
    reference,
    words,
)

users = Table(
    "users",
    METADATA,
    identity(),
    words("name"),
    words("password_hash"),
    words("role", default="viewer"),
    flag("is_active", default=True),
    count("token_version"),
    count("failed_logins"),
    instant("locked_until"),
    instant("created_at", nullable=False),
    CheckConstraint("role IN ('viewer', 'operator', 'admin')", name="role"),
    Index("uq_users_name_lower", func.lower(text("name")), unique=True),
)

tokens = Table(
    "tokens",
    METADATA,
    identity(),
    reference("user_id", "users"),
    words("kind"),
    words("family"),
    Column("hash", LargeBinary, nullable=False),
    words("note"),
    instant("created_at", nullable=False),
    instant("expires_at"),
    instant("used_at"),
    instant("revoked_at"),
    CheckConstraint("kind IN ('refresh', 'service')", name="kind"),
    Index("uq_tokens_hash", "hash", unique=True),
    Index("ix_tokens_user_id", "user_id"),
    Index("ix_tokens_family", "family"),
)

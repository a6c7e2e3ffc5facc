"""People and machines that may call: users, tokens, failed logins, replies to repeat."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    func,
    text,
)

from woosync.postgres.tables.columns import (
    METADATA,
    count,
    document,
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
    reference("store_id", "stores", nullable=True),
    instant("created_at", nullable=False),
    instant("expires_at"),
    instant("used_at"),
    instant("revoked_at"),
    CheckConstraint("kind IN ('refresh', 'service')", name="kind"),
    Index("uq_tokens_hash", "hash", unique=True),
    Index("ix_tokens_user_id", "user_id"),
    Index("ix_tokens_family", "family"),
    Index("ix_tokens_store_id", "store_id"),
)

# `name` is account:<name> or address:<address>; nobody is shut out for long.
login_failures = Table(
    "login_failures",
    METADATA,
    Column("name", Text, primary_key=True),
    count("failures"),
    instant("last_at", nullable=False),
    instant("blocked_until"),
)

# The status is null while the first request of a key is under way.
idempotent_replies = Table(
    "idempotent_replies",
    METADATA,
    Column("caller", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("request_hash", LargeBinary, nullable=False),
    Column("status", Integer),
    document("headers"),
    Column("body", LargeBinary),
    instant("begun_at", nullable=False),
    Index("ix_idempotent_replies_begun_at", "begun_at"),
)

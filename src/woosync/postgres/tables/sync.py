"""Agreement with stores: links and their base, cursors, inbox, outbox, runs, log, conflicts."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
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


def store() -> Column[int]:
    """Return the store a row belongs to, first part of the primary key (the sharding key)."""
    return Column("store_id", BigInteger, ForeignKey("stores.id"), primary_key=True)


stores = Table(
    "stores",
    METADATA,
    identity(),
    words("key"),
    words("name"),
    words("url"),
    words("state", default="active"),
    Column("consumer_key", LargeBinary),
    Column("consumer_secret", LargeBinary),
    Column("webhook_secret", LargeBinary),
    Column("previous_webhook_secret", LargeBinary),
    instant("previous_webhook_secret_until"),
    words("auth_mode", default="auto"),
    words("ca_file"),
    flag("allow_private"),
    reference("warehouse_id", "warehouses", nullable=True),
    document("settings"),
    document("capabilities"),
    words("fingerprint"),
    instant("created_at", nullable=False),
    instant("updated_at", nullable=False),
    CheckConstraint("state IN ('active', 'paused', 'removed')", name="state"),
    Index("uq_stores_key", "key", unique=True, postgresql_where=text("state <> 'removed'")),
    Index("ix_stores_warehouse_id", "warehouse_id"),
)

# `base` is the store's state as last seen, in domain form: the third side of every merge.
# `wire_hash` is over the store's raw JSON: equal hash means nothing to do.
# No foreign key to stores: a row of stores is never deleted, and the check would cost a first
# import more than writing the link itself.
links = Table(
    "links",
    METADATA,
    Column("store_id", BigInteger, primary_key=True),
    Column("entity", Text, primary_key=True),
    Column("woo_id", BigInteger, primary_key=True),
    Column("local_id", BigInteger, nullable=False),
    Column("woo_parent_id", BigInteger),
    Column("wire_hash", LargeBinary),
    document("base", default=None),
    instant("woo_modified_at"),
    instant("synced_at", nullable=False),
    instant("tombstoned_at"),
    words("tombstone_reason"),
    # Begins with local_id so that it never competes with the primary key: without statistics
    # (a first import) the planner takes whichever index matches (store_id, entity).
    Index("uq_links_local", "local_id", "entity", "store_id", unique=True),
)

cursors = Table(
    "cursors",
    METADATA,
    store(),
    Column("entity", Text, primary_key=True),
    document("position"),
    instant("updated_at", nullable=False),
)

outbox = Table(
    "outbox",
    METADATA,
    store(),
    Column("entity", Text, primary_key=True),
    Column("local_id", BigInteger, primary_key=True),
    instant("changed_at", nullable=False),
    instant("available_at", nullable=False),
    instant("claimed_until"),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("generation", BigInteger, nullable=False, server_default=text("1")),
    words("last_error"),
    Index("ix_outbox_available_at", "store_id", "available_at"),
)

webhook_deliveries = Table(
    "webhook_deliveries",
    METADATA,
    store(),
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    words("topic"),
    Column("webhook_id", BigInteger),
    words("delivery_id"),
    Column("body", LargeBinary, nullable=False),
    Column("body_hash", LargeBinary, nullable=False),
    words("source_address"),
    instant("received_at", nullable=False),
    words("state", default="waiting"),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    instant("available_at", nullable=False),
    instant("handled_at"),
    words("cause"),
    flag("repeated"),
    CheckConstraint("state IN ('waiting', 'handled', 'ignored', 'parked')", name="state"),
    Index(
        "ix_webhook_deliveries_waiting",
        "store_id",
        "available_at",
        postgresql_where=text("state = 'waiting'"),
    ),
    Index("ix_webhook_deliveries_body_hash", "store_id", "body_hash", "received_at"),
    # Costs an insert next to nothing, and rows lie in the order of this column.
    Index("ix_webhook_deliveries_received_at", "received_at", postgresql_using="brin"),
)

sync_runs = Table(
    "sync_runs",
    METADATA,
    identity(),
    Column("store_id", BigInteger, ForeignKey("stores.id"), nullable=False),
    words("direction"),
    words("mode"),
    document("entities", default="[]"),
    document("options"),
    words("state", default="running"),
    document("progress"),
    document("counts"),
    words("actor"),
    words("error"),
    words("work"),
    instant("started_at", nullable=False),
    instant("heartbeat_at", nullable=False),
    instant("finished_at"),
    CheckConstraint(
        "state IN ('queued', 'running', 'completed', 'partial', 'failed', 'interrupted')",
        name="state",
    ),
    Index("ix_sync_runs_store_id", "store_id", "id"),
    Index("ix_sync_runs_started_at", "started_at"),
    # What is asked for again while it waits or runs joins the run that is there.
    Index(
        "uq_sync_runs_work",
        "store_id",
        "work",
        unique=True,
        postgresql_where=text("work <> '' AND state IN ('queued', 'running')"),
    ),
)

woocommerce_sync_log = Table(
    "woocommerce_sync_log",
    METADATA,
    Column("id", BigInteger, autoincrement=True),
    Column("at", DateTime(timezone=True), server_default=text("now()"), nullable=False),
    Column("store_id", BigInteger, nullable=False),
    Column("run_id", BigInteger),
    words("entity"),
    Column("woo_id", BigInteger),
    Column("local_id", BigInteger),
    words("event"),
    words("actor"),
    words("cause"),
    words("category"),
    document("before", default=None),
    document("after", default=None),
    Column("seconds", Float),
    # Newest first is how history is read: of all stores by the primary key, of one by the index.
    PrimaryKeyConstraint("at", "id"),
    Index("ix_woocommerce_sync_log_at", "store_id", "at", "id"),
    Index("ix_woocommerce_sync_log_record", "store_id", "entity", "woo_id"),
    Index("ix_woocommerce_sync_log_run_id", "run_id"),
    # Made and changed records are most of the log; what else happened is found among them.
    Index(
        "ix_woocommerce_sync_log_event",
        "event",
        "at",
        "id",
        postgresql_where=text("event NOT IN ('created', 'updated')"),
    ),
    Index("ix_woocommerce_sync_log_errors", "at", postgresql_where=text("category <> ''")),
    postgresql_partition_by="RANGE (at)",
)

conflicts = Table(
    "conflicts",
    METADATA,
    identity(),
    Column("store_id", BigInteger, ForeignKey("stores.id"), nullable=False),
    words("entity"),
    Column("woo_id", BigInteger),
    Column("local_id", BigInteger),
    words("field"),
    document("base", default=None),
    document("ours", default=None),
    document("theirs", default=None),
    instant("ours_at"),
    instant("theirs_at"),
    words("policy"),
    words("decision"),
    words("suggestion"),
    words("reason"),
    words("state", default="open"),
    document("resolution", default=None),
    words("resolved_by"),
    reference("run_id", "sync_runs", nullable=True),
    instant("created_at", nullable=False),
    instant("updated_at", nullable=False),
    instant("resolved_at"),
    CheckConstraint("state IN ('open', 'decided', 'resolved')", name="state"),
    Index(
        "uq_conflicts_open",
        "store_id",
        "entity",
        "local_id",
        "field",
        unique=True,
        postgresql_where=text("state = 'open'"),
    ),
    Index("ix_conflicts_created_at", "store_id", "created_at", "id"),
    Index("ix_conflicts_run_id", "run_id"),
)

quarantine = Table(
    "quarantine",
    METADATA,
    store(),
    Column("entity", Text, primary_key=True),
    Column("record", Text, primary_key=True),
    words("reason"),
    words("remedy"),
    Column("sample", LargeBinary),
    count("times"),
    reference("run_id", "sync_runs", nullable=True),
    instant("first_at", nullable=False),
    instant("last_at", nullable=False),
    Index("ix_quarantine_run_id", "run_id"),
)

webhook_refusals = Table(
    "webhook_refusals",
    METADATA,
    store(),
    Column("hour", DateTime(timezone=True), primary_key=True),
    Column("topic", Text, primary_key=True),
    Column("status", BigInteger, primary_key=True),
    count("refused"),
    instant("last_at", nullable=False),
)

api_calls = Table(
    "api_calls",
    METADATA,
    Column("store_id", BigInteger, nullable=False),
    Column("minute", DateTime(timezone=True), nullable=False),
    Column("endpoint", Text, nullable=False),
    count("calls"),
    count("errors"),
    Column("seconds", Float, nullable=False, server_default=text("0")),
    document("histogram"),
    count("throttled"),
    PrimaryKeyConstraint("store_id", "minute", "endpoint"),
    postgresql_partition_by="RANGE (minute)",
)

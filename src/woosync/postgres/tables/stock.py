"""Stock as a ledger: append-only movements, the levels they add up to, and the stock protocol."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    Table,
    text,
)

from woosync.postgres.tables.columns import (
    METADATA,
    QUANTITY,
    document,
    flag,
    identity,
    instant,
    reference,
    words,
)

# on_hand is written by the movements' trigger alone: it is the sum of the movements, always.
inventory = Table(
    "inventory",
    METADATA,
    reference("product_id", "products", key=True),
    reference("warehouse_id", "warehouses", key=True),
    Column("on_hand", QUANTITY, nullable=False, server_default=text("0")),
    Column("reserved", QUANTITY, nullable=False, server_default=text("0")),
    document("metadata"),
    instant("updated_at", nullable=False),
    CheckConstraint("reserved >= 0", name="reserved_not_negative"),
    # With the product, so that it serves as well as the primary key where it is taken for that.
    Index("ix_inventory_warehouse_id", "warehouse_id", "product_id"),
    Index("ix_inventory_updated_at", "updated_at"),
)

# Every movement makes or moves a row of inventory (the trigger), whose foreign keys check product
# and warehouse; checking them here again would only cost.
inventory_movements = Table(
    "inventory_movements",
    METADATA,
    identity(),
    Column("product_id", BigInteger, nullable=False),
    Column("warehouse_id", BigInteger, nullable=False),
    Column("qty", QUANTITY, nullable=False),
    words("kind"),
    words("source_ref"),
    words("actor"),
    words("note"),
    instant("at", nullable=False),
    Index("uq_inventory_movements_source_ref", "source_ref", unique=True),
    Index("ix_inventory_movements_product_id", "product_id", "at"),
    Index("ix_inventory_movements_warehouse_id", "warehouse_id"),
)

# `expected` is the level that everything known leads to, `observed` the level last seen: where they
# differ, an audit has to say why. `allocation` is what the store may sell of goods that several
# stores share (null: all there is), `wanted` a ceiling below it while units move elsewhere.
# Up to operation `agreed_seq` nothing is left to be explained; `reason` says why a link is held.
stock_links = Table(
    "stock_links",
    METADATA,
    Column("store_id", BigInteger, primary_key=True),
    reference("product_id", "products", key=True),
    Column("woo_id", BigInteger, nullable=False),
    Column("expected", QUANTITY, nullable=False),
    Column("seq", BigInteger, nullable=False, server_default=text("0")),
    words("state", default="clean"),
    words("reason"),
    Column("observed", QUANTITY),
    instant("observed_modified"),
    Column("allocation", QUANTITY),
    Column("wanted", QUANTITY),
    Column("buffer", QUANTITY, nullable=False, server_default=text("0")),
    Column("agreed_seq", BigInteger, nullable=False, server_default=text("0")),
    instant("audited_at"),
    instant("updated_at", nullable=False),
    CheckConstraint("state IN ('clean', 'op', 'unknown', 'held', 'unmanaged')", name="state"),
    Index("uq_stock_links_woo_id", "woo_id", "store_id", unique=True),
    Index("ix_stock_links_product_id", "product_id"),
    Index(
        "ix_stock_links_unequal",
        "store_id",
        "product_id",
        postgresql_where=text("observed <> expected"),
    ),
)

stock_ops = Table(
    "stock_ops",
    METADATA,
    Column("store_id", BigInteger, ForeignKey("stores.id"), primary_key=True),
    Column("op_id", BigInteger, Identity(always=False), primary_key=True),
    Column("product_id", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("delta", QUANTITY, nullable=False),
    Column("expected_before", QUANTITY, nullable=False),
    Column("answered_level", QUANTITY),
    Column("attempt", Integer, nullable=False, server_default=text("0")),
    flag("doubtful"),
    words("state", default="planned"),
    instant("planned_at", nullable=False),
    instant("sent_at"),
    instant("settled_at"),
    ForeignKeyConstraint(
        ["store_id", "product_id"], ["stock_links.store_id", "stock_links.product_id"]
    ),
    CheckConstraint(
        "state IN ('planned', 'sent', 'unknown', 'confirmed', 'marker_only', 'refused')",
        name="state",
    ),
    Index("uq_stock_ops_seq", "store_id", "product_id", "seq", unique=True),
    Index(
        "uq_stock_ops_open",
        "store_id",
        "product_id",
        unique=True,
        postgresql_where=text("state IN ('planned', 'sent', 'unknown')"),
    ),
)

order_line_effects = Table(
    "order_line_effects",
    METADATA,
    Column("store_id", BigInteger, ForeignKey("stores.id"), primary_key=True),
    Column("order_id", BigInteger, primary_key=True),
    Column("line_id", BigInteger, primary_key=True),
    Column("woo_product_id", BigInteger, nullable=False),
    Column("reduced_qty", QUANTITY, nullable=False, server_default=text("0")),
    Column("warehouse_id", BigInteger),
    Column("version", BigInteger, nullable=False, server_default=text("0")),
    instant("updated_at", nullable=False),
    Index("ix_order_line_effects_woo_product_id", "store_id", "woo_product_id"),
)

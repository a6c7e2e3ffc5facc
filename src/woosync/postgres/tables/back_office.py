"""The back office: customers, suppliers, warehouses, products, orders and refunds."""

from sqlalchemy import BigInteger, Column, Index, Integer, Table, UniqueConstraint, func, text

from woosync.postgres.tables.columns import (
    METADATA,
    MONEY,
    QUANTITY,
    document,
    flag,
    identity,
    instant,
    record_columns,
    reference,
    words,
)

customers = Table(
    "customers",
    METADATA,
    identity(),
    words("email"),
    words("first_name"),
    words("last_name"),
    words("username"),
    words("role"),
    flag("is_paying"),
    document("billing"),
    document("shipping"),
    *record_columns(),
    Index("ix_customers_email_lower", func.lower(text("email"))),
    Index(
        "uq_customers_guest",
        func.lower(text("email")),
        unique=True,
        postgresql_where=text("role = 'guest' AND deleted_at IS NULL"),
    ),
    Index("ix_customers_updated_at", "updated_at", "id"),
)

suppliers = Table(
    "suppliers",
    METADATA,
    identity(),
    words("name"),
    *record_columns(),
    Index("uq_suppliers_name", "name", unique=True),
)

warehouses = Table(
    "warehouses",
    METADATA,
    identity(),
    words("code"),
    words("name"),
    flag("is_default"),
    *record_columns(),
    Index("uq_warehouses_code", "code", unique=True),
    Index(
        "uq_warehouses_default",
        "is_default",
        unique=True,
        postgresql_where=text("is_default"),
    ),
)

products = Table(
    "products",
    METADATA,
    identity(),
    reference("parent_id", "products", nullable=True),
    reference("supplier_id", "suppliers", nullable=True),
    words("kind", default="simple"),
    words("name"),
    words("sku", nullable=True),
    words("global_unique_id", nullable=True),
    words("status", default="publish"),
    words("description"),
    words("short_description"),
    Column("regular_price", MONEY),
    Column("sale_price", MONEY),
    words("manage_stock", default="no"),
    document("details"),
    *record_columns(),
    Index("ix_products_parent_id", "parent_id"),
    Index(
        "ix_products_orphans",
        "id",
        postgresql_where=text("kind = 'variation' AND parent_id IS NULL"),
    ),
    Index("ix_products_supplier_id", "supplier_id"),
    Index("ix_products_sku_lower", func.lower(text("sku"))),
    Index("ix_products_updated_at", "updated_at", "id"),
)

purchase_orders = Table(
    "purchase_orders",
    METADATA,
    identity(),
    reference("customer_id", "customers", nullable=True),
    reference("supplier_id", "suppliers", nullable=True),
    words("number"),
    words("status", default="pending"),
    words("currency"),
    Column("total", MONEY, nullable=False, server_default=text("0")),
    Column("total_tax", MONEY, nullable=False, server_default=text("0")),
    Column("shipping_total", MONEY, nullable=False, server_default=text("0")),
    Column("discount_total", MONEY, nullable=False, server_default=text("0")),
    instant("placed_at"),
    instant("paid_at"),
    instant("completed_at"),
    words("customer_note"),
    document("billing"),
    document("shipping"),
    document("details"),
    *record_columns(),
    Index("ix_purchase_orders_customer_id", "customer_id"),
    Index("ix_purchase_orders_supplier_id", "supplier_id"),
    Index("ix_purchase_orders_placed_at", "placed_at", "id"),
    Index("ix_purchase_orders_updated_at", "updated_at", "id"),
    Index(
        "ix_purchase_orders_unowned",
        text("(CAST(details ->> 'customer' AS bigint))"),
        postgresql_where=text("customer_id IS NULL AND details ->> 'customer' IS NOT NULL"),
    ),
    Index(
        "ix_purchase_orders_refunded",
        "id",
        postgresql_where=text("details -> 'refunds' <> '[]'::jsonb"),
    ),
)

purchase_order_items = Table(
    "purchase_order_items",
    METADATA,
    identity(),
    reference("purchase_order_id", "purchase_orders"),
    reference("product_id", "products", nullable=True),
    Column("line_id", BigInteger),
    Column("position", Integer, nullable=False, server_default=text("0")),
    Column("woo_product_id", BigInteger),
    words("name"),
    words("sku", nullable=True),
    Column("quantity", QUANTITY, nullable=False, server_default=text("0")),
    Column("subtotal", MONEY, nullable=False, server_default=text("0")),
    Column("total", MONEY, nullable=False, server_default=text("0")),
    Column("total_tax", MONEY, nullable=False, server_default=text("0")),
    document("details"),
    UniqueConstraint("purchase_order_id", "line_id"),
    Index("ix_purchase_order_items_product_id", "product_id"),
    Index(
        "ix_purchase_order_items_unresolved",
        "woo_product_id",
        postgresql_where=text("product_id IS NULL AND woo_product_id IS NOT NULL"),
    ),
)

purchase_order_refunds = Table(
    "purchase_order_refunds",
    METADATA,
    identity(),
    reference("purchase_order_id", "purchase_orders"),
    Column("amount", MONEY, nullable=False),
    words("reason"),
    instant("refunded_at"),
    document("details"),
    *record_columns(),
    Index("ix_purchase_order_refunds_purchase_order_id", "purchase_order_id"),
)

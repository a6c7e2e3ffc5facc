"""Index for orders whose account has not arrived yet, to be found when it does."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_purchase_orders_unowned",
        "purchase_orders",
        [sa.text("(CAST(details ->> 'customer' AS bigint))")],
        postgresql_where=sa.text("customer_id IS NULL AND details ->> 'customer' IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_purchase_orders_unowned", table_name="purchase_orders")

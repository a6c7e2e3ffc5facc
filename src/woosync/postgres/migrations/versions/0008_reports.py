"""Indexes for reports: rare events, errors by time, runs and deliveries by time."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_woocommerce_sync_log_event",
        "woocommerce_sync_log",
        ["event", "at", "id"],
        postgresql_where=sa.text("event NOT IN ('created', 'updated')"),
    )
    op.create_index(
        "ix_woocommerce_sync_log_errors",
        "woocommerce_sync_log",
        ["at"],
        postgresql_where=sa.text("category <> ''"),
    )
    op.create_index("ix_sync_runs_started_at", "sync_runs", ["started_at"])
    op.create_index(
        "ix_webhook_deliveries_received_at",
        "webhook_deliveries",
        ["received_at"],
        postgresql_using="brin",
    )


def downgrade() -> None:
    op.drop_index("ix_webhook_deliveries_received_at", table_name="webhook_deliveries")
    op.drop_index("ix_sync_runs_started_at", table_name="sync_runs")
    op.drop_index("ix_woocommerce_sync_log_errors", table_name="woocommerce_sync_log")
    op.drop_index("ix_woocommerce_sync_log_event", table_name="woocommerce_sync_log")

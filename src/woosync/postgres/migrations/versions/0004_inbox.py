"""Wake whoever applies webhook deliveries; mark repeats; let an old secret sign for a while."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

WAKE = """
CREATE FUNCTION woosync_wake_inbox() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('woosync_wake', 'inbox:' || store_id)
  FROM (SELECT DISTINCT store_id FROM added WHERE state = 'waiting') AS waiting;
  RETURN NULL;
END $$;
CREATE TRIGGER wake_inbox AFTER INSERT ON webhook_deliveries
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION woosync_wake_inbox();
"""


def upgrade() -> None:
    op.add_column("stores", sa.Column("previous_webhook_secret_until", sa.DateTime(timezone=True)))
    op.add_column(
        "webhook_deliveries",
        sa.Column("repeated", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.execute(WAKE)


def downgrade() -> None:
    op.execute("DROP TRIGGER wake_inbox ON webhook_deliveries")
    op.execute("DROP FUNCTION woosync_wake_inbox()")
    op.drop_column("webhook_deliveries", "repeated")
    op.drop_column("stores", "previous_webhook_secret_until")

"""The job queue's own tables, and runs that are asked for once however often they are asked for."""

import sqlalchemy as sa
from alembic import context, op
from procrastinate.schema import SchemaManager

from woosync.postgres import fresh

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

#: Everything the queue made; its functions depend on its types, its tables on nothing of ours.
DROP_QUEUE = """
DO $$
DECLARE
  made text;
BEGIN
  FOR made IN SELECT format('DROP TABLE %s CASCADE', oid::regclass) FROM pg_class
    WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace
      AND relname LIKE 'procrastinate\\_%'
  LOOP EXECUTE made; END LOOP;
  FOR made IN SELECT format('DROP FUNCTION %s CASCADE', oid::regprocedure) FROM pg_proc
    WHERE pronamespace = current_schema()::regnamespace AND proname LIKE 'procrastinate\\_%'
  LOOP EXECUTE made; END LOOP;
  FOR made IN SELECT format('DROP TYPE %s CASCADE', oid::regtype) FROM pg_type
    WHERE typnamespace = current_schema()::regnamespace AND typname LIKE 'procrastinate\\_%'
      AND typtype IN ('c', 'e')
  LOOP EXECUTE made; END LOOP;
END $$;
"""


def upgrade() -> None:
    if context.is_offline_mode():
        op.execute(fresh.QUEUE)
    else:
        op.get_bind().exec_driver_sql(SchemaManager.get_schema().replace("%", "%%"))
    op.add_column("sync_runs", sa.Column("work", sa.Text(), server_default="", nullable=False))
    op.create_index(
        "uq_sync_runs_work",
        "sync_runs",
        ["store_id", "work"],
        unique=True,
        postgresql_where=sa.text("work <> '' AND state IN ('queued', 'running')"),
    )


def downgrade() -> None:
    op.drop_index("uq_sync_runs_work", table_name="sync_runs")
    op.drop_column("sync_runs", "work")
    op.execute(DROP_QUEUE)

"""Guard the stock ledger, count versions, and partition the history tables by month."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

LEDGER = """
CREATE FUNCTION woosync_apply_movements() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO inventory AS level (product_id, warehouse_id, on_hand)
  SELECT product_id, warehouse_id, sum(qty) FROM added
  GROUP BY product_id, warehouse_id ORDER BY product_id, warehouse_id
  ON CONFLICT (product_id, warehouse_id)
  DO UPDATE SET on_hand = level.on_hand + excluded.on_hand, updated_at = now();
  RETURN NULL;
END $$;
CREATE TRIGGER apply_movements AFTER INSERT ON inventory_movements
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION woosync_apply_movements();

CREATE FUNCTION woosync_refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'inventory_movements is append-only: add a correcting movement instead'
    USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER refuse_rewriting BEFORE UPDATE OR DELETE OR TRUNCATE ON inventory_movements
  FOR EACH STATEMENT EXECUTE FUNCTION woosync_refuse_rewriting();

CREATE FUNCTION woosync_guard_on_hand() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF pg_trigger_depth() < 2 THEN
    RAISE EXCEPTION 'inventory.on_hand is the sum of its movements: add a movement instead'
      USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN coalesce(NEW, OLD);
END $$;
CREATE TRIGGER guard_on_hand BEFORE UPDATE OF on_hand ON inventory
  FOR EACH ROW WHEN (OLD.on_hand IS DISTINCT FROM NEW.on_hand)
  EXECUTE FUNCTION woosync_guard_on_hand();
CREATE TRIGGER guard_first_on_hand BEFORE INSERT ON inventory
  FOR EACH ROW WHEN (NEW.on_hand <> 0) EXECUTE FUNCTION woosync_guard_on_hand();
CREATE TRIGGER guard_moved_on_hand BEFORE UPDATE OF product_id, warehouse_id ON inventory
  FOR EACH ROW EXECUTE FUNCTION woosync_guard_on_hand();
CREATE TRIGGER guard_last_on_hand BEFORE DELETE ON inventory
  FOR EACH ROW WHEN (OLD.on_hand <> 0) EXECUTE FUNCTION woosync_guard_on_hand();
CREATE TRIGGER guard_all_on_hand BEFORE TRUNCATE ON inventory
  FOR EACH STATEMENT EXECUTE FUNCTION woosync_guard_on_hand();
"""

#: The triggers on `inventory` above.
GUARDS = (
    "guard_on_hand",
    "guard_first_on_hand",
    "guard_moved_on_hand",
    "guard_last_on_hand",
    "guard_all_on_hand",
)

TOUCHED = (
    "customers",
    "suppliers",
    "warehouses",
    "products",
    "purchase_orders",
    "purchase_order_refunds",
)

TOUCH = """
CREATE FUNCTION woosync_touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at := now();
  NEW.version := OLD.version + 1;
  IF current_setting('woosync.actor', true) IS DISTINCT FROM 'sync' THEN
    NEW.edited_at := now();
  END IF;
  RETURN NEW;
END $$;
"""

# One process at a time; months begin in UTC whatever the session says; a month whose first rows
# already lie in the default partition stays there.
PARTITIONS = """
CREATE FUNCTION woosync_make_partitions(upto date) RETURNS void LANGUAGE plpgsql
SET timezone = 'UTC' AS $$
DECLARE
  history text;
  month date;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('woosync_make_partitions'));
  FOREACH history IN ARRAY ARRAY['woocommerce_sync_log', 'api_calls'] LOOP
    month := date_trunc('month', now())::date;
    WHILE month <= upto LOOP
      IF to_regclass(history || to_char(month, '_YYYY_MM')) IS NULL THEN
        BEGIN
          EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
            history || to_char(month, '_YYYY_MM'), history, month, month + interval '1 month');
        EXCEPTION WHEN check_violation THEN
          NULL;
        END;
      END IF;
      month := month + interval '1 month';
    END LOOP;
  END LOOP;
END $$;
CREATE TABLE woocommerce_sync_log_default PARTITION OF woocommerce_sync_log DEFAULT;
CREATE TABLE api_calls_default PARTITION OF api_calls DEFAULT;
SELECT woosync_make_partitions((now() + interval '3 months')::date);
"""


def upgrade() -> None:
    op.execute(LEDGER)
    op.execute(TOUCH)
    for table in TOUCHED:
        op.execute(
            f"CREATE TRIGGER touch BEFORE UPDATE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION woosync_touch()"
        )
    op.execute(PARTITIONS)


DROP_PARTITIONS = """
DO $$
DECLARE
  part regclass;
BEGIN
  FOR part IN SELECT inhrelid::regclass FROM pg_inherits
    WHERE inhparent IN ('woocommerce_sync_log'::regclass, 'api_calls'::regclass)
      AND (SELECT relkind FROM pg_class WHERE oid = inhrelid) = 'r'
  LOOP
    EXECUTE format('DROP TABLE %s', part);
  END LOOP;
END $$;
"""


def downgrade() -> None:
    op.execute(DROP_PARTITIONS)
    op.execute("DROP FUNCTION woosync_make_partitions(date)")
    for table in TOUCHED:
        op.execute(f"DROP TRIGGER touch ON {table}")
    op.execute("DROP FUNCTION woosync_touch()")
    for name in ("apply_movements", "refuse_rewriting"):
        op.execute(f"DROP TRIGGER {name} ON inventory_movements")
    for name in GUARDS:
        op.execute(f"DROP TRIGGER {name} ON inventory")
    for name in ("apply_movements", "refuse_rewriting", "guard_on_hand"):
        op.execute(f"DROP FUNCTION woosync_{name}()")

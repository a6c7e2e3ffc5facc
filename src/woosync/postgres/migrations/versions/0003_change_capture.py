"""Fill the outbox by triggers, so that the change of any writer is seen, and wake the pusher."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# What the sync itself writes is no change to send: `engine.by_sync`. A mark that is there already
# gets a new generation, so that whoever is sending the old state does not take the mark away.
MARKING = """
CREATE FUNCTION woosync_mark(stores bigint[], entities text[], ids bigint[]) RETURNS void
LANGUAGE sql AS $$
  WITH marked AS (
    INSERT INTO outbox AS mark (store_id, entity, local_id)
    SELECT DISTINCT store_id, entity, local_id
    FROM unnest(stores, entities, ids) AS new (store_id, entity, local_id)
    ORDER BY store_id, entity, local_id
    ON CONFLICT (store_id, entity, local_id) DO UPDATE SET
      generation = mark.generation + 1, changed_at = now(), available_at = now(), attempts = 0
    RETURNING store_id)
  SELECT pg_notify('woosync_wake', 'outbox:' || one.store_id)
  FROM (SELECT DISTINCT store_id FROM marked) AS one;
$$;

CREATE FUNCTION woosync_capture() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  kinds text[] := string_to_array(TG_ARGV[0], ',');
  wish text := TG_ARGV[1];
  kind text := kinds[1];
BEGIN
  PERFORM woosync_mark(array_agg(own.store_id), array_agg(own.entity), array_agg(own.local_id))
  FROM links AS own JOIN stores AS shop ON shop.id = own.store_id
  WHERE own.local_id = NEW.id AND own.entity = ANY (kinds) AND own.tombstoned_at IS NULL
    AND shop.state <> 'removed'
  HAVING count(*) > 0;
  IF wish = '' OR NEW.deleted_at IS NOT NULL THEN
    RETURN NULL;
  END IF;
  IF wish = 'products' AND to_jsonb(NEW) ->> 'kind' = 'variation' THEN
    kind := 'variation';
  END IF;
  PERFORM woosync_mark(array_agg(shop.id), array_agg(kind), array_agg(NEW.id))
  FROM stores AS shop
  WHERE shop.state <> 'removed'
    AND (shop.settings -> 'push' -> 'create' @> to_jsonb(ARRAY[wish])
      OR shop.settings -> 'push' -> 'create' @> jsonb_build_object(wish, true))
    AND NOT EXISTS (SELECT FROM links AS own WHERE own.store_id = shop.id
      AND own.local_id = NEW.id AND own.entity = ANY (kinds))
  HAVING count(*) > 0;
  RETURN NULL;
END $$;
"""

EDITED = "current_setting('woosync.actor', true) IS DISTINCT FROM 'sync'"

#: Table, the kinds of record its rows may be, and the word that asks for creations of them.
CAPTURED = (
    ("customers", "customer", "customers"),
    ("products", "product,variation", "products"),
    ("purchase_orders", "order", ""),
)

# `woosync.store` names the store whose news a movement is: its expected level moves with it, so
# only the others that share the product have something to be told.
STOCK = """
CREATE FUNCTION woosync_capture_movements() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  own bigint := coalesce(nullif(current_setting('woosync.store', true), '')::bigint, 0);
BEGIN
  IF own <> 0 AND (SELECT count(*) FROM stores WHERE state <> 'removed') = 1 THEN
    RETURN NULL;
  END IF;
  PERFORM woosync_mark(
    array_agg(link.store_id), array_agg('stock'::text), array_agg(moved.product_id))
  FROM (SELECT DISTINCT product_id FROM added) AS moved
  CROSS JOIN LATERAL (
    SELECT store_id FROM stock_links WHERE product_id = moved.product_id OFFSET 0) AS link
  WHERE link.store_id <> own
  HAVING count(*) > 0;
  RETURN NULL;
END $$;
CREATE TRIGGER capture_movements AFTER INSERT ON inventory_movements
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT
  EXECUTE FUNCTION woosync_capture_movements();

CREATE FUNCTION woosync_capture_product_stock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM woosync_mark(
    array_agg(link.store_id), array_agg('stock'::text), array_agg(link.product_id))
  FROM stock_links AS link WHERE link.product_id = NEW.product_id
  HAVING count(*) > 0;
  RETURN NULL;
END $$;
CREATE TRIGGER capture_reserved AFTER UPDATE OF reserved ON inventory
  FOR EACH ROW WHEN (OLD.reserved IS DISTINCT FROM NEW.reserved)
  EXECUTE FUNCTION woosync_capture_product_stock();
CREATE TRIGGER capture_allocation AFTER UPDATE OF allocation, wanted, buffer ON stock_links
  FOR EACH ROW WHEN ((OLD.allocation, OLD.wanted, OLD.buffer) IS DISTINCT FROM
    (NEW.allocation, NEW.wanted, NEW.buffer)
    AND current_setting('woosync.actor', true) IS DISTINCT FROM 'sync')
  EXECUTE FUNCTION woosync_capture_product_stock();

CREATE FUNCTION woosync_capture_store() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM woosync_mark(
    array_agg(link.store_id), array_agg('stock'::text), array_agg(link.product_id))
  FROM stock_links AS link WHERE link.store_id = NEW.id
  HAVING count(*) > 0;
  RETURN NULL;
END $$;
CREATE TRIGGER capture_store AFTER UPDATE OF settings, warehouse_id ON stores
  FOR EACH ROW WHEN (OLD.settings -> 'stock' IS DISTINCT FROM NEW.settings -> 'stock'
    OR OLD.warehouse_id IS DISTINCT FROM NEW.warehouse_id)
  EXECUTE FUNCTION woosync_capture_store();
"""

# Checked when the transaction ends, so that units can move between stores within one. Goods that
# are lost are a fact: they take no allocation with them, but nothing more is given out then. Units
# that a sale gives back raise level and allocation together, with a movement.
ALLOCATIONS = """
CREATE FUNCTION woosync_guard_allocation() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  given numeric;
  kept numeric;
  available numeric;
BEGIN
  IF TG_OP = 'UPDATE' AND (NEW.allocation <= OLD.allocation
    OR NEW.allocation - OLD.allocation = NEW.expected - OLD.expected) THEN
    RETURN NULL;
  END IF;
  WITH seller AS (
    SELECT id, ARRAY(SELECT jsonb_array_elements_text(
        coalesce(nullif(settings -> 'stock' -> 'warehouses', '[]'), to_jsonb(ARRAY[warehouse_id]))
      )::bigint) AS warehouses
    FROM stores WHERE state <> 'removed'), pool AS (
    SELECT other.id, other.warehouses FROM seller AS own JOIN seller AS other
      ON other.warehouses && own.warehouses WHERE own.id = NEW.store_id), held AS (
    SELECT allocation, buffer FROM stock_links
    WHERE product_id = NEW.product_id AND store_id IN (SELECT id FROM pool)
      AND state <> 'unmanaged')
  SELECT (SELECT sum(allocation) FROM held), (SELECT max(buffer) FROM held),
    (SELECT sum(on_hand - reserved) FROM inventory WHERE product_id = NEW.product_id
      AND warehouse_id IN (SELECT unnest(warehouses) FROM pool))
  INTO given, kept, available;
  IF given > 0 AND given + kept > coalesce(available, 0) THEN
    RAISE EXCEPTION 'stores would be allocated % of product %, and there are %',
      given, NEW.product_id, coalesce(available, 0) - kept USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER guard_allocation AFTER INSERT OR UPDATE OF allocation ON stock_links
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.allocation IS NOT NULL)
  EXECUTE FUNCTION woosync_guard_allocation();
"""


def upgrade() -> None:
    op.execute(MARKING)
    for table, kinds, wish in CAPTURED:
        op.execute(
            f"CREATE TRIGGER capture AFTER INSERT OR UPDATE ON {table} FOR EACH ROW"
            f" WHEN ({EDITED}) EXECUTE FUNCTION woosync_capture('{kinds}', '{wish}')"
        )
    op.execute(STOCK)
    op.execute(ALLOCATIONS)


def downgrade() -> None:
    op.execute("DROP TRIGGER guard_allocation ON stock_links")
    op.execute("DROP FUNCTION woosync_guard_allocation()")
    op.execute("DROP TRIGGER capture_store ON stores")
    op.execute("DROP TRIGGER capture_allocation ON stock_links")
    op.execute("DROP TRIGGER capture_reserved ON inventory")
    op.execute("DROP TRIGGER capture_movements ON inventory_movements")
    for table, _, _ in CAPTURED:
        op.execute(f"DROP TRIGGER capture ON {table}")
    for name in ("capture_store", "capture_product_stock", "capture_movements", "capture"):
        op.execute(f"DROP FUNCTION woosync_{name}()")
    op.execute("DROP FUNCTION woosync_mark(bigint[], text[], bigint[])")

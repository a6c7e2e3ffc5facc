"""Guard allocations of stores whose warehouses overlap, be it in a chain, against every union."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# Checked when the transaction ends, so that units can move between stores within one. What a store
# is given more counts in every union of warehouses that holds the store's own and grows by stores
# that overlap it: those that sell from nothing else may not have more than it has. Goods that are
# lost are a fact: they take no allocation with them, but nothing more is given out then. Units
# that a sale gives back raise level and allocation together, with a movement. The bound is that of
# `domain.allocation_limits`, beyond which stores are given less anyway.
GUARD = """
CREATE OR REPLACE FUNCTION woosync_guard_allocation() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  broken record;
BEGIN
  IF NEW.state = 'unmanaged' OR TG_OP = 'UPDATE' AND OLD.state <> 'unmanaged'
    AND (NEW.allocation <= OLD.allocation
      OR NEW.allocation - OLD.allocation = NEW.expected - OLD.expected) THEN
    RETURN NULL;
  END IF;
  WITH RECURSIVE seller AS MATERIALIZED (
    SELECT held.store_id, held.allocation,
      CASE WHEN held.buffer > 0 THEN held.buffer
        ELSE coalesce((shop.settings -> 'stock' ->> 'buffer')::numeric::int, 0) END AS buffer,
      ARRAY(SELECT DISTINCT place::bigint FROM jsonb_array_elements_text(coalesce(
        nullif(shop.settings -> 'stock' -> 'warehouses', '[]'), to_jsonb(ARRAY[shop.warehouse_id])
      )) AS place WHERE place IS NOT NULL ORDER BY 1) AS places
    FROM stock_links AS held JOIN stores AS shop ON shop.id = held.store_id
    WHERE held.product_id = NEW.product_id AND held.allocation IS NOT NULL
      AND held.state <> 'unmanaged' AND shop.state <> 'removed'),
  area (places) AS (
    SELECT places FROM seller WHERE store_id = NEW.store_id
    UNION
    SELECT ARRAY(SELECT DISTINCT place FROM unnest(area.places || other.places) AS place ORDER BY 1)
    FROM area JOIN seller AS other
      ON other.places && area.places AND NOT other.places <@ area.places)
  SELECT held.given, goods.available - held.kept AS left INTO broken
  FROM (SELECT places FROM area LIMIT 256) AS area
  CROSS JOIN LATERAL (
    SELECT sum(allocation) AS given, max(buffer) AS kept FROM seller
    WHERE seller.places <@ area.places) AS held
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(on_hand - reserved), 0) AS available FROM inventory
    WHERE product_id = NEW.product_id AND warehouse_id = ANY (area.places)) AS goods
  WHERE held.given > 0 AND held.given + held.kept > goods.available
  LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'stores would be allocated % of product %, and there are %',
      broken.given, NEW.product_id, broken.left USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;
DROP TRIGGER guard_allocation ON stock_links;
CREATE CONSTRAINT TRIGGER guard_allocation AFTER INSERT OR UPDATE OF allocation, state
  ON stock_links DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.allocation IS NOT NULL)
  EXECUTE FUNCTION woosync_guard_allocation();
"""

# A store that sells from other warehouses from now on leaves units behind.
MOVES = """
CREATE OR REPLACE FUNCTION woosync_capture_store() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM woosync_mark(
    array_agg(link.store_id), array_agg('stock'::text), array_agg(link.product_id))
  FROM stock_links AS own JOIN stock_links AS link ON link.product_id = own.product_id
    AND (link.store_id = NEW.id OR link.allocation IS NOT NULL)
  WHERE own.store_id = NEW.id
  HAVING count(*) > 0;
  RETURN NULL;
END $$;
"""

OLD_GUARD = """
CREATE OR REPLACE FUNCTION woosync_guard_allocation() RETURNS trigger LANGUAGE plpgsql AS $$
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
DROP TRIGGER guard_allocation ON stock_links;
CREATE CONSTRAINT TRIGGER guard_allocation AFTER INSERT OR UPDATE OF allocation ON stock_links
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.allocation IS NOT NULL)
  EXECUTE FUNCTION woosync_guard_allocation();
"""
OLD_MOVES = """
CREATE OR REPLACE FUNCTION woosync_capture_store() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM woosync_mark(
    array_agg(link.store_id), array_agg('stock'::text), array_agg(link.product_id))
  FROM stock_links AS link WHERE link.store_id = NEW.id
  HAVING count(*) > 0;
  RETURN NULL;
END $$;
"""


def upgrade() -> None:
    op.execute(GUARD)
    op.execute(MOVES)


def downgrade() -> None:
    op.execute(OLD_MOVES)
    op.execute(OLD_GUARD)

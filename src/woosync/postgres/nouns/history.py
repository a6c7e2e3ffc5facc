"""What happened and what waits for a person, page by page: log, conflicts, quarantine."""

from woosync.postgres.nouns import listing

EVENTS = listing.Listing(
    source="woocommerce_sync_log AS event",
    alias="event",
    columns="""event.id, event.at, coalesce(shop.key, '') AS store, event.run_id, event.entity,
      event.woo_id, event.local_id, event.event, event.actor, event.cause, event.category,
      event.before, event.after, event.seconds""",
    joins="LEFT JOIN stores AS shop ON shop.id = event.store_id",
    keys=("event.id",),
    sorts={"at": listing.by_time("event.at")},
    filters={
        "store_id": "event.store_id = %(store_id)s",
        "event": "event.event = %(event)s",
        "entity": "event.entity = %(entity)s",
        "run_id": "event.run_id = %(run_id)s",
        "woo_id": "event.woo_id = %(woo_id)s",
        "local_id": "event.local_id = %(local_id)s",
        "actor": "event.actor = %(actor)s",
        "category": "event.category = %(category)s",
        "since": "event.at >= %(since)s",
        "before": "event.at < %(before)s",
    },
)
CONFLICTS = listing.Listing(
    source="conflicts AS clash",
    alias="clash",
    columns="""clash.*, shop.key AS store""",
    joins="JOIN stores AS shop ON shop.id = clash.store_id",
    keys=("clash.id",),
    sorts={"createdAt": listing.by_time("clash.created_at")},
    filters={
        "id": "clash.id = %(id)s",
        "store_id": "clash.store_id = %(store_id)s",
        "state": "clash.state = %(state)s",
        "entity": "clash.entity = %(entity)s",
        "by_value": "(clash.entity <> 'stock') = %(by_value)s",
        "woo_id": "clash.woo_id = %(woo_id)s",
        "local_id": "clash.local_id = %(local_id)s",
    },
)
#: Its key has a text in it; a number made of that text stands for it in cursors.
QUARANTINE = listing.Listing(
    source="quarantine AS bad",
    alias="bad",
    columns="""bad.entity, bad.record, bad.reason, bad.remedy, bad.times, bad.run_id,
      bad.first_at, bad.last_at, shop.key AS store""",
    joins="JOIN stores AS shop ON shop.id = bad.store_id",
    keys=("bad.store_id", "hashtextextended(bad.entity || ':' || bad.record, 0)"),
    sorts={"lastAt": listing.by_time("bad.last_at")},
    filters={
        "store_id": "bad.store_id = %(store_id)s",
        "entity": "bad.entity = %(entity)s",
    },
)

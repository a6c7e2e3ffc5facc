"""woosim is a simulated WooCommerce store: real HTTP, real semantics, no PHP.

In a test::

    async with woosim.serve(woosim.Shop(woosim.Options(products=100, variable=5))) as store:
        store.url, store.key, store.secret, store.ca_file, store.admin_url, store.shop

Where things are:

- `options` the store's size and mode; `base/` the records every seed has, made on demand from an
  index (drawn as JSON text, never kept); `chance` and `base/timeline` the arithmetic behind.
- `shop` the state: `read`, `edit`, `save`, `create`, `remove`, `find_sku`, `emit`; `catalog` and
  `listing` the lists of one kind over base, touched and removed records.
  `keys` finds records by SKU or e-mail; `settings` the store's settings; `dates` its time zone.
- `rendering` and `views` how a record looks in an answer; `php_json`, `urls` and `slugs` write
  JSON, addresses and slugs as PHP and WordPress do.
- `rest` routes and calls; `params` parameter schemas and their errors; `errors` error answers;
  `listings` what list routes share; `routes/` one module per noun; `auth` and
  `certificate`; `server` the order of WordPress' checks; `latency` a real shop's pace; `running`.
- `commerce/` what WooCommerce does when something is sold, edited, refunded or thrown away;
  `routes/writing` one noun's writes behind its single and batch routes, `bodies` their checks.
- `front` what stands before the API: `faults/`, `hooks/` (webhooks), `clock`, request counters;
  `gap` the moment between a read and its write; `admin/` the API under `/_sim` and, for tests,
  `admin.actions` and `admin.trade`.

Records are dicts in the shape of the REST answer without `_links`; a key that
begins with "_" is never shown. A variation is the kind "variation", in the shape that
/products/<id>/variations gives it.
"""

from woosim.options import Options
from woosim.running import Running, serve
from woosim.shop import Shop

__all__ = ["Options", "Running", "Shop", "serve"]

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

A write route plugs in like this: a module `routes/products_write.py` makes
`routes = rest.Routes()`, registers `@routes.on("PUT POST PATCH", "/wc/v3/products/{id}",
schema={...}, permission="edit")` on an async function from `rest.Call` to `rest.Answer`, and is
added to `routes.ALL`. The function takes a copy by `call.shop.edit(kind, id)`, changes it, calls
`call.shop.save(kind, record)` (which moves date_modified to now), tells
`call.shop.emit("updated", "product", id)`, and answers
`rest.answer(call.views.one("product", record, call.wanted))`; errors are raised as
`errors.RestError`. Records are dicts in the shape of the REST answer without `_links`; a key that
begins with "_" is never shown. A variation is the kind "variation", in the shape that
/products/<id>/variations gives it.
"""

from woosim.options import Options
from woosim.running import Running, serve
from woosim.shop import Shop

__all__ = ["Options", "Running", "Shop", "serve"]

"""The admin API `/_sim/...`: steering a simulated store over HTTP, as shoppers and staff do.

JSON in, JSON out, no authentication: it is for loopback. GET /_sim/ answers this list.

POST sell      {"items": [{"product_id" or "variation_id", "quantity"}], "customer_id", "status",
               "order": {billing, coupon_lines ...}}: an order from the checkout
POST refund    {"order_id", "items": [{"id", "quantity"}] or "amount" or neither, "restock"}
POST cancel, complete {"order_id"}; status {"order_id", "status"}
POST create    {"kind": product, variation, customer or order, "values"}
POST edit      {"kind", "id", "changes", "silent": behind WooCommerce's back}
POST stock     {"kind", "id", "level"}: a stock take
POST delete    {"kind", "id", "force"}; restore {"kind", "id"}; trash_page {}: a foreign post
POST trade     {"actions", "seed", "pause"}: many seeded random actions, other requests served
               in between; answers what it did
POST clock     {"advance": seconds, "frozen"}; starts and ends the sales that are due
POST faults    {"kind", "method", "path", "count", "nth", "skip", "probability", "seed",
               "after_write", "options"}; GET faults counts them; DELETE faults, faults/<id>
POST hooks     {"latency", "paused", "chaos": {"drop", "duplicate", "reorder", "seed"}};
               GET hooks shows health, pending, sent; POST hooks/drain sends all now and waits
POST gap       {"seconds"}: between the read and the write of an update
GET  state     the shop's time and counts; stock/<id> the level something sells from
GET  truth/<products, variations, customers, orders, refunds, webhooks>?after=&limit=&fields=
GET  requests  counters and the latest requests; DELETE requests

For tests in the same process: `admin.actions` and `admin.trade` do the same without HTTP, and
`Running.front` has `faults`, `hooks`, `clock` and `write_gap`.
"""

from woosim.admin.endpoints import Admin

__all__ = ["Admin"]

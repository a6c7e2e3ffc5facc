"""The 58 actions done on a real store, and the deliveries and modified times each must bring."""

from typing import Any

import aiohttp

import woosim
from simulated import staging
from simulated.listening import TOPICS, Listener, drain, listen, subscribe
from simulated.staging import inside, order, rest, several, update_batch
from woosim.admin import actions

PUT_STOCK = {"stock_quantity": 21}
STOCK = "products/{parent}/variations"
TRASHED_N1 = "coupon.deleted n1, product.deleted n1"
NEW = {"name": "Matrix", "regular_price": "5.00"}
# (what is done, how, the record watched, whether its modified time moves, the deliveries)
MATRIX: list[tuple[str, staging.Action, str, bool | None, str]] = [
    ("stock", rest("PUT", "products/{p1}", PUT_STOCK), "p1", True, "product.updated p1"),
    ("same stock", rest("PUT", "products/{p1}", PUT_STOCK), "p1", True, "product.updated p1"),
    ("nothing", rest("PUT", "products/{p1}", {}), "p1", True, "product.updated p1"),
    (
        "name",
        rest("PUT", "products/{p1}", {"name": "H & <i>ü</i>"}),
        "p1",
        True,
        "product.updated p1",
    ),
    (
        "meta",
        rest("PUT", "products/{p1}", {"meta_data": [{"key": "a", "value": "b"}]}),
        "p1",
        True,
        "product.updated p1",
    ),
    (
        "categories",
        rest("PUT", "products/{p1}", {"categories": [{"id": 15}]}),
        "p1",
        True,
        "product.updated p1",
    ),
    (
        "batch of two",
        update_batch("products/batch", "p1", "p2"),
        "p1",
        True,
        "product.updated p1, product.updated p2",
    ),
    (
        "one twice in a batch",
        update_batch("products/batch", "p1", "p1"),
        "p1",
        True,
        "product.updated p1",
    ),
    (
        "three quick ones",
        several(*[rest("PUT", "products/{p1}", {"stock_quantity": n}) for n in (5, 6, 70)]),
        "p1",
        True,
        "product.updated p1",
    ),
    (
        "stock by PHP",
        inside(lambda s: actions.set_stock(s.shop, "product", s.ids["p1"], 60)),
        "p1",
        True,
        "product.updated p1",
    ),
    (
        "save by PHP",
        inside(lambda s: actions.edit(s.shop, "product", s.ids["p1"], {})),
        "p1",
        True,
        "product.updated p1",
    ),
    (
        "set and save by PHP",
        inside(lambda s: actions.edit(s.shop, "product", s.ids["p1"], PUT_STOCK)),
        "p1",
        True,
        "product.updated p1",
    ),
    (
        "meta behind WooCommerce",
        inside(
            lambda s: actions.edit(
                s.shop, "product", s.ids["p1"], {"stock_quantity": 50}, silent=True
            )
        ),
        "p1",
        False,
        "",
    ),
    ("order, pending", order("p1", keep="o1"), "p1", False, "order.created o1, order.updated o1"),
    (
        "order, processing",
        rest("PUT", "orders/{o1}", {"status": "processing"}),
        "p1",
        True,
        "order.updated o1, product.updated p1",
    ),
    (
        "order, completed",
        rest("PUT", "orders/{o1}", {"status": "completed"}),
        "o1",
        True,
        "order.updated o1",
    ),
    (
        "order, same status",
        rest("PUT", "orders/{o1}", {"status": "completed"}),
        "o1",
        True,
        "order.updated o1",
    ),
    (
        "order, meta",
        rest("PUT", "orders/{o1}", {"meta_data": [{"key": "a", "value": "b"}]}),
        "o1",
        True,
        "order.updated o1",
    ),
    (
        "order, billing",
        rest("PUT", "orders/{o1}", {"billing": {"city": "X"}}),
        "o1",
        True,
        "order.updated o1",
    ),
    ("order, note", rest("POST", "orders/{o1}/notes", {"note": "n"}), "o1", False, ""),
    ("refund with restock", staging.refund_one, "o1", True, "product.updated p1, order.updated o1"),
    (
        "order, cancelled",
        rest("PUT", "orders/{o1}", {"status": "cancelled"}),
        "p1",
        True,
        "order.updated o1, product.updated p1",
    ),
    (
        "order, paid",
        order("p1", "p2", keep="o2", set_paid=True),
        "p1",
        True,
        "order.created o2, order.updated o2, product.updated p1, product.updated p2",
    ),
    ("order, trashed", rest("DELETE", "orders/{o1}"), "p1", False, "order.deleted o1"),
    (
        "order, status from the trash",
        rest("PUT", "orders/{o1}", {"status": "pending"}),
        "",
        None,
        "",
    ),
    (
        "order, untrashed",
        several(
            rest("DELETE", "orders/{o1}"),
            inside(lambda s: actions.restore(s.shop, "order", s.ids["o1"])),
        ),
        "",
        None,
        "order.deleted o1, order.restored o1",
    ),
    ("order, deleted", rest("DELETE", "orders/{o1}?force=true"), "", None, ""),
    (
        "variation stock",
        rest("PUT", STOCK + "/{v1}", PUT_STOCK),
        "parent",
        True,
        "product.updated v1",
    ),
    (
        "variation stock again",
        rest("PUT", STOCK + "/{v1}", {"stock_quantity": 22}),
        "v1",
        True,
        "product.updated v1",
    ),
    (
        "variation, same stock",
        rest("PUT", STOCK + "/{v1}", {"stock_quantity": 22}),
        "v1",
        True,
        "product.updated v1",
    ),
    (
        "variation price",
        rest("PUT", STOCK + "/{v1}", {"regular_price": "7.00"}),
        "parent",
        True,
        "product.updated v1",
    ),
    (
        "variations, batch",
        update_batch(STOCK + "/batch", "v1", "v2"),
        "parent",
        True,
        "product.updated v1, product.updated v2",
    ),
    (
        "order of a variation",
        order("v1", keep="o3", set_paid=True),
        "v1",
        True,
        "order.created o3, order.updated o3, product.updated v1",
    ),
    (
        "variation to 0",
        rest("PUT", STOCK + "/{v1}", {"stock_quantity": 0}),
        "parent",
        True,
        "product.updated v1",
    ),
    (
        "variation, new",
        rest("POST", STOCK, {"regular_price": "3.00"}, keep="v3"),
        "parent",
        True,
        "product.published v3, product.created v3",
    ),
    (
        "variation, trashed",
        rest("DELETE", STOCK + "/{v3}"),
        "parent",
        True,
        "coupon.deleted v3, product.deleted v3",
    ),
    ("variation, deleted", rest("DELETE", STOCK + "/{v2}?force=true"), "parent", True, ""),
    (
        "product, new",
        rest("POST", "products", NEW, keep="n1"),
        "",
        None,
        "product.published n1, product.created n1",
    ),
    (
        "product, trashed",
        rest("DELETE", "products/{n1}"),
        "n1",
        True,
        TRASHED_N1,
    ),
    (
        "product, published from the trash",
        rest("PUT", "products/{n1}", {"status": "publish"}),
        "n1",
        True,
        "product.published n1, product.updated n1",
    ),
    (
        "product, untrashed",
        several(
            rest("DELETE", "products/{n1}"),
            inside(lambda s: actions.restore(s.shop, "product", s.ids["n1"])),
        ),
        "",
        None,
        f"{TRASHED_N1}, product.published n1, product.updated n1, product.restored n1",
    ),
    ("product, deleted", rest("DELETE", "products/{n1}?force=true"), "", None, ""),
    (
        "draft, new",
        rest("POST", "products", {**NEW, "status": "draft"}, keep="n2"),
        "",
        None,
        "product.created n2",
    ),
    (
        "draft, published",
        rest("PUT", "products/{n2}", {"status": "publish"}),
        "n2",
        True,
        "product.published n2, product.updated n2",
    ),
    (
        "product, trashed and deleted",
        several(rest("DELETE", "products/{n2}"), rest("DELETE", "products/{n2}?force=true")),
        "",
        None,
        "coupon.deleted n2, product.deleted n2",
    ),
    (
        "coupon, trashed",
        inside(lambda s: s.ids.update(x=actions.trash_page(s.shop))),
        "",
        None,
        "coupon.deleted x, product.deleted x",
    ),
    (
        "page, trashed",
        inside(lambda s: s.ids.update(y=actions.trash_page(s.shop))),
        "",
        None,
        "coupon.deleted y, product.deleted y",
    ),
    (
        "customer, new",
        rest("POST", "customers", {"email": "hook@rec.test"}, keep="c"),
        "",
        None,
        "customer.created c, customer.updated c",
    ),
    (
        "customer, name",
        rest("PUT", "customers/{c}", {"first_name": "X"}),
        "c",
        True,
        "customer.updated c",
    ),
    (
        "customer, billing",
        rest("PUT", "customers/{c}", {"billing": {"city": "X"}}),
        "c",
        True,
        "customer.updated c",
    ),
    ("customer, nothing", rest("PUT", "customers/{c}", {}), "c", True, "customer.updated c"),
    (
        "customer, meta",
        rest("PUT", "customers/{c}", {"meta_data": [{"key": "a", "value": "b"}]}),
        "c",
        True,
        "customer.updated c",
    ),
    (
        "customer, password",
        rest("PUT", "customers/{c}", {"password": "new"}),
        "c",
        True,
        "customer.updated c",
    ),
    (
        "order of the customer",
        order("p2", keep="o4", set_paid=True, by_customer=True),
        "",
        None,
        "order.created o4, order.updated o4, product.updated p2, customer.updated c",
    ),
    (
        "customer, deleted",
        rest("DELETE", "customers/{c}?force=true"),
        "",
        None,
        "customer.deleted c",
    ),
    (
        "subscriber, new",
        inside(
            lambda s: s.ids.update(
                u=actions.create(
                    s.shop, "customer", {"email": "sub@rec.test", "role": "subscriber"}
                )["id"]
            )
        ),
        "",
        None,
        "customer.created u",
    ),
    (
        "subscriber, deleted",
        inside(lambda s: actions.delete(s.shop, "customer", s.ids["u"])),
        "",
        None,
        "",
    ),
    (
        "scheduled sale starts",
        several(staging.schedule_sale, inside(staging.start_sale)),
        "p3",
        True,
        "product.updated p3",
    ),
]


async def run_one(stage: staging.Stage, listener: Listener, row: tuple[Any, ...]) -> list[str]:
    """Do one action and return what differs from its row."""
    label, act, watched, moves, expected = row
    stage.store.front.clock.advance(2)
    before = stage.modified(watched) if watched else None
    await act(stage)
    await drain(stage.store)
    names = {number: name for name, number in stage.ids.items()}
    came = [f"{topic} {names.get(body.get('id'), body)}" for topic, body in listener.take()]
    if stage.extra.pop("skip", False):
        came = came[1:]  # the edit that set the sale's date was delivered before
    wrong = [] if ", ".join(came) == expected else [f"{label}: {came}, not {expected}"]
    moved = watched and stage.modified(watched) != before
    return wrong if moves is None or moved is moves else [*wrong, f"{label}: moved {moved}"]


async def test_every_action_brings_the_recorded_deliveries(
    store: woosim.Running, client: aiohttp.ClientSession
) -> None:
    assert len(MATRIX) == 58
    store.front.hooks.latency = 30.0  # nothing goes out before it is asked to
    store.front.clock.freeze()
    async with listen() as listener:
        await subscribe(client, listener, *TOPICS)
        stage = staging.Stage(store, client)
        wrong = [line for row in MATRIX for line in await run_one(stage, listener, row)]
    assert wrong == []

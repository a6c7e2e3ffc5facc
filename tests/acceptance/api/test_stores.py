"""Stores over HTTP: added, changed, paused, removed, looked over, and connected by their owner."""

from urllib.parse import parse_qs, urlsplit

from acceptance.api.calling import BASE, Api


async def test_a_store_is_added_changed_paused_and_removed(api: Api) -> None:
    new = {
        "key": "shop-de",
        "url": api.shop.url,
        "consumerKey": api.shop.key,
        "consumerSecret": api.shop.secret,
    }
    added = (await api.post("/stores", json=new)).good(201)
    assert added["consumerKey"] == f"...{api.shop.key[-4:]}"
    assert api.shop.secret not in str(added)
    (await api.post("/stores", json=new)).problem(409, "store-exists")
    assert len((await api.get("/stores", role="viewer")).good()["stores"]) == 1
    findings = (await api.post("/stores/shop-de/probe", role="operator")).good()["findings"]
    assert {one["state"] for one in findings} <= {"good", "warning"}
    changes = {"policies": {"default": "manual"}, "schedule": {"pull": 0}}
    changed = (await api.call("PATCH", "/stores/shop-de", json=changes)).good()
    assert changed["policies"]["default"] == "manual"
    assert changed["schedule"] == {"pull": 0, "audit": 86400, "stock": 1200}
    (await api.post("/stores/shop-de/pause", role="operator")).good()
    paused = await api.post("/stores/shop-de/sync/customers/pull", json={})
    paused.problem(409, "store-paused")
    assert (await api.post("/stores/shop-de/resume")).good()["state"] == "active"
    (await api.call("DELETE", "/stores/shop-de")).good(204)
    (await api.get("/stores/shop-de")).problem(404, "unknown-store")


async def test_a_new_address_needs_its_keys_given_again(api: Api) -> None:
    (await api.get("/connection/test")).good()
    other = {"url": "http://127.0.0.1:9"}
    (await api.call("PATCH", "/stores/default", json=other)).problem(422)
    half = {"consumerKey": "ck_0123456789abcdef"}
    (await api.call("PATCH", "/stores/default", json=half)).problem(422, "invalid-request")


async def test_what_cannot_be_used_of_a_store_is_refused(api: Api) -> None:
    new = {"key": "shop-de", "url": api.shop.url}
    swapped = {"consumerKey": api.shop.secret, "consumerSecret": api.shop.key}
    refused = await api.post("/stores", json=new | swapped)
    refused.problem(422, "invalid-request")
    assert "begins with ck_" in str(refused.json)
    assert api.shop.secret not in str(refused.json)
    policies = {"policies": {"fields": {"product.nope": "newest"}}}
    (await api.post("/stores", json=new | policies)).problem(422, "bad-policy")
    assert (await api.get("/stores")).good()["stores"] == []


async def test_the_owner_hands_the_keys_over(api: Api) -> None:
    asked = await api.post("/stores/connect", json={"key": "shop-at", "url": api.shop.url})
    to = urlsplit(asked.good()["authorizeUrl"])
    assert to.path == "/wc-auth/v1/authorize"
    query = {name: values[0] for name, values in parse_qs(to.query).items()}
    assert query["scope"] == "read_write"
    assert query["callback_url"] == f"{api.url}{BASE}/stores/connect/callback"
    sent = {
        "key_id": 1,
        "user_id": query["user_id"],
        "consumer_key": api.shop.key,
        "consumer_secret": api.shop.secret,
        "key_permissions": "read_write",
    }
    forged = sent | {"user_id": query["user_id"][:-2] + "xx"}
    (await api.post("/stores/connect/callback", json=forged, role="")).problem(403)
    (await api.post("/stores/connect/callback", json=sent, role="")).good()
    (await api.post("/stores/connect/callback", json=sent, role="")).problem(409)
    assert (await api.get("/stores/shop-at/connection/test", role="")).good()["success"]
    assert (await api.get("/stores/connect/done", role="")).status == 200
    (sealed,) = await api.rows("SELECT consumer_key FROM stores WHERE key = 'shop-at'")
    assert api.shop.key.encode() not in bytes(sealed[0])

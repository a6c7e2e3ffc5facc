"""Registering webhooks in a store, and keeping them alive."""

import base64
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import woosim
from conftest import OpenShop
from simulated.listening import Listener, drain, listen
from woosim.admin import actions
from woosync import bootstrap, settings
from woosync.bootstrap import webhooks as wiring
from woosync.domain import topic as topics
from woosync.entrypoints.worker import watching
from woosync.flows import webhooks
from woosync.woo import signature

KEY = base64.b64decode("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    async with listen() as listening:
        yield listening


@pytest.fixture
async def shop(open_shop: OpenShop) -> woosim.Running:
    running = await open_shop(products=20, variable=2, customers=3, orders=3)
    running.front.hooks.latency = 0
    return running


@pytest.fixture
async def opened(
    database_url: str, shop: woosim.Running, listener: Listener, tmp_path: Path
) -> AsyncIterator[bootstrap.Application]:
    chosen = settings.Settings(
        site_url=shop.url,
        consumer_key=shop.key,
        consumer_secret=shop.secret,
        allow_private_stores=True,
        data=tmp_path,
        database_url=database_url.replace("+psycopg", ""),
        secret_keys=(KEY,),
        backoff=0.01,
        public_url=listener.url,
    )
    async with bootstrap.application(chosen) as application:
        yield application


def all_of(shop: woosim.Running) -> list[dict[str, Any]]:
    catalog = shop.shop.catalogs["webhook"]
    found = [shop.shop.read("webhook", number) for number in sorted(catalog.touched)]
    return [one for one in found if one is not None]


async def test_every_topic_is_registered_once_and_signed_with_the_stores_secret(
    opened: bootstrap.Application, shop: woosim.Running, listener: Listener
) -> None:
    made = await opened.register_webhooks("default", actor="test")
    assert [one.topic for one in made] == list(topics.WANTED)
    assert {one.done for one in made} == {"created"}
    assert len(listener.pings) == len(topics.WANTED)
    again = await opened.register_webhooks("default", actor="test")
    assert {one.done for one in again} == {"confirmed"}
    assert [one["topic"] for one in all_of(shop)] == list(topics.WANTED)
    for one in all_of(shop):
        path = f"/api/woocommerce-sync/webhook/{one['topic']}"
        assert one["delivery_url"] == f"{listener.url}{path}"
    actions.edit(shop.shop, "product", 10, {"name": "Told"})
    await drain(shop)
    [(headers, body)] = listener.deliveries
    secret = opened.opened(await opened.load_store(), "webhook_secret")
    assert len(secret) >= 50
    assert secret.isalnum()
    digest = signature.decode(headers["X-WC-Webhook-Signature"].encode())
    assert digest is not None
    assert signature.verify(body, digest, [secret])


async def test_wrong_webhooks_are_mended_and_those_of_others_left_alone(
    opened: bootstrap.Application, shop: woosim.Running, listener: Listener
) -> None:
    await opened.register_webhooks("default", actor="test")
    mine, other, extra = all_of(shop)[0], all_of(shop)[1], all_of(shop)[2]
    moved = shop.shop.edit("webhook", mine["id"])
    assert moved is not None
    shop.shop.save("webhook", moved | {"delivery_url": "https://old.example/x"})
    stranger = {**other, "delivery_url": "https://else.example/api/woocommerce-sync/webhook/x"}
    double = {**extra}
    for one in (stranger, double):
        one.pop("id")
        shop.shop.create("webhook", {"id": 0, **one})
    seen = {one.topic: one.state for one in await opened.look_at_webhooks("default")}
    assert seen[mine["topic"]] == webhooks.ELSEWHERE
    done = {(one.topic, one.done) for one in await opened.register_webhooks("default", actor="x")}
    assert (mine["topic"], "mended") in done
    assert (extra["topic"], "removed") in done
    left = all_of(shop)
    assert len(left) == len(topics.WANTED) + 1
    assert "https://else.example" in "".join(one["delivery_url"] for one in left)
    seen = {one.topic: one.state for one in await opened.look_at_webhooks("default")}
    assert set(seen.values()) == {webhooks.ACTIVE}


async def test_a_disabled_webhook_is_activated_and_the_gap_is_pulled(
    opened: bootstrap.Application, shop: woosim.Running, listener: Listener
) -> None:
    await opened.register_webhooks("default", actor="test")
    listener.status = 500
    for number in range(8):
        actions.edit(shop.shop, "product", 10, {"name": f"Unheard {number}"})
        await drain(shop)
    [disabled] = [one for one in all_of(shop) if one["status"] == "disabled"]
    assert disabled["topic"] == "product.updated"
    listener.status = 200
    store = await opened.load_store()
    later = replace(opened, clock=lambda: opened.clock() + 2 * wiring.opening.OLD_SECRET)
    await watching.look_round(later)
    assert {one["status"] for one in all_of(shop)} == {"active"}
    async with opened.database.transaction() as tx:
        asked = await (
            await tx.execute("SELECT direction, mode, actor FROM sync_runs WHERE state = 'queued'")
        ).fetchall()
    assert asked == [("pull", "incremental", watching.ACTOR)]
    noted = await webhooks.load_noted(opened.database, store.id)
    assert noted is not None
    assert noted.healed == 1
    listener.deliveries.clear()
    actions.edit(shop.shop, "product", 10, {"name": "Heard"})
    await drain(shop)
    assert len(listener.deliveries) == 1


async def test_what_a_person_has_paused_or_never_registered_stays_so(
    opened: bootstrap.Application, shop: woosim.Running
) -> None:
    await opened.load_store()
    await watching.look_round(opened)
    assert all_of(shop) == []
    await opened.register_webhooks("default", actor="test")
    paused = shop.shop.edit("webhook", all_of(shop)[0]["id"])
    assert paused is not None
    shop.shop.save("webhook", paused | {"status": "paused"})
    assert await opened.heal_webhooks("default", actor="test") == []
    assert all_of(shop)[0]["status"] == "paused"


async def test_a_rotated_secret_signs_at_once(
    opened: bootstrap.Application, shop: woosim.Running, listener: Listener
) -> None:
    await opened.register_webhooks("default", actor="test")
    before = opened.opened(await opened.load_store(), "webhook_secret")
    await opened.rotate_webhook_secret("default", actor="test")
    store = await opened.load_store()
    now, old = (
        opened.opened(store, name) for name in ("webhook_secret", "previous_webhook_secret")
    )
    assert (old, now != before) == (before, True)
    actions.edit(shop.shop, "product", 10, {"name": "Told"})
    await drain(shop)
    [(headers, body)] = listener.deliveries
    assert signature.sign(body, now).decode() == headers["X-WC-Webhook-Signature"]


async def test_a_secret_of_the_settings_is_not_rotated_behind_their_back(
    opened: bootstrap.Application,
) -> None:
    fixed = replace(opened, settings=replace(opened.settings, webhook_secret="set0123456789"))
    with pytest.raises(wiring.SecretSetElsewhereError, match="WOOCOMMERCE_WEBHOOK_SECRET"):
        await fixed.rotate_webhook_secret("default", actor="test")


async def test_without_a_public_address_nothing_is_registered(
    opened: bootstrap.Application, shop: woosim.Running
) -> None:
    hidden = replace(opened, settings=replace(opened.settings, public_url=""))
    with pytest.raises(webhooks.NoPublicUrlError):
        await hidden.register_webhooks("default", actor="test")
    assert all_of(shop) == []

"""Batches: pairing, halving, and never a word more than what is known."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from unit.woo.small_store import connect, http, recite
from woosync.woo import batch
from woosync.woo.batch import Action, Item, Outcome, Pace


def updates(*ids: int) -> list[Item]:
    return [Item(f"key {i}", Action.UPDATE, {"id": i, "name": f"Name {i}"}) for i in ids]


def said(outcomes: Sequence[Outcome]) -> list[str]:
    return [outcome.status.value for outcome in outcomes]


def bodies(seen: list[bytes]) -> list[Any]:
    return [json.loads(entry.partition(b"\r\n\r\n")[2]) for entry in seen]


def refusing(code: str, status: int = 400, **data: object) -> str:
    return json.dumps({"code": code, "message": "No.", "data": {"status": status} | data})


async def test_answers_are_paired_with_what_was_sent() -> None:
    answer = {
        "create": [
            {"id": 0, "error": {"code": "product_invalid_sku", "data": {"resource_id": 5}}},
            {"id": 31, "sku": "new"},
        ],
        "update": [{"id": 7, "name": "Name 7"}],
        "delete": [{"id": 9, "error": {"code": "gone", "message": "It is gone."}}],
    }
    items = [
        *updates(7),
        Item("a", Action.CREATE, {"sku": "held"}),
        Item("b", Action.CREATE, {"sku": "new"}),
        Item("c", Action.DELETE, {"id": 9}),
    ]
    async with recite(http(json.dumps(answer))) as script, connect(script.url) as client:
        found = await batch.send(client, "products", items)
    assert [outcome.item for outcome in found] == items
    assert said(found) == ["done", "refused", "done", "refused"]
    assert found[1].data == {"resource_id": 5}
    assert json.loads(found[2].record or b"")["id"] == 31
    assert found[3].message == "It is gone."
    assert bodies(script.seen)[0]["delete"] == [9]


@pytest.mark.parametrize(
    "answered",
    [
        pytest.param({"update": [{"id": 1}]}, id="one is missing"),
        pytest.param({"update": [{"id": 2}, {"id": 1}]}, id="in another order"),
        pytest.param({}, id="nothing at all"),
        pytest.param({"update": [{"id": 1, "error": {}}, []]}, id="of another shape"),
    ],
)
async def test_an_answer_that_cannot_be_paired_leaves_the_outcome_unknown(
    answered: dict[str, Any],
) -> None:
    async with recite(http(json.dumps(answered))) as script, connect(script.url) as client:
        found = await batch.send(client, "products", updates(1, 2))
    assert said(found)[1] == "unknown"
    assert len(script.seen) == 1


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(None, id="connection lost"),
        pytest.param(http("", status=504), id="gateway timeout"),
        pytest.param(http('{"update": [{"id": 1', kept=False), id="cut"),
        pytest.param(http("<html>Please log in</html>"), id="a web page"),
        pytest.param(http(refusing("woocommerce_rest_x", 500), status=500), id="said on purpose"),
    ],
)
async def test_nothing_is_sent_again_when_the_store_may_have_acted(answer: bytes | None) -> None:
    pace = Pace()
    async with recite(answer) as script, connect(script.url) as client:
        found = await batch.send(client, "products", updates(1, 2), pace=pace)
    assert said(found) == ["unknown", "unknown"]
    assert all(outcome.error is not None for outcome in found)
    assert len(script.seen) == 1


async def test_a_batch_refused_as_a_whole_is_halved_down_to_the_culprit() -> None:
    no = http(refusing("rest_invalid_json"), status=400)
    script_of = [
        no,  # 1 2 3 4
        http(json.dumps({"update": [{"id": 1}, {"id": 2}]})),
        no,  # 3 4
        no,  # 3
        http(json.dumps({"update": [{"id": 4}]})),
    ]
    async with recite(*script_of) as script, connect(script.url) as client:
        found = await batch.send(client, "products", updates(1, 2, 3, 4))
    assert said(found) == ["done", "done", "refused", "done"]
    assert found[2].code == "rest_invalid_json"
    assert [len(body["update"]) for body in bodies(script.seen)] == [4, 2, 2, 1, 1]


async def test_a_store_with_a_lower_limit_is_asked_for_less_from_then_on() -> None:
    pace = Pace()
    too_large = http(refusing("woocommerce_rest_request_entity_too_large", 413), status=413)
    good = [
        http(json.dumps({"update": [{"id": 1}, {"id": 2}]})),
        http(json.dumps({"update": [{"id": 3}, {"id": 4}]})),
    ]
    async with recite(too_large, *good) as script, connect(script.url) as client:
        found = await batch.send(client, "products", updates(1, 2, 3, 4), pace=pace)
    assert said(found) == ["done"] * 4
    assert pace.ceiling == 2


async def test_a_key_that_may_not_batch_writes_one_by_one() -> None:
    forbidden = http(refusing("woocommerce_rest_cannot_batch", 403), status=403)
    answers = [forbidden, http('{"id": 1}'), http(refusing("rest_invalid_param"), status=400)]
    async with recite(*answers) as script, connect(script.url) as client:
        found = await batch.send(client, "customers", updates(1, 2))
    assert said(found) == ["done", "refused"]
    assert script.seen[1].startswith(b"PUT /wp-json/wc/v3/customers/1")


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(http("", status=429), id="too many requests"),
        pytest.param(
            http(refusing("woocommerce_rest_authentication_error", 401), status=401), id="no key"
        ),
        pytest.param(http("", status=301, Location="https://other.example/"), id="moved"),
    ],
)
async def test_what_the_store_did_not_take_is_unsent_and_so_is_the_rest(answer: bytes) -> None:
    pace = Pace(size=1)
    async with recite(answer) as script, connect(script.url, auth="basic") as client:
        found = await batch.send(client, "products", updates(*range(1, 30)), pace=pace)
    assert set(said(found)) == {"unsent"}
    assert len(script.seen) <= batch.WORKERS


def test_the_pace_follows_the_time_an_item_takes() -> None:
    pace = Pace(target=5.0, size=25)
    pace.learn(25, 1.0)
    assert pace.size == 100
    pace.learn(100, 20.0)
    assert pace.size == 25
    pace.shrink(25)
    assert pace.size == 12
    pace.learn(12, 120.0)
    assert pace.size == 1
    pace.learn(1, 0.01)
    assert pace.size == 4

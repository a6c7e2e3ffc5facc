"""Replay what a real store was asked, and compare status, error code, keys and JSON types."""

from fnmatch import fnmatch

import pytest

import woosim
from contract import exchanges, sending, shapes, world

LEFT_OUT: dict[str, str] = {
    "GET *index_wc_v3.json": "the recorder put a list of names in the place of the routes",
}
"""What is not compared, "<method> <file>" as a pattern, each with its reason."""


def reason_to_skip(exchange: exchanges.Exchange) -> str | None:
    name = f"{exchange.method} {exchange.file}"
    return next((why for pattern, why in LEFT_OUT.items() if fnmatch(name, pattern)), None)


@pytest.mark.parametrize("exchange", exchanges.load(), ids=lambda e: e.file.removesuffix(".json"))
async def test_a_recorded_request_gets_an_answer_of_the_recorded_kind(
    exchange: exchanges.Exchange,
) -> None:
    if why := reason_to_skip(exchange):
        pytest.skip(why)
    async with woosim.serve(world.prepare(exchange), tls=exchange.secure) as store:
        status, body = await sending.send(exchange, store)
    assert status == exchange.status, body
    if exchange.code is not None:
        assert body["code"] == exchange.code
    kind = exchange.target[0] or ""
    if any(kind == "product" for kind, _ in exchange.records()) or kind == "product":
        kind = "product"
    known = exchanges.known_types(kind) if exchange.status < 400 else {}
    assert shapes.differences(body, exchange.body, known, trimmed=exchange.trimmed) == []
    assert bool(body) == bool(exchange.body)


@pytest.mark.parametrize("image", [None, {"id": 7, "src": "https://shop.example/hat.jpg"}])
def test_a_variations_picture_is_null_or_an_object(image: object) -> None:
    known = exchanges.known_types("variation")
    for ours, recorded in (
        ({"image": image}, {"image": None}),
        ([{"image": image}], [{"image": None}]),
    ):
        assert shapes.differences(ours, recorded, known, trimmed=False) == []
    assert shapes.differences({"image": "hat"}, {"image": None}, known, trimmed=False) != []


def test_every_line_of_what_is_left_out_leaves_something_out() -> None:
    names = [f"{exchange.method} {exchange.file}" for exchange in exchanges.load()]
    idle = [p for p in LEFT_OUT if not any(fnmatch(name, p) for name in names)]
    assert idle == [] or exchanges.FOLDER.name != "recordings"

from typing import Any

import msgspec
import pytest

from unit.wire import samples
from woosync import errors
from woosync.woo.wire import customer, decoding, order, parts, product, refund, variation

NOUNS = {
    "product": (product, samples.product),
    "variation": (variation, samples.variation),
    "customer": (customer, samples.customer),
    "order": (order, samples.order),
    "refund": (refund, samples.refund),
}


@pytest.mark.parametrize("noun", NOUNS)
def test_a_record_is_read_from_bytes_and_from_a_raw_piece_of_a_page(noun: str) -> None:
    wire, sample = NOUNS[noun]
    piece = msgspec.json.decode(b"[" + sample() + b"]", type=list[msgspec.Raw])[0]
    assert wire.decode(piece) == wire.decode(sample())


@pytest.mark.parametrize("noun", NOUNS)
def test_a_record_with_nothing_but_an_id_is_read(noun: str) -> None:
    wire, _ = NOUNS[noun]
    assert wire.decode(b'{"id": 12}').id == 12


@pytest.mark.parametrize("noun", NOUNS)
@pytest.mark.parametrize(
    ("raw", "named"),
    [
        (b"{}", ""),
        (b"null", ""),
        (b"[]", ""),
        (b'"text"', ""),
        (b'{"id": 12', ""),
        (b'{"id": 0}', " 0"),
        (b'{"id": -3}', " -3"),
        (b'{"id": "12"}', " 12"),
        (b'{"id": true}', ""),
        (b'{"id": 9223372036854775808}', " 9223372036854775808"),
        (b'{"code": "woocommerce_rest_product_invalid_id", "message": "Invalid ID."}', ""),
    ],
)
def test_nonsense_is_refused_and_named_by_its_id_where_it_has_one(
    noun: str, raw: bytes, named: str
) -> None:
    wire, _ = NOUNS[noun]
    with pytest.raises(decoding.DecodeFailed) as caught:
        wire.decode(raw)
    assert caught.value.record == noun + named
    assert caught.value.message.startswith(f"The {noun}{named} cannot be read: ")
    assert caught.value.remedy
    assert isinstance(caught.value, errors.RecordError)


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        (samples.product(name=5), "$.name"),
        (samples.product(status=None), "$.status"),
        (samples.product(categories=[3]), "$.categories"),
        (samples.product(regular_price={"a": 1}), "$.regular_price"),
        (samples.product(dimensions="10x5"), "$.dimensions"),
        (samples.product(images=["no picture"]), "$.images"),
    ],
)
def test_the_error_says_which_field_is_wrong(raw: bytes, field: str) -> None:
    with pytest.raises(decoding.DecodeFailed, match=r"product 74 ") as caught:
        product.decode(raw)
    assert field in caught.value.message


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "a\0b"},
        {"related_ids": ["unread\0field"]},
        {"meta_data": [{"id": 1, "key": "k", "value": {"deep": ["\0"]}}]},
        {"meta_data": [{"id": 1, "key": "k", "value": {"key\0": 1}}]},
    ],
)
def test_nul_is_refused_wherever_it_stands_since_postgresql_cannot_hold_it(
    changes: dict[str, Any],
) -> None:
    with pytest.raises(decoding.DecodeFailed, match="NUL"):
        product.decode(samples.product(**changes))


def test_an_escaped_backslash_before_u0000_is_no_nul() -> None:
    assert product.decode(rb'{"id": 1, "name": "a\\u0000b"}').name == r"a\u0000b"


@pytest.mark.parametrize(
    "text", [rb"\ud83d", rb"\uDE80", rb"\ude80", rb"\ud83d x", rb"\ud83d\u0041"]
)
@pytest.mark.parametrize("field", [b"name", b"unread_field"])
def test_half_a_surrogate_pair_is_refused_in_read_and_unread_fields(text: str, field: str) -> None:
    with pytest.raises(decoding.DecodeFailed):
        product.decode(b'{"id": 1, "' + field + b'": "' + text + b'"}')


def test_an_escaped_emoji_is_read() -> None:
    assert (
        product.decode(rb'{"id": 1, "name": "\ud83d\ude80 \uD835\uDD18"}').name == "🚀 \U0001d518"
    )


@pytest.mark.parametrize("field", [b"name", b"unread_field"])
def test_bytes_that_are_no_utf_8_are_refused(field: str) -> None:
    with pytest.raises(decoding.DecodeFailed):
        product.decode(b'{"id": 1, "' + field + b'": "\xff\xfe"}')


def test_endless_nesting_is_refused_and_not_a_crash() -> None:
    depth = 200_000
    deep = b'{"id": 1, "meta_data": [{"value": ' + b"[" * depth + b"]" * depth + b"}]}"
    with pytest.raises(decoding.DecodeFailed):
        product.decode(deep)


def test_php_objects_in_place_of_lists_and_lists_in_place_of_objects_are_read() -> None:
    found = product.decode(
        samples.product(
            categories={"0": {"id": 1, "name": "A"}, "2": {"id": 2, "name": "B"}},
            tags=None,
            dimensions=[],
        )
    )
    assert [term.name for term in parts.each(found.categories)] == ["A", "B"]
    assert list(parts.each(found.tags)) == []


@pytest.mark.parametrize("noun", NOUNS)
def test_every_field_that_is_read_is_asked_for_and_none_twice(noun: str) -> None:
    wire, _ = NOUNS[noun]
    asked = wire.FIELDS.split(",")
    assert len(asked) == len(set(asked))
    assert asked[0] == "id"
    assert "meta_data" in asked


@pytest.mark.parametrize("odd", ["no list", ["no entry"], None, {"a": 1}, 5])
def test_oddities_in_what_is_only_kept_do_no_harm(odd: Any) -> None:
    changes = dict.fromkeys(product.EXTRAS, odd)
    assert product.decode(samples.product(**changes)) == product.decode(samples.product())


def test_what_moves_without_a_change_is_never_asked_for() -> None:
    moving = {"related_ids", "price_html", "total_sales", "average_rating", "_links"}
    for wire, _ in NOUNS.values():
        assert not moving & set(wire.FIELDS.split(","))


def test_neither_keys_to_an_order_nor_traces_of_its_customer_are_asked_for() -> None:
    private = {"order_key", "payment_url", "customer_ip_address", "customer_user_agent"}
    assert not private & set(order.FIELDS.split(","))

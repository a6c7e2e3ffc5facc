"""The signature of deliveries, and what a body tells of its object."""

import ast
import hmac
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from woosync import errors
from woosync.domain import topic
from woosync.woo import signature
from woosync.woo.wire import delivery

SOURCE = Path(signature.__file__)


@given(st.binary(), st.text(min_size=1), st.text(min_size=1))
def test_a_signature_is_good_for_its_body_and_secret_alone(
    body: bytes, secret: str, other: str
) -> None:
    digest = signature.decode(signature.sign(body, secret))
    assert digest is not None
    assert signature.verify(body, digest, [secret])
    assert signature.verify(body, digest, [other, secret])
    assert signature.verify(body, digest, [other]) is (other == secret)
    assert not signature.verify(body + b"x", digest, [secret])
    assert not signature.verify(body, digest, [])


@given(st.binary())
def test_an_empty_secret_verifies_nothing(body: bytes) -> None:
    digest = signature.decode(signature.sign(body, ""))
    assert digest is not None
    assert not signature.verify(body, digest, [""])
    assert not signature.verify(body, digest, ["", "x"])


@given(st.binary(max_size=200))
def test_whatever_stands_in_the_header_is_a_digest_or_nothing(text: bytes) -> None:
    found = signature.decode(text)
    assert found is None or len(found) == 32


def test_row_4_digests_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[int] = []

    def counting(one: bytes, other: bytes) -> bool:
        compared.append(len(one))
        return one == other

    monkeypatch.setattr(hmac, "compare_digest", counting)
    digest = signature.decode(signature.sign(b"body", "second"))
    assert digest is not None
    assert signature.verify(b"body", digest, ["first", "second", "third"])
    assert compared == [32, 32, 32]
    tree = ast.parse(SOURCE.read_text(encoding="utf-8"))
    (verify,) = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name == "verify"
    ]
    assert not [node for node in ast.walk(verify) if isinstance(node, ast.Compare)]


@pytest.mark.parametrize("text", ["product.updated", "action.woocommerce_add_to_cart"])
def test_a_topic_is_read_and_written_alike(text: str) -> None:
    assert str(topic.parse(text)) == text


@pytest.mark.parametrize("text", ["", "product", "Product.updated", "a.b.c", "product.", "a" * 300])
def test_what_is_no_topic_is_none(text: str) -> None:
    assert topic.parse(text) is None


@given(st.binary())
def test_any_body_is_read_or_refused_as_a_record(body: bytes) -> None:
    try:
        head = delivery.decode(body)
    except errors.RecordError:
        return
    assert head.object_id is None or head.object_id > 0


def test_a_rest_error_is_told_from_an_object() -> None:
    assert delivery.decode(b'{"code":"gone","message":"m"}').refusal == "gone"
    assert delivery.decode(b'{"id":7,"code":"SAVE10"}').refusal == ""
    assert delivery.decode(b'{"id":7,"type":"variation","parent_id":3}').parent == 3

"""Proof of identity: signatures by RFC 5849, one encoding for what is sent and what is signed."""

import base64
import hashlib
import hmac
from urllib.parse import parse_qsl, quote, unquote

from hypothesis import given
from hypothesis import strategies as st
from rich.pretty import pretty_repr

from woosync.woo import auth, options, request
from woosync.woo.options import AuthMode

URL = "http://shop.example/wp-json/wc/v3/products"
KEYS = ("ck_1", "cs_2")


def signature(query: dict[str, str | int], method: str = "GET") -> str:
    signed = auth.sign(query, method=method, url=URL, keys=KEYS, timestamp=1700000000, nonce="n1")
    return str(signed["oauth_signature"])


def as_woocommerce_checks_it(query_string: str, method: str) -> str:
    """Recompute from the decoded query as the plugin does: sort, encode, join, encode again."""
    received = dict(parse_qsl(query_string, keep_blank_values=True))
    received.pop("oauth_signature")
    pairs = [
        quote(f"{quote(key, safe='~')}={quote(received[key], safe='~')}", safe="~")
        for key in sorted(received)
    ]
    text = f"{method}&{quote(URL, safe='~')}&{'%26'.join(pairs)}"
    return base64.b64encode(
        hmac.new(f"{KEYS[1]}&".encode(), text.encode(), hashlib.sha256).digest()
    ).decode()


def test_a_known_signature() -> None:
    base_string = (
        "GET&http%3A%2F%2Fshop.example%2Fwp-json%2Fwc%2Fv3%2Fproducts&oauth_consumer_key%3Dck_1"
        "%26oauth_nonce%3Dn1%26oauth_signature_method%3DHMAC-SHA256%26oauth_timestamp%3D1700000000"
        "%26per_page%3D5%26search%3Da%2520b%2526c"
    )
    digest = hmac.new(b"cs_2&", base_string.encode(), hashlib.sha256).digest()
    assert signature({"search": "a b&c", "per_page": 5}) == base64.b64encode(digest).decode()


@given(
    st.dictionaries(
        st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=8),
        st.text(max_size=20),
        max_size=6,
    ),
    st.sampled_from(["GET", "PUT", "POST"]),
)
def test_the_store_computes_the_same_from_what_is_sent(query: dict[str, str], method: str) -> None:
    signed = auth.sign(query, method=method, url=URL, keys=KEYS, timestamp=17, nonce="n")
    sent = auth.encode_query(signed)
    assert sent.isascii()
    assert as_woocommerce_checks_it(sent, method) == signed["oauth_signature"]


def test_method_and_values_change_the_signature() -> None:
    assert signature({"a": 1}) != signature({"a": 1}, "POST")
    assert signature({"a": 1}) != signature({"a": 2})


@given(st.text())
def test_encoding_is_undone_by_decoding(text: str) -> None:
    assert unquote(auth.encode(text)) == text


@given(st.dictionaries(st.text(), st.text() | st.integers()))
def test_a_query_is_encoded_again_as_any_text(query: dict[str, str | int]) -> None:
    text = auth.encode_query(query)
    assert auth._encoded_again(text) == auth.encode(text)


def test_http_takes_signatures_only_and_https_tries_the_header_first() -> None:
    assert auth.modes_to_try("http://a", AuthMode.AUTO) == (AuthMode.OAUTH1,)
    assert auth.modes_to_try("http://a", AuthMode.BASIC) == (AuthMode.OAUTH1,)
    assert auth.modes_to_try("https://a", AuthMode.QUERY) == (AuthMode.QUERY,)
    assert auth.modes_to_try("https://a", AuthMode.AUTO)[0] is AuthMode.BASIC


def test_no_secret_shows_in_the_text_of_what_holds_it() -> None:
    chosen = options.StoreOptions(url="https://a.example", key="ck_0123", secret="cs_0123")
    asked = request.Call("POST", "products", {}, b'{"a": "cs_0123"}')
    assert [repr(chosen), repr(asked)] == ["StoreOptions(...)", "Call(...)"]
    assert [pretty_repr(chosen), pretty_repr(asked)] == ["StoreOptions()", "Call()"]


def test_no_secret_is_kept_in_mind() -> None:
    auth._quoted.cache_clear()
    auth.encode_query(auth.query_with_keys({"page": 1}, key="ck_0123", secret="cs_0123"))
    assert auth._quoted.cache_info().currsize == 0

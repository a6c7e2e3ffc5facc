"""What people type as a store URL, and what must never be called."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from woosync.woo import address, errors


@pytest.mark.parametrize(
    ("typed", "base"),
    [
        ("shop.example", "https://shop.example"),
        (" https://Shop.Example/ ", "https://shop.example"),
        ("https://shop.example:443", "https://shop.example"),
        ("https://shop.example:8443/", "https://shop.example:8443"),
        ("https://shop.example/shop/", "https://shop.example/shop"),
        ("https://shop.example/shop/wp-json/wc/v3/", "https://shop.example/shop"),
        ("https://shop.example/wp-json", "https://shop.example"),
        ("https://shop.example/index.php/wp-json/", "https://shop.example/index.php"),
        ("https://shop.example/wp-admin/admin.php?page=x", "https://shop.example"),
        ("https://shop.example/?rest_route=/wc/v3", "https://shop.example"),
        ("https://шоп.example", "https://xn--n1acz.example"),
        ("https://straße.example", "https://xn--strae-oqa.example"),
        ("https://shop.example/käse/", "https://shop.example/k%C3%A4se"),
        ("https://shop.example/a%20b/100%/", "https://shop.example/a%20b/100%25"),
        ("https://i❤.ws", "https://xn--i-7iq.ws"),
        ("https://[2606:4700::1]/", "https://[2606:4700::1]"),
    ],
)
def test_what_people_paste_becomes_the_base(typed: str, base: str) -> None:
    assert address.normalise(typed, allow_private=False) == base


@pytest.mark.parametrize(
    "url",
    [
        *("", "   ", "https://", "https://exa mple", "https://shop.example\r\nX: y"),
        *("file:///etc/passwd", "gopher://shop.example", "ftp://shop.example", "//shop.example"),
        *("https://user:pw@shop.example", "https://ck@shop.example", "https://a\\@b.example"),
        *(
            "https://shop.example/\udce4",
            "https://shop.example/\u200b",
            "https://shop\x85.example",
        ),
        *("https://shop.example:22", "https://shop.example:99999", "http://shop.example"),
        *("https://127.0.0.1", "https://2130706433", "https://0x7f000001"),
        *("https://0177.0.0.1", "https://127.1", "https://[::1]", "https://[::ffff:127.0.0.1]"),
        *("https://169.254.169.254", "https://10.0.0.8", "https://100.64.0.1", "https://0.0.0.0"),
        *("https://1.1.1.1%2elocalhost", "https://8.8.8.8%00.x", "https://1.1.1.1%3a22.example"),
        *("https://[fd00::1]", "https://[fe80::1%25eth0]", "https://[64:ff9b::7f00:1]"),
        *("https://[2002:7f00:1::]", "https://224.0.0.1", "https://255.255.255.255"),
    ],
)
def test_addresses_that_are_not_a_public_shop_are_refused_in_one_sentence(url: str) -> None:
    with pytest.raises(errors.StoreNotAllowed) as refused:
        address.normalise(url, allow_private=False)
    assert refused.value.remedy
    assert "pw" not in refused.value.message


@pytest.mark.parametrize("port", ["0", "99999", "abc", "-1"])
def test_a_port_that_cannot_be_is_said_to_be_wrong(port: str) -> None:
    with pytest.raises(errors.StoreNotAllowed, match="port in the store URL is not a number from"):
        address.normalise(f"http://shop.example:{port}", allow_private=True)


@pytest.mark.parametrize("host", ["..", ".", "a..b", ".a", "a.b..", "a" * 64, "a." * 127 + "a"])
def test_a_name_that_dns_cannot_have_is_no_host(host: str) -> None:
    with pytest.raises(errors.StoreNotAllowed, match="no usable host name"):
        address.normalise(f"http://{host}:1", allow_private=True)


def test_a_name_of_the_longest_parts_may_end_with_a_dot() -> None:
    host = f"{'a' * 63}.example."
    assert address.normalise(host, allow_private=False) == f"https://{host}"


def test_private_addresses_and_plain_http_pass_when_allowed() -> None:
    assert address.normalise("http://127.0.0.1:81/", allow_private=True) == "http://127.0.0.1:81"


@given(st.ip_addresses(v=4))
def test_ipv6_that_carries_ipv4_is_judged_as_that(inner: ipaddress.IPv4Address) -> None:
    mapped = ipaddress.IPv6Address(f"::ffff:{inner}")
    translated = ipaddress.IPv6Address(int(ipaddress.IPv6Address("64:ff9b::")) | int(inner))
    assert address.is_inside(mapped) == address.is_inside(inner) == address.is_inside(translated)


@given(st.text(max_size=40))
def test_any_text_is_normalised_or_refused_and_normalising_is_stable(text: str) -> None:
    try:
        base = address.normalise(text, allow_private=False)
    except errors.StoreNotAllowed:
        return
    assert address.normalise(base, allow_private=False) == base
    assert base.isascii()

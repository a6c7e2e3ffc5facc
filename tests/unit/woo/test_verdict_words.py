from datetime import UTC, datetime

import pytest

from woosync.woo import errors, verdict

NOW = datetime(2026, 1, 1, tzinfo=UTC)
KEY_CODE = "woocommerce_rest_authentication_error"


def refused(status: int, body: str) -> errors.StoreAuthFailed | errors.StoreMoved:
    reply = verdict.Reply(status, body.encode(), {}, 0.1)
    found = verdict.error_of(reply, route="products", now=NOW)
    assert isinstance(found, errors.StoreAuthFailed | errors.StoreMoved)
    return found


@pytest.mark.parametrize(
    ("message", "says"),
    [
        ("Consumer key is invalid.", "does not know the consumer key"),
        ("Consumer secret is invalid.", "the secret is wrong, the consumer key is right"),
        ("Invalid signature - provided signature does not match.", "the secret is wrong, the"),
        ("The API key provided does not have write permissions.", "the key may only read"),
        ("The API key provided does not have read permissions.", "the key may only write"),
        (
            "Das Consumer-Secret ist ung\u00fcltig.",
            "It says: Das Consumer-Secret ist ung\u00fcltig.",
        ),
        ("", "the secret is wrong, or the key lacks this right. (401"),
    ],
)
def test_what_is_wrong_with_a_key_is_told_as_far_as_woocommerce_does(
    message: str, says: str
) -> None:
    error = refused(401, f'{{"code": "{KEY_CODE}", "message": "{message}"}}')
    assert says in error.message
    assert error.message.startswith("The store refused the key: ")
    assert error.remedy


@pytest.mark.parametrize(
    "body",
    [
        "<h1>400 Bad Request</h1>The plain HTTP request was sent to HTTPS port",
        "Reason: You're speaking plain HTTP to an SSL-enabled server port.",
        "Client sent an HTTP request to an HTTPS server.",
    ],
)
def test_plain_http_at_a_port_for_https_is_told(body: str) -> None:
    error = refused(400, body)
    assert "speaks https" in error.message
    assert "https://" in error.remedy


@pytest.mark.parametrize("status", [0, 101, 199])
def test_an_interim_status_is_no_refusal(status: int) -> None:
    reply = verdict.Reply(status, b"", {}, 0.1)
    found = verdict.error_of(reply, route="products", now=datetime(2026, 1, 1, tzinfo=UTC))
    assert isinstance(found, errors.StoreAnsweredNonsense)

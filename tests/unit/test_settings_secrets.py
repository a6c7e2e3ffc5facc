import pytest
from hypothesis import given
from hypothesis import strategies as st

from woosync.postgres import secrets

OLD, NEW = bytes(32), bytes(range(32))
PLACE = {"store_key": "default", "column": "consumer_secret"}


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_what_is_encrypted_is_decrypted(plain: str) -> None:
    ring = secrets.Keyring((NEW,))
    assert ring.decrypt(ring.encrypt(plain, **PLACE), **PLACE) == plain


def test_the_same_text_is_never_encrypted_the_same_way() -> None:
    ring = secrets.Keyring((NEW,))
    sealed = {ring.encrypt("cs_canary", **PLACE) for _ in range(50)}
    assert len(sealed) == 50
    assert not any(b"canary" in one for one in sealed)


def test_an_old_key_still_reads_and_the_new_one_writes() -> None:
    sealed = secrets.Keyring((OLD,)).encrypt("cs_canary", **PLACE)
    both = secrets.Keyring((NEW, OLD))
    assert both.decrypt(sealed, **PLACE) == "cs_canary"
    assert not both.is_newest(sealed)
    assert both.is_newest(both.encrypt("cs_canary", **PLACE))


def test_a_missing_key_is_told() -> None:
    sealed = secrets.Keyring((OLD,)).encrypt("cs_canary", **PLACE)
    with pytest.raises(secrets.SecretUnreadableError, match="not here") as caught:
        secrets.Keyring((NEW,)).decrypt(sealed, **PLACE)
    assert "canary" not in caught.value.message


@pytest.mark.parametrize(
    "place",
    [
        {"store_key": "other", "column": "consumer_secret"},
        {"store_key": "default", "column": "consumer_key"},
    ],
)
def test_ciphertext_moved_to_another_row_or_column_cannot_be_read(place: dict[str, str]) -> None:
    ring = secrets.Keyring((NEW,))
    sealed = ring.encrypt("cs_canary", **PLACE)
    with pytest.raises(secrets.SecretUnreadableError, match="damaged"):
        ring.decrypt(sealed, **place)


@given(st.integers(0), st.integers(1, 255))
def test_a_changed_byte_anywhere_is_noticed(where: int, change: int) -> None:
    ring = secrets.Keyring((NEW,))
    sealed = bytearray(ring.encrypt("cs_canary", **PLACE))
    sealed[where % len(sealed)] ^= change
    with pytest.raises(secrets.SecretUnreadableError):
        ring.decrypt(bytes(sealed), **PLACE)


@given(st.binary(max_size=60))
def test_any_bytes_give_an_error_of_ours(sealed: bytes) -> None:
    with pytest.raises(secrets.SecretUnreadableError):
        secrets.Keyring((NEW, OLD)).decrypt(sealed, **PLACE)


def test_the_text_of_a_keyring_shows_no_key() -> None:
    assert "x01" not in repr(secrets.Keyring((NEW,)))

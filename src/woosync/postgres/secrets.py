"""Credentials at rest: AES-GCM, bound to their store and column, with keys that can be rotated.

It lies here because ciphertext is a matter of storage; pure but for the random nonce.
"""

import hashlib
import secrets
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from woosync import errors

FORMAT = b"\x01"
ID_BYTES, NONCE_BYTES = 4, 12
HEAD = len(FORMAT) + ID_BYTES + NONCE_BYTES


class SecretUnreadableError(errors.PermanentError):
    """Stored credentials cannot be decrypted."""

    exit_code = 78


@dataclass(frozen=True, slots=True)
class Keyring:
    """AES-256 keys, the newest first: it encrypts, all of them decrypt."""

    keys: tuple[bytes, ...] = field(repr=False)

    def encrypt(self, plain: str, *, store_key: str, column: str) -> bytes:
        """Return version, key id, nonce and ciphertext; bound to where it will be stored."""
        key, nonce = self.keys[0], secrets.token_bytes(NONCE_BYTES)
        sealed = AESGCM(key).encrypt(nonce, plain.encode(), _place(store_key, column))
        return FORMAT + key_id(key) + nonce + sealed

    def decrypt(self, sealed: bytes, *, store_key: str, column: str) -> str:
        """Return the plain text; raises SecretUnreadableError.

        Fails where the key is not in the ring, and where the bytes were changed or moved here from
        another store or column.
        """
        named = sealed[len(FORMAT) : len(FORMAT) + ID_BYTES]
        key = next((key for key in self.keys if key_id(key) == named), None)
        if key is None or not sealed.startswith(FORMAT):
            raise SecretUnreadableError(
                f"The {_words(column)} of the store {store_key} was encrypted with a key that is "
                "not here.",
                remedy="Put the old key back (WOOSYNC_SECRET_KEY, after a comma, or secret.key), "
                "or enter the store's keys again with `woosync stores update`.",
            )
        nonce = sealed[len(FORMAT) + ID_BYTES : HEAD]
        try:
            return AESGCM(key).decrypt(nonce, sealed[HEAD:], _place(store_key, column)).decode()
        except (InvalidTag, ValueError) as error:
            raise SecretUnreadableError(
                f"The stored {_words(column)} of the store {store_key} is damaged.",
                remedy="Enter the store's keys again with `woosync stores update`.",
            ) from error

    def is_newest(self, sealed: bytes) -> bool:
        """Tell whether the newest key encrypted this; if not, encrypt it again."""
        return sealed.startswith(FORMAT + key_id(self.keys[0]))


def key_id(key: bytes) -> bytes:
    """Return the short name of a key; it tells nothing about it."""
    return hashlib.sha256(b"woosync key id" + key).digest()[:ID_BYTES]


def _place(store_key: str, column: str) -> bytes:
    return f"{store_key}\x00{column}".encode()


def _words(column: str) -> str:
    return column.replace("_", " ")

"""Reading one variable's text: what it may be, and what to do if it is not. No value is quoted."""

import base64
import binascii
import ipaddress
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

KEY_BYTES = 32
SIGNING_LENGTH, SIGNING_VARIETY = 32, 8
SWAPPED_REMEDY = "The consumer key begins with ck_, the consumer secret with cs_."
KEY_REMEDY = (
    "Make a key under WooCommerce > Settings > Advanced > REST API and copy both parts in full."
)
TRUE, FALSE = {"true", "yes", "on", "1"}, {"false", "no", "off", "0"}


class WrongValueError(Exception):
    """A value cannot be used; `what` goes on where the variable's name leaves off."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy


def text(value: str) -> str:
    """Read a text without blanks or quotes."""
    if any(char.isspace() or not char.isprintable() for char in value):
        raise WrongValueError("has blanks in it", "Take them out.")
    if any(char in "\"'`\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb" for char in value):
        raise WrongValueError(
            "has quotation marks in it", "Take them out, or use plain ones on both sides."
        )
    return value


def secret(value: str) -> str:
    """Read a secret; what the example file holds is none."""
    known = text(value)
    if known.lower().endswith(("your_key_here", "your_secret_here", "your_webhook_secret")):
        raise WrongValueError("still holds the example's text", "Put in your own.")
    return known


def consumer_key(value: str) -> str:
    """Read a consumer key."""
    return _key_part(value, begins="ck_", other="cs_", what="the consumer secret")


def consumer_secret(value: str) -> str:
    """Read a consumer secret."""
    return _key_part(value, begins="cs_", other="ck_", what="the consumer key")


def _key_part(value: str, *, begins: str, other: str, what: str) -> str:
    known = secret(value)
    if known.startswith(other):
        raise WrongValueError(f"holds {what}", f"Put in the part that begins with {begins}.")
    if not known.startswith(begins):
        raise WrongValueError(f"does not begin with {begins}", KEY_REMEDY)
    return known


def are_swapped(key: str, secret: str) -> bool:
    """Tell whether a consumer key and its secret stand in each other's place."""
    return key.startswith("cs_") and secret.startswith("ck_")


def flag(value: str) -> bool:
    """Read yes or no."""
    lowered = value.lower()
    if lowered in TRUE | FALSE:
        return lowered in TRUE
    raise WrongValueError("is neither true nor false", "Write true or false.")


def path(value: str) -> Path:
    """Read a path; `~` is the user's home."""
    try:
        return Path(value).expanduser()
    except RuntimeError:
        raise WrongValueError("begins with ~, but there is no home", "Write it out.") from None


def whole(*, least: int, most: int) -> Callable[[str], int]:
    """Return a reader of whole numbers in a range."""

    def read(value: str) -> int:
        try:
            number_ = int(value)
        except ValueError:
            number_ = least - 1
        if not least <= number_ <= most:
            raise WrongValueError(
                f"is not a whole number from {least} to {most}", "Write one, or leave it empty."
            )
        return number_

    return read


def number(*, least: float, most: float) -> Callable[[str], float]:
    """Return a reader of numbers in a range."""

    def read(value: str) -> float:
        try:
            number_ = float(value)
        except ValueError:
            number_ = least - 1
        if not least <= number_ <= most:  # also refuses nan
            raise WrongValueError(
                f"is not a number from {least:g} to {most:g}",
                "Write one such as 2.5, or leave it empty.",
            )
        return number_

    return read


def one_of(*allowed: str) -> Callable[[str], str]:
    """Return a reader of one word out of several."""

    def read(value: str) -> str:
        if value.lower() not in allowed:
            choice = " or ".join(allowed)
            raise WrongValueError(f"is not {choice}", f"Write {choice}.")
        return value.lower()

    return read


def database_url(value: str) -> str:
    """Read the address of a PostgreSQL; it may hold a password."""
    remedy = "Write it as postgresql://user:password@host:5432/name, or leave it empty."
    try:
        parts = urlsplit(value)
        known = (parts.scheme, parts.port)
    except ValueError:
        raise WrongValueError("is no address of a database", remedy) from None
    if known[0] not in {"postgresql", "postgres", "postgresql+psycopg"} or not value.isprintable():
        raise WrongValueError("is no address of a PostgreSQL", remedy)
    if not parts.path.strip("/") and "dbname=" not in parts.query:
        raise WrongValueError("names no database", remedy)
    return value


def secret_keys(value: str) -> tuple[bytes, ...]:
    """Read the keys that protect stored credentials: base64 of 32 bytes, the newest first."""
    keys = []
    for part in value.split(","):
        try:
            key = base64.b64decode(part.strip(), validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) != KEY_BYTES:
            raise WrongValueError(
                "is not base64 of 32 bytes",
                "Make one with `openssl rand -base64 32`; keep an old key after a comma.",
            )
        keys.append(key)
    return tuple(keys)


def jwt_secret(value: str) -> str:
    """Read the secret that signs access tokens; short or well-known ones are refused."""
    known = text(value)
    remedy = "Make one with `openssl rand -hex 32`."
    if len(known) < SIGNING_LENGTH or len(set(known)) < SIGNING_VARIETY:
        raise WrongValueError("is too short or too simple to sign tokens with", remedy)
    if any(
        word in known.lower() for word in ("changeme", "change-me", "your_", "default", "secret")
    ):
        raise WrongValueError("looks like an example's text", remedy)
    return known


def public_url(value: str) -> str:
    """Read the address at which stores and people reach this server."""
    known = text(value).rstrip("/")
    try:
        parts = urlsplit(known)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and not parts.query
    except ValueError:
        usable = False
    if not usable or "@" in parts.netloc:
        raise WrongValueError("is no address", "Write it as https://sync.example.")
    return known


def addresses(value: str) -> str:
    """Read addresses and networks, parted by commas."""
    for part in value.split(","):
        try:
            ipaddress.ip_network(part.strip())
        except ValueError:
            raise WrongValueError(
                "has a part that is no address or network", "Write such as 10.0.0.0/8,::1."
            ) from None
    return ",".join(part.strip() for part in value.split(","))


def default_data_folder() -> Path:
    """Return the platform's folder for this user's data."""
    import platformdirs  # noqa: PLC0415 - costs start-up time, and only the default needs it

    return platformdirs.user_data_path("woosync", appauthor=False)

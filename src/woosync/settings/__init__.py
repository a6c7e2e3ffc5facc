"""The only reader of the environment: variables, `.env.local` and `.env` become one value.

Entry points call `load`, bootstrap reads the result.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from woosync.settings import dotenv, values
from woosync.settings.errors import BadSettingsError

__all__ = ["BadSettingsError", "Settings", "load"]

FILES = (".env", ".env.local")
#: Names in the environment that are looked at; those of ours; how alike a mistyped one is.
PREFIX, OURS, LIKENESS = "WOO", ("WOOCOMMERCE_", "WOOSYNC_"), 0.88


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be set from outside; secrets never show in its text.

    Times are in seconds, `rate_limit` in requests a second (None: no limit). `data` is None for
    the platform's own folder. `secret_keys` holds the newest key first; empty means the key file.
    `unknown` says in sentences which names look like settings and are none.
    """

    site_url: str = ""
    consumer_key: str = field(default="", repr=False)
    consumer_secret: str = field(default="", repr=False)
    webhook_secret: str = field(default="", repr=False)
    debug_logging: bool = False
    ca_file: Path | None = None
    allow_private_stores: bool = False
    data: Path | None = None
    database_url: str | None = field(default=None, repr=False)
    replica_database_url: str | None = field(default=None, repr=False)
    secret_keys: tuple[bytes, ...] = field(default=(), repr=False)
    timeout: float = 60.0
    retries: int = 3
    backoff: float = 0.5
    rate_limit: float | None = None
    concurrency: int = 8
    batch_size: int = 100
    log_format: str = "console"
    jwt_secret: str = field(default="", repr=False)
    public_url: str = ""
    trusted_proxies: str = ""
    cache_ttl: float = 60.0
    metrics: str = "token"
    unknown: tuple[str, ...] = ()

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return what must never be shown."""
        found = (
            *(self.consumer_key, self.consumer_secret, self.webhook_secret),
            self.jwt_secret,
        )
        return tuple(secret for secret in found if secret)

    @property
    def data_folder(self) -> Path:
        """Return where the embedded database, the key file and the logs are kept."""
        return self.data or values.default_data_folder()


@dataclass(frozen=True, slots=True)
class Variable:
    """How one variable is read; an empty one counts as not set."""

    field: str
    read: Callable[[str], Any]


VARIABLES: Mapping[str, Variable] = {
    "WOOCOMMERCE_SITE_URL": Variable("site_url", values.text),
    "WOOCOMMERCE_CONSUMER_KEY": Variable("consumer_key", values.consumer_key),
    "WOOCOMMERCE_CONSUMER_SECRET": Variable("consumer_secret", values.consumer_secret),
    "WOOCOMMERCE_WEBHOOK_SECRET": Variable("webhook_secret", values.secret),
    "WOOCOMMERCE_DEBUG_LOGGING": Variable("debug_logging", values.flag),
    "WOOCOMMERCE_CA_FILE": Variable("ca_file", values.path),
    "WOOSYNC_ALLOW_PRIVATE_STORES": Variable("allow_private_stores", values.flag),
    "WOOSYNC_DATA": Variable("data", values.path),
    "DATABASE_URL": Variable("database_url", values.database_url),
    "REPLICA_DATABASE_URL": Variable("replica_database_url", values.database_url),
    "WOOSYNC_SECRET_KEY": Variable("secret_keys", values.secret_keys),
    "WOOSYNC_TIMEOUT": Variable("timeout", values.number(least=1, most=3600)),
    "WOOSYNC_RETRIES": Variable("retries", values.whole(least=0, most=20)),
    "WOOSYNC_BACKOFF": Variable("backoff", values.number(least=0.01, most=300)),
    "WOOSYNC_RATE_LIMIT": Variable("rate_limit", values.number(least=0.1, most=1000)),
    "WOOSYNC_CONCURRENCY": Variable("concurrency", values.whole(least=1, most=64)),
    "WOOSYNC_BATCH_SIZE": Variable("batch_size", values.whole(least=1, most=100)),
    "WOOSYNC_LOG_FORMAT": Variable("log_format", values.one_of("console", "json")),
    "WOOSYNC_JWT_SECRET": Variable("jwt_secret", values.jwt_secret),
    "WOOSYNC_PUBLIC_URL": Variable("public_url", values.public_url),
    "WOOSYNC_TRUSTED_PROXIES": Variable("trusted_proxies", values.addresses),
    "WOOSYNC_CACHE_TTL": Variable("cache_ttl", values.number(least=0, most=86_400)),
    "WOOSYNC_METRICS": Variable("metrics", values.one_of("token", "loopback", "off")),
}


def load(folder: Path, environment: Mapping[str, str]) -> Settings:
    """Read the settings: the environment over `.env.local` over `.env` in `folder`.

    The first place that names a variable counts, also if it leaves it empty (that is: not set).
    Raises BadSettingsError, which names file, line and variable and never a value.
    """
    found: dict[str, dotenv.Found] = {}
    for name in FILES:
        found |= dotenv.read(folder / name, shown=name)
    for name, value in environment.items():
        if name in VARIABLES or name.startswith(PREFIX):
            found[name] = dotenv.Found(value, "the environment")
    given = {name: one for name, one in found.items() if name in VARIABLES and one.value.strip()}
    _check_pair(given)
    read = {VARIABLES[name].field: _read(name, one) for name, one in given.items()}
    _check_address(given)
    for relative in ("data", "ca_file"):
        if relative in read:
            read[relative] = folder / read[relative]
    return Settings(**read, unknown=_unknown(found))


def _unknown(found: Mapping[str, dotenv.Found]) -> tuple[str, ...]:
    """Say which names are no settings, but look like one; others are none of our business."""
    strange = sorted(found.keys() - VARIABLES.keys())
    if not strange:
        return ()
    import difflib  # noqa: PLC0415 - costs start-up time, and is rarely needed

    said = []
    for name in strange:
        near = difflib.get_close_matches(name.upper(), VARIABLES, n=1, cutoff=LIKENESS)
        if near or name.startswith(OURS):
            meant = f"; {near[0]} is" if near else ""
            said.append(f"{name} ({found[name].place}) is not a setting of woosync{meant}.")
    return tuple(said)


def _read(name: str, found: dotenv.Found) -> Any:
    try:
        return VARIABLES[name].read(found.value.strip())
    except values.WrongValueError as wrong:
        raise BadSettingsError(f"{name} ({found.place}) {wrong.what}.", remedy=wrong.remedy) from (
            None  # the cause would quote the value
        )


def _check_pair(given: Mapping[str, dotenv.Found]) -> None:
    pair = ("WOOCOMMERCE_CONSUMER_KEY", "WOOCOMMERCE_CONSUMER_SECRET")
    present = [name for name in pair if name in given]
    if len(present) == 1:
        missing = pair[1] if present[0] == pair[0] else pair[0]
        place = given[present[0]].place
        raise BadSettingsError(
            f"{present[0]} is set ({place}), but {missing} is not.",
            remedy="Set both: WooCommerce shows them together when a key is made.",
        )
    key, secret = given.get(pair[0]), given.get(pair[1])
    if key and secret and values.are_swapped(key.value, secret.value):
        raise BadSettingsError(
            f"{pair[0]} ({key.place}) and {pair[1]} ({secret.place}) are swapped.",
            remedy=values.SWAPPED_REMEDY,
        )


def _check_address(given: Mapping[str, dotenv.Found]) -> None:
    key = given.get("WOOCOMMERCE_CONSUMER_KEY")
    if key and "WOOCOMMERCE_SITE_URL" not in given:
        raise BadSettingsError(
            f"WOOCOMMERCE_CONSUMER_KEY is set ({key.place}), but WOOCOMMERCE_SITE_URL is not.",
            remedy="Say which store the key belongs to, or take the key out; `woosync stores add` "
            "knows the keys of other stores.",
        )

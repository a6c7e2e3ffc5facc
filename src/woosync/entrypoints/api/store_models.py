"""What is said about stores: bodies that add, change and connect them, and what is shown."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

import pydantic

from woosync import bootstrap
from woosync.entrypoints.api import schemas
from woosync.settings import values

Url = Annotated[
    str, pydantic.Field(min_length=3, max_length=500, examples=["https://shop.example"])
]
Key = Annotated[
    pydantic.SecretStr,
    pydantic.Field(min_length=8, max_length=200),
]


def _checked(read: Callable[[str], str]) -> pydantic.AfterValidator:
    def check(given: pydantic.SecretStr) -> pydantic.SecretStr:
        try:
            read(given.get_secret_value())
        except values.WrongValueError as wrong:
            raise ValueError(f"it {wrong.what}. {wrong.remedy}") from None
        return given

    return pydantic.AfterValidator(check)


ConsumerKey = Annotated[
    Key, pydantic.Field(examples=["ck_0123456789"]), _checked(values.consumer_key)
]
ConsumerSecret = Annotated[
    Key, pydantic.Field(examples=["cs_0123456789"]), _checked(values.consumer_secret)
]
WebhookSecret = Annotated[
    Key, pydantic.Field(examples=["of-your-own-choice"]), _checked(values.secret)
]
Policy = Literal["woocommerce", "local", "newest", "manual"]
Seconds = Annotated[int, pydantic.Field(ge=0, le=31_536_000)]


class Policies(schemas.Body):
    """Who wins a conflict: by default, by kind of record, by field such as product.name."""

    default: Policy = "newest"
    entities: dict[str, Policy] = pydantic.Field(default_factory=dict, max_length=20)
    fields: dict[str, Policy] = pydantic.Field(default_factory=dict, max_length=200)


class Schedule(schemas.Body):
    """Every how many seconds to pull, to audit records, and to audit stock levels; 0 is never."""

    pull: Annotated[Seconds, pydantic.Field(default=300)]
    audit: Annotated[Seconds, pydantic.Field(default=86_400)]
    stock: Annotated[Seconds, pydantic.Field(default=1200)]


class ChangedStore(schemas.Body):
    """What is to be otherwise; what is left out stays."""

    url: Url | None = None
    consumer_key: ConsumerKey | None = None
    consumer_secret: ConsumerSecret | None = None
    webhook_secret: WebhookSecret | None = None
    policies: Policies | None = None
    schedule: Schedule | None = None

    def secrets(self) -> dict[str, str]:
        """Return the credentials that were given."""
        given = {name: getattr(self, name) for name in bootstrap.CREDENTIALS}
        return {name: one.get_secret_value() for name, one in given.items() if one is not None}

    @pydantic.model_validator(mode="after")
    def _keys_belong_together(self) -> "ChangedStore":
        if (self.consumer_key is None) != (self.consumer_secret is None):
            raise ValueError("consumerKey and consumerSecret belong together")
        return self


class NewStore(ChangedStore):
    """A store to add."""

    key: schemas.StoreKey
    url: Url


class Connect(schemas.Body):
    """The store whose owner is to agree."""

    key: schemas.StoreKey
    url: Url


class Keys(pydantic.BaseModel):
    """What WooCommerce sends; it may add members of its own."""

    user_id: Annotated[str, pydantic.Field(max_length=2000, examples=["the signed state"])]
    consumer_key: Annotated[
        str, pydantic.Field(pattern=r"^ck_[A-Za-z0-9]{8,100}$", examples=["ck_0123456789"])
    ]
    consumer_secret: Annotated[
        str, pydantic.Field(pattern=r"^cs_[A-Za-z0-9]{8,100}$", examples=["cs_0123456789"])
    ]


class Store(schemas.Answer):
    """A store; its credentials are told of by their last characters at most."""

    key: str
    name: str
    url: str
    state: str
    auth_mode: str
    version: str
    consumer_key: str
    has_webhook_secret: bool
    policies: dict[str, Any]
    schedule: dict[str, Any]


class Stores(schemas.Answer):
    """All stores."""

    stores: list[Store]


class HandOver(schemas.Answer):
    """Where the owner of the shop agrees; afterwards the store is there."""

    authorize_url: str


class Finding(schemas.Answer):
    """One check of a store."""

    name: str
    state: str
    says: str
    remedy: str


class Probe(schemas.Answer):
    """What was looked at, and how it is."""

    findings: list[Finding]

"""Identities and the kinds of record that are kept in agreement. Used by every layer."""

from enum import StrEnum
from typing import NewType

StoreId = NewType("StoreId", int)
WooId = NewType("WooId", int)
LocalId = NewType("LocalId", int)
RunId = NewType("RunId", int)
LineId = NewType("LineId", int)


class Entity(StrEnum):
    """A kind of record that exists on both sides."""

    CUSTOMER = "customer"
    PRODUCT = "product"
    VARIATION = "variation"
    ORDER = "order"
    REFUND = "refund"

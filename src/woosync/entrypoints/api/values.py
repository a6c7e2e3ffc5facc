"""Values that bodies, queries and answers share: money, quantities, text, free JSON."""

import re
from decimal import Decimal
from typing import Annotated, Any

import msgspec
import pydantic

from woosync.domain import money

AMOUNT = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,10})?")
MOST = 10**12
#: Quantities are kept to so many decimals.
FINEST = Decimal("0.000001")
LONGEST = 500


def _amount(value: object) -> Decimal:
    if isinstance(value, str) and AMOUNT.fullmatch(value):
        return money.canonical(Decimal(value))
    raise ValueError('an amount is a string such as "12.50"')


def _quantity(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float) or not -MOST <= value <= MOST:
        raise ValueError(f"a quantity is a number between -{MOST} and {MOST}")
    return money.canonical(Decimal(str(value)).quantize(FINEST))


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def _free(value: Any) -> Any:
    """Check that PostgreSQL can hold it as JSON."""
    try:
        text = msgspec.json.encode(value)
    except (UnicodeEncodeError, OverflowError, ValueError, TypeError):
        raise ValueError("this cannot be kept as JSON") from None
    if b"\\u0000" in text:
        raise ValueError("text cannot hold the character U+0000")
    return value


#: Money in: a decimal string, so that nothing is rounded on the way.
Amount = Annotated[
    Decimal,
    pydantic.BeforeValidator(_amount),
    pydantic.WithJsonSchema({"type": "string", "pattern": f"^{AMOUNT.pattern}$"}),
]
Price = Annotated[Amount, pydantic.Field(ge=0)]
#: Stock in: a JSON number, kept to six decimals.
Quantity = Annotated[
    Decimal,
    pydantic.BeforeValidator(_quantity),
    pydantic.WithJsonSchema({"type": "number", "minimum": -MOST, "maximum": MOST}),
]
#: Money out: as shops write it, with at least two decimals where it has any.
AmountOut = Annotated[
    Decimal,
    pydantic.PlainSerializer(money.text_of, return_type=str),
    pydantic.WithJsonSchema({"type": "string"}),
]
MeasureOut = Annotated[
    Decimal,
    pydantic.PlainSerializer(lambda value: format(value, "f"), return_type=str),
    pydantic.WithJsonSchema({"type": "string"}),
]
QuantityOut = Annotated[
    Decimal,
    pydantic.PlainSerializer(_number, return_type=int | float),
    pydantic.WithJsonSchema({"type": "number"}),
]
#: Text on one line or many, without what PostgreSQL cannot hold.
Text = Annotated[str, pydantic.StringConstraints(max_length=LONGEST, pattern=r"^[^\x00]*$")]
LongText = Annotated[str, pydantic.StringConstraints(max_length=500_000, pattern=r"^[^\x00]*$")]
Word = Annotated[str, pydantic.StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Free = Annotated[dict[str, Any], pydantic.AfterValidator(_free)]
#: Any JSON value.
Json = Annotated[Any, pydantic.AfterValidator(_free)]
#: A moment with its offset; one without could mean two.
Moment = pydantic.AwareDatetime

"""Strategies for JSON records as a store can hold them."""

from datetime import UTC
from typing import Any

from hypothesis import strategies as st

from property import echo_store
from unit.wire import samples

_ENTITIES = "& &amp; &amp;lt; &lt; &gt; &copy &#8211; &nbsp; &nosuch; amp; &lt;script&gt; &lt;b&gt;"
_PIECES = (
    *_ENTITIES.split(),
    *["<b>", "</b>", ">", '"', "'", "%", "A", "b", "é", "é", "🚀", "قلم"],
    "< ",
    " ",
    "\t",
)
#: Saved through the API (normalised) or by PHP (a bare "&" or "<" stays), but always trimmed.
names = st.lists(st.sampled_from(_PIECES), max_size=6).map("".join).map(
    lambda name: name.strip(" \t")
) | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12).map(echo_store.stored_name)
_texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
_identifiers = st.text("ABC-+/#01 é木", max_size=8).map(str.strip)
_prices = st.decimals(0, 99999, places=2).map(str)
_sizes = st.just("") | st.sampled_from(["9.37", "10", "5.5", "0.125", "10.00"])
_dates = st.none() | st.datetimes(timezones=st.just(UTC)).map(
    lambda moment: moment.isoformat()[:19]
)
_flags = st.booleans()
_statuses = st.sampled_from(["publish", "draft", "private", "pending", "trash"])


def _distinct(*columns: st.SearchStrategy[Any], keys: tuple[str, ...]) -> Any:
    rows = st.fixed_dictionaries(
        {"id": st.integers(1, 99), **dict(zip(keys, columns, strict=True))}
    )
    return st.lists(rows, max_size=3, unique_by=lambda row: row["id"])


def _named(*columns: st.SearchStrategy[Any], keys: tuple[str, ...], name: str) -> Any:
    """Return rows that a text of their own names, beside the id."""
    rows = _distinct(*columns, keys=keys)
    return rows.map(lambda drawn: [row | {name: f"a-{row['id']}"} for row in drawn])


@st.composite
def _priced(draw: st.DrawFn, *, priced: bool = True) -> dict[str, str]:
    if not priced:
        return {"regular_price": "", "sale_price": ""}
    regular = draw(st.just("") | _prices)
    sale = draw(st.just("") | _prices)
    return {
        "regular_price": regular,
        "sale_price": sale if sale and regular and float(sale) < float(regular) else "",
    }


_shared = {
    "sku": _identifiers,
    "global_unique_id": st.just("") | st.text("0123456789-", max_size=13),
    "status": _statuses,
    "description": _texts,
    "date_on_sale_from_gmt": _dates,
    "date_on_sale_to_gmt": _dates,
    "virtual": _flags,
    "downloadable": _flags,
    "tax_status": st.sampled_from(["taxable", "shipping", "none"]),
    "tax_class": st.sampled_from(["", "reduced-rate"]),
    "weight": _sizes,
    "dimensions": st.fixed_dictionaries({"length": _sizes, "width": _sizes, "height": _sizes}),
    "shipping_class": st.sampled_from(["", "bulky"]),
    "menu_order": st.integers(-99, 99),
    "backorders": st.sampled_from(["no", "notify", "yes"]),
    "low_stock_amount": st.none() | st.integers(0, 99),
    "stock_quantity": st.none() | st.integers(-99, 99),
}
_own_attributes = _distinct(
    names,
    _flags,
    _flags,
    st.lists(_texts, max_size=2),
    keys=("name", "visible", "variation", "options"),
)


@st.composite
def products(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a product with everything that can be set."""
    kind = draw(st.sampled_from(["simple", "variable", "grouped", "external", "bundle"]))
    fields = {
        "name": names,
        "manage_stock": _flags,
        "featured": _flags,
        "catalog_visibility": st.sampled_from(["visible", "hidden", "catalog", "search"]),
        "short_description": _texts,
        "sold_individually": _flags,
        "external_url": _texts if kind == "external" else st.just(""),
        "categories": _named(names, keys=("name",), name="slug"),
        "tags": _named(names, keys=("name",), name="slug"),
        "images": _named(_texts, keys=("name",), name="src"),
        "attributes": _own_attributes,
    }
    prices = draw(_priced(priced=kind not in ("variable", "grouped")))
    return (
        samples.PRODUCT
        | draw(st.fixed_dictionaries(_shared))
        | draw(st.fixed_dictionaries(fields))
        | prices
        | {"type": kind}
    )


@st.composite
def variations(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a variation with its own or its parent's stock, options and a picture or none."""
    fields = {
        "manage_stock": st.sampled_from([True, False, "parent"]),
        "image": st.none() | st.fixed_dictionaries({"id": st.integers(1, 99), "src": _texts}),
        "attributes": _distinct(names, st.just("") | _texts, keys=("name", "option")),
    }
    return (
        samples.VARIATION
        | draw(st.fixed_dictionaries(_shared))
        | draw(st.fixed_dictionaries(fields))
        | draw(_priced())
    )


_addresses = st.fixed_dictionaries(dict.fromkeys(samples.ADDRESS, _texts))


@st.composite
def customers(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a customer."""
    changes = st.fixed_dictionaries(
        {"first_name": names, "last_name": names, "billing": _addresses, "shipping": _addresses}
    )
    return samples.CUSTOMER | draw(changes)


@st.composite
def orders(draw: st.DrawFn) -> dict[str, Any]:
    """Draw an order with other addresses, note and status."""
    changes = st.fixed_dictionaries(
        {
            "customer_note": _texts,
            "status": st.sampled_from(["pending", "completed", "trash", "checkout-draft"]),
            "billing": _addresses,
            "shipping": _addresses,
        }
    )
    return samples.ORDER | draw(changes)


#: Any JSON, with the values that PHP likes to put where others belong among it.
anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["", "0", "1", "yes", "0000-00-00 00:00:00", "1e400", "NaN", "-1", "12.50"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=5,
)

"""Strategies for domain records: small ones that collide often (merge), wide ones (snapshots)."""

from datetime import UTC

from hypothesis import strategies as st

from woosync.domain import customer, money, order, product

_letters = st.sampled_from(["", "a", "b", "c"])
_few_amounts = st.sampled_from([None, *map(money.parse, ("1", "1.5", "2"))])
_few_terms = st.lists(st.builds(product.Term, _letters), max_size=2).map(tuple)

small_addresses = st.builds(customer.Address, city=_letters, phone=_letters)
small_customers = st.builds(
    customer.Customer,
    email=_letters,
    first_name=_letters,
    is_paying=st.booleans(),
    billing=small_addresses,
    shipping=small_addresses,
)
small_products = st.builds(
    product.Product,
    name=_letters,
    sku=st.sampled_from([None, "x", "y"]),
    regular_price=_few_amounts,
    featured=st.booleans(),
    categories=_few_terms,
)
small_records = small_customers | small_products
#: Three versions of one record: base, ours, theirs.
triples = st.tuples(*[small_customers] * 3) | st.tuples(*[small_products] * 3)

amounts = st.decimals(
    min_value=-(10**12), max_value=10**12, places=6, allow_nan=False, allow_infinity=False
).map(money.canonical)
_maybe_amounts = st.none() | amounts
moments = st.none() | st.datetimes(timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=0)
)
_ids = st.integers(1, 2**63 - 1)
_maybe_ids = st.none() | _ids
_counts = st.integers(-(2**31), 2**31 - 1)

addresses = st.builds(customer.Address, city=st.text(), company=st.text(), email=st.text())
customers = st.builds(
    customer.Customer, email=st.text(), first_name=st.text(), billing=addresses, shipping=addresses
)
products = st.builds(
    product.Product,
    kind=st.text(),
    name=st.text(),
    sku=st.none() | st.text(),
    featured=st.booleans(),
    regular_price=_maybe_amounts,
    weight=_maybe_amounts,
    sale_from=moments,
    manage_stock=st.sampled_from(["yes", "no", "parent"]),
    low_stock_amount=st.none() | _counts,
    categories=st.lists(st.builds(product.Term, st.text(), st.text()), max_size=3).map(tuple),
    images=st.lists(st.builds(product.Image, st.text(), st.text()), max_size=2).map(tuple),
    attributes=st.lists(
        st.builds(product.Attribute, st.text(), st.lists(st.text(), max_size=2).map(tuple)),
        max_size=2,
    ).map(tuple),
    parent=_maybe_ids,
)
_lines = st.builds(
    order.Line, id=_ids, product=_maybe_ids, name=st.text(), quantity=amounts, total=amounts
)
_fees = st.builds(order.FeeLine, id=_ids, name=st.text(), total=amounts)
_refund_heads = st.builds(order.RefundHead, id=_ids, reason=st.text(), total=amounts)
orders = st.builds(
    order.Order,
    number=st.text(),
    created=moments,
    total=amounts,
    customer=_maybe_ids,
    billing=addresses,
    lines=st.lists(_lines, max_size=2).map(tuple),
    fee_lines=st.lists(_fees, max_size=1).map(tuple),
    refunds=st.lists(_refund_heads, max_size=1).map(tuple),
)
refunds = st.builds(order.Refund, order=_ids, amount=amounts, reason=st.text(), created=moments)
records = customers | products | orders | refunds

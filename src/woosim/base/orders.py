"""The base orders as WooCommerce shows them, written from their facts."""
# ruff: noqa: PLR2004  # residues of the index are the data itself

from woosim import chance, dates, options
from woosim.base import customers, order_facts, order_schema, timeline, words
from woosim.base.order_facts import ITEM_ROOM
from woosim.base.products import DAY, price_text

_PAYMENTS = (
    ("bacs", "Direct bank transfer"),
    ("cod", "Cash on delivery"),
    ("stripe", "Credit card"),
)
_NO_TAX = "[]"


class Orders:
    """Base orders on demand, by index; ids rise with the time of the order."""

    kind = "order"
    slots = order_schema.SLOTS

    def __init__(
        self, chosen: options.Options, zone: dates.Zone, facts: order_facts.OrderFacts
    ) -> None:
        self.facts = facts
        self._ids = facts.ids
        self._zone = zone
        self._currency = chosen.currency
        self.size = chosen.orders
        epoch = int(chosen.epoch.timestamp())
        middle = epoch - 30 * DAY
        self.created = timeline.Even(self.size, start=middle - 600 * DAY, end=middle - DAY)
        self.modified = timeline.Timeline(self.size, facts.seed, start=middle, end=epoch)

    def id_of(self, index: int) -> int:
        """Return the order's id."""
        return self._ids.order_id(index)

    def index_of(self, record_id: int) -> int | None:
        """Return the index of an id, or None."""
        return self._ids.order_index(record_id)

    def draw(self, index: int) -> tuple[str, ...]:
        """Return the values of `order_schema.SLOTS`."""
        known = self.facts.of(index)
        order_id = self.id_of(index)
        made = self.created.at(index)
        paid, done = made + 300 if known.paid else None, made + DAY - 600
        completed = done if known.status in {"completed", "refunded"} else None
        currency = "EUR" if index % 45 == 44 else self._currency
        method, title = _PAYMENTS[index % 3]
        total = known.total
        needs_payment = known.status in {"pending", "failed"} and total > 0
        bits = chance.mix(self.facts.seed + 1, index)
        first_item = index * ITEM_ROOM + 1
        return (
            *(str(order_id), known.status, currency, *self._dates(made, paid, completed, index)),
            *(price_text(known.discount), price_text(known.discount_tax)),
            *(price_text(known.shipping), price_text(known.shipping_tax)),
            *(price_text(known.cart_tax), price_text(total)),
            price_text(known.cart_tax + known.shipping_tax),
            *(str(known.customer + 1 if known.customer else 0), f"{bits:016x}"[:13]),
            *(*self._person(known, bits), method, title),
            f"ch_{bits:016x}" if method == "stripe" and paid else "",
            "checkout" if bits & 1 else "rest-api",
            "Bitte klingeln \\u2013 danke &amp; bye" if index % 14 == 9 else "",
            f'[{{"id":{index + 1},"key":"external_ref","value":"ERP-{index}"}}]'
            if index % 16 == 1
            else "[]",
            *(_lines(known, first_item), _taxes(known, first_item), _shipping(known, first_item)),
            *(_fees(known, first_item), _coupons(known, first_item), self._refunds(known)),
            "true" if known.status in {"pending", "on-hold"} else "false",
            *("true" if needs_payment else "false", "\\u20ac" if currency == "EUR" else "$"),
        )

    def _dates(self, made: int, paid: int | None, completed: int | None, index: int) -> list[str]:
        texts = [*self._zone.pair(made), *self._zone.pair(self.modified.at(index))]
        for moment in (paid, completed):
            if moment is None:
                texts += ("null", "null")
            else:
                local, utc = self._zone.pair(moment)
                texts += (f'"{local}"', f'"{utc}"')
        return texts

    def _person(self, known: order_facts.Facts, bits: int) -> tuple[str, ...]:
        """Return the billing person: the customer as known to the shop, or a guest."""
        buyers: customers.Customers = self.facts.buyers
        if known.customer:
            first, last = buyers.name_json(known.customer)
            return (first, last, *buyers.address(known.customer), buyers.email(known.customer))
        first, last = words.FIRST_JSON[bits & 15], words.LAST_JSON[bits >> 4 & 15]
        city, state, postcode, country = words.PLACES_JSON[1 + (bits >> 8) % 7]
        person = (first, last, f"{bits % 900} Main St", city, postcode, country, state)
        return (*person, f"555-{known.index}", f"guest{known.index % 997}@guest.test")

    def _refunds(self, known: order_facts.Facts) -> str:
        count = self._ids.refunds.count(known.index)
        first = self.id_of(known.index) + 1
        texts = [
            f'{{"id":{first + child},"reason":"{reason(known)}",'
            f'"total":"-{price_text(known.refund(child)[0])}","total_tax":"0.00"}}'
            for child in range(count)
        ]
        return f"[{','.join(texts)}]"


def reason(known: order_facts.Facts) -> str:
    """Return a refund's reason as the inside of a JSON string."""
    return "Full refund" if known.status == "refunded" else "Damaged \\u2013 d\\u00e9faut"


def money(cents: int) -> str:
    """Write cents, also negative ones."""
    if cents < 0:
        return f"-{-cents // 100}.{-cents % 100:02}"
    return f"{cents // 100}.{cents % 100:02}"


def number(cents: int, quantity: int) -> str:
    """Write a unit price as the JSON number PHP makes of total / quantity."""
    value = cents / 100 / quantity
    return str(int(value)) if value == int(value) else repr(value)


def _tax_of(taxed: bool, tax: int, subtotal: str) -> str:  # noqa: FBT001  # a value, not a switch
    return f'[{{"id":1,"total":"{money(tax)}","subtotal":"{subtotal}"}}]' if taxed else _NO_TAX


def item_meta(meta_id: int, key: str, value: str, shown_key: str, shown: str) -> str:
    """Write one meta entry of a line."""
    return (
        f'{{"id":{meta_id},"key":"{key}","value":"{value}",'
        f'"display_key":"{shown_key}","display_value":"{shown}"}}'
    )


def _lines(known: order_facts.Facts, first_item: int) -> str:
    return f"[{','.join(_line(known, line, first_item + n) for n, line in enumerate(known.lines))}]"


def _line(known: order_facts.Facts, line: order_facts.Line, item_id: int) -> str:
    meta = _variant_meta(line, item_id * 3) if line.child >= 0 else []
    if line.reduced:
        count = str(line.quantity)
        meta.append(item_meta(item_id * 3 + 2, "_reduced_stock", count, "_reduced_stock", count))
    total = money(line.total)
    subtotal = money(line.subtotal) if line.subtotal != line.total else total
    subtotal_tax, tax, taxes = "0.00", "0.00", "[]"
    if known.taxed:
        subtotal_tax, tax = money(line.subtotal_tax), money(line.tax)
        taxes = f'[{{"id":1,"total":"{tax}","subtotal":"{subtotal_tax}"}}]'
    return (
        f'{{"id":{item_id},"name":"{line.name}","product_id":{line.product_id},'
        f'"variation_id":{line.variation_id},"quantity":{line.quantity},"tax_class":"",'
        f'"subtotal":"{subtotal}","subtotal_tax":"{subtotal_tax}","total":"{total}",'
        f'"total_tax":"{tax}","taxes":{taxes},"meta_data":[{",".join(meta)}],'
        f"{goods_part(line, number(line.total, line.quantity))}"
    )


def goods_part(line: order_facts.Line, price: str) -> str:
    """Write the end of a line: what it says of the product as that is today."""
    if not line.product_id:
        sku = '"sku":null,"global_unique_id":null'
    else:
        sku = f'"sku":"{line.sku}","global_unique_id":"{line.guid}"'
    if line.child >= 0:
        rest = f'"image":{{"id":0,"src":""}},"parent_name":"{line.parent_name}"}}'
    else:
        image = '""' if line.product_id else "0"
        rest = f'"image":{{"id":{image},"src":""}},"parent_name":null}}'
    return f'{sku},"price":{price},{rest}'


def _variant_meta(line: order_facts.Line, first_id: int) -> list[str]:
    colour, size = line.child // len(words.SIZES), line.child % len(words.SIZES)
    shown = (words.CHOICES_JSON[0][colour], words.CHOICES_JSON[1][size])
    return [
        item_meta(first_id, "pa_colour", words.COLOUR_SLUGS[colour], "Colour", shown[0]),
        item_meta(first_id + 1, "grose", shown[1], "Gr\\u00f6\\u00dfe", shown[1]),
    ]


def _taxes(known: order_facts.Facts, first_item: int) -> str:
    if not known.taxed:
        return "[]"
    return (
        f'[{{"id":{first_item + 4},"rate_code":"US-NY-NY TAX-1","rate_id":1,"label":"NY Tax",'
        f'"compound":false,"tax_total":"{money(known.cart_tax)}",'
        f'"shipping_tax_total":"{money(known.shipping_tax)}","rate_percent":8.875,"meta_data":[]}}]'
    )


def _shipping(known: order_facts.Facts, first_item: int) -> str:
    return (
        f'[{{"id":{first_item + 5},"method_title":"Flat rate","method_id":"flat_rate",'
        f'"instance_id":"","total":"{money(known.shipping)}",'
        f'"total_tax":"{money(known.shipping_tax)}",'
        f'"taxes":{_tax_of(known.taxed, known.shipping_tax, "")},'
        '"tax_status":"taxable","meta_data":[]}]'
    )


def _fees(known: order_facts.Facts, first_item: int) -> str:
    texts = []
    for place, (name, cents) in enumerate(known.fees):
        tax = order_facts.tax_on(cents) if known.taxed else 0
        texts.append(
            f'{{"id":{first_item + 6 + place},"name":"{name}","tax_class":"",'
            f'"tax_status":"taxable","amount":"","total":"{money(cents)}","total_tax":"{money(tax)}",'
            f'"taxes":{_tax_of(known.taxed, tax, "")},"meta_data":[]}}'
        )
    return f"[{','.join(texts)}]"


def _coupons(known: order_facts.Facts, first_item: int) -> str:
    if not known.coupon:
        return "[]"
    info = '[8,\\"tenoff\\",\\"percent\\",10]'
    tax = known.discount_tax
    return (
        f'[{{"id":{first_item + 8},"code":"tenoff","discount":"{money(known.discount)}",'
        f'"discount_tax":"{money(tax) if tax else 0}",'
        f'"meta_data":[{item_meta(first_item, "coupon_info", info, "coupon_info", info)}],'
        '"discount_type":"percent","nominal_amount":10,"free_shipping":false}]'
    )

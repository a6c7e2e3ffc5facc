"""What a WooCommerce store makes of what is sent to it: the normalisations seen on a real one.

Names: ends trimmed, backslashes dropped, tags that are not allowed dropped, a bare "&" becomes
"&amp;", a lone ">" "&gt;". Prices stay the strings they are; a sale price that is not lower is
dropped; stock settings are forgotten where stock is not counted; "" unsets a date.
"""

import html.entities
import re
from typing import Any

Record = dict[str, Any]

_TAG = re.compile(r"<[^<>]*>")
_ALLOWED = re.compile(r"</?(?:b|em|i|span|strong|sub|sup|br)(?:\s[^<>]*)?/?>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d+;|#[xX][0-9a-fA-F]+;|([A-Za-z][A-Za-z0-9]*;))?")


def stored_name(sent: str) -> str:
    """Return how a name is stored."""
    text = sent.replace("\\", "")
    kept = _TAG.sub(lambda tag: tag[0] if _ALLOWED.fullmatch(tag[0]) else "", text)
    pieces = re.split(f"({_ALLOWED.pattern})", kept, flags=re.IGNORECASE)
    for place in range(0, len(pieces), 2):
        pieces[place] = pieces[place].replace("<", "").replace(">", "&gt;")
    return _ENTITY.sub(_known_entity, "".join(pieces)).strip(" \t\n\r\0\x0b")


def _known_entity(found: re.Match[str]) -> str:
    known = found[0] != "&" and (found[1] is None or found[1] in html.entities.html5)
    return found[0] if known else "&amp;" + found[0][1:]


def product_answer(held: Record, sent: Record) -> Record:
    """Return what the store shows of a product or variation that held `held` after `sent`."""
    answer = held | sent
    if "name" in sent:
        answer["name"] = stored_name(sent["name"])
    for date in ("date_on_sale_from_gmt", "date_on_sale_to_gmt"):
        answer[date] = sent[date] or None
    if answer.get("sale_price") and float(answer["sale_price"]) >= float(answer["regular_price"]):
        answer["sale_price"] = ""
    for terms in ("categories", "tags"):
        answer[terms] = _by_id(held.get(terms, []), sent.get(terms, []))
    answer["images"] = _by_id(held.get("images", []), sent.get("images", []))
    if "image" in sent:
        answer["image"] = held["image"] | sent["image"]
    answer["attributes"] = [
        _named(held["attributes"], attribute) for attribute in sent["attributes"]
    ]
    return _managed(held, answer)


def _managed(held: Record, answer: Record) -> Record:
    if answer["manage_stock"]:
        return answer
    inherited = {"manage_stock": "parent"} if held["manage_stock"] == "parent" else {}
    return answer | {"backorders": "no", "low_stock_amount": None} | inherited


def _by_id(known: list[Record], sent: list[Record]) -> list[Record]:
    names = {record["id"]: record for record in known}
    return [names[record["id"]] | record for record in sent]


def _named(known: list[Record], attribute: Record) -> Record:
    names = {record["id"]: record["name"] for record in known if record["id"]}
    return {"id": 0, "name": names.get(attribute.get("id", 0), "")} | attribute


def person_answer(held: Record, sent: Record) -> Record:
    """Return what the store shows of a customer or order: addresses are merged key by key."""
    answer = held | sent
    for name in ("first_name", "last_name"):
        if name in sent:
            answer[name] = stored_name(sent[name])
    for address in ("billing", "shipping"):
        answer[address] = held[address] | sent[address]
    return answer


def refund_answer(order_id: int, sent: Record) -> Record:
    """Return the refund that a store makes: negative lines that name the lines they refund."""
    lines = [
        {
            "id": 900 + place,
            "quantity": -line["quantity"],
            "total": "-" + line["refund_total"],
            "meta_data": [{"id": 1, "key": "_refunded_item_id", "value": str(line["id"])}],
        }
        for place, line in enumerate(sent["line_items"])
    ]
    return {
        "id": 800,
        "parent_id": order_id,
        "amount": sent["amount"],
        "reason": sent["reason"],
        "refunded_payment": sent["api_refund"],
        "line_items": lines,
    }

"""One record of each noun as WooCommerce 11.0 sends it, with changes: `product(sku="X")`."""

from typing import Any

import msgspec

ADDRESS = {
    "first_name": "Łukasz",
    "last_name": "D\u2019Angelo",
    "company": "Söhne & Co <x>",
    "address_1": "866 Straße",
    "address_2": "",
    "city": " Köln ",
    "postcode": "abc",
    "country": "Germany",
    "state": "XX",
    "phone": "+49 (0) 1",
}

PRODUCT: dict[str, Any] = {
    "id": 74,
    "name": "Blue &amp; Œuvre 40",
    "slug": "blue-oeuvre-40",
    "permalink": "https://shop.test/product/blue-oeuvre-40/",
    "date_created": "2024-12-17T08:13:23",
    "date_created_gmt": "2024-12-17T13:13:23",
    "date_modified": "2026-09-29T17:16:10",
    "date_modified_gmt": "2026-09-29T21:16:10",
    "type": "simple",
    "status": "publish",
    "featured": False,
    "catalog_visibility": "visible",
    "description": "<p>Description — “quoted” & entities</p>\n",
    "short_description": "<p>Short 40</p>\n",
    "sku": "SKU-00040",
    "price": "47.10",
    "regular_price": "58.88",
    "sale_price": "47.10",
    "date_on_sale_from": "2026-11-12T20:42:10",
    "date_on_sale_from_gmt": "2026-11-13T01:42:10",
    "date_on_sale_to": None,
    "date_on_sale_to_gmt": None,
    "on_sale": True,
    "total_sales": 3,
    "virtual": False,
    "downloadable": False,
    "downloads": [],
    "external_url": "",
    "button_text": "",
    "tax_status": "taxable",
    "tax_class": "",
    "manage_stock": True,
    "stock_quantity": 150,
    "backorders": "yes",
    "low_stock_amount": None,
    "sold_individually": False,
    "weight": "9.37",
    "dimensions": {"length": "10", "width": "5.5", "height": "2"},
    "shipping_class": "",
    "upsell_ids": [],
    "cross_sell_ids": [],
    "parent_id": 0,
    "purchase_note": "",
    "categories": [{"id": 30, "name": "Hard &amp; Soft", "slug": "hard-soft"}],
    "brands": [],
    "tags": [],
    "images": [
        {"id": 9, "src": "https://shop.test/a.jpg", "name": "a", "alt": "A &amp; B"},
    ],
    "attributes": [],
    "default_attributes": [],
    "variations": [],
    "grouped_products": [],
    "menu_order": 0,
    "related_ids": [234, 84],
    "meta_data": [{"id": 1, "key": "erp", "value": {"nested": [1, "2"]}}],
    "stock_status": "instock",
    "global_unique_id": "4000000000040",
    "_links": {"self": [{"href": "https://shop.test/wp-json/wc/v3/products/74"}]},
}

VARIATION: dict[str, Any] = {
    "id": 1041,
    "type": "variation",
    "date_modified_gmt": "2026-11-23T01:43:01",
    "description": "",
    "sku": "VAR-001-6",
    "global_unique_id": "",
    "price": "47.31",
    "regular_price": "47.31",
    "sale_price": "",
    "status": "publish",
    "virtual": False,
    "downloadable": False,
    "tax_status": "taxable",
    "tax_class": "parent",
    "manage_stock": True,
    "stock_quantity": 38,
    "stock_status": "instock",
    "backorders": "no",
    "low_stock_amount": None,
    "weight": "",
    "dimensions": {"length": "", "width": "", "height": ""},
    "shipping_class": "",
    "image": None,
    "attributes": [
        {"id": 3, "name": "Colour", "slug": "pa_colour", "option": "Grün"},
        {"id": 0, "name": "Größe", "slug": "grose", "option": "groß"},
    ],
    "menu_order": 0,
    "meta_data": [],
    "name": "Grün, groß",
    "parent_id": 1035,
}

CUSTOMER: dict[str, Any] = {
    "id": 6,
    "date_created_gmt": "2026-10-10T17:20:43",
    "date_modified_gmt": None,
    "email": "customer0005@example.test",
    "first_name": "A &amp; B",
    "last_name": "O'Neil \\ x",
    "role": "customer",
    "username": "cust0005",
    "billing": ADDRESS | {"email": "Billing@Example.test"},
    "shipping": ADDRESS,
    "is_paying_customer": True,
    "meta_data": [{"id": 2, "key": "wc_last_active", "value": "1795398465"}],
}

LINE: dict[str, Any] = {
    "id": 5718,
    "name": "Crème Hammer &amp; Co - Red",
    "product_id": 1035,
    "variation_id": 1036,
    "quantity": 4,
    "tax_class": "",
    "subtotal": "333.88",
    "subtotal_tax": "0.00",
    "total": "300.50",
    "total_tax": "26.67",
    "taxes": [{"id": 1, "total": "26.67", "subtotal": "29.63"}],
    "meta_data": [
        {"id": 45140, "key": "pa_colour", "value": "red", "display_key": "Colour"},
        {"id": 45141, "key": "_reduced_stock", "value": "4"},
    ],
    "sku": "VAR-001-1",
    "price": 75.125,
    "image": {"id": "", "src": ""},
    "parent_name": "Crème Hammer",
}

ORDER: dict[str, Any] = {
    "id": 2664,
    "parent_id": 0,
    "status": "completed",
    "currency": "USD",
    "version": "11.0.1",
    "prices_include_tax": False,
    "discount_total": "252.43",
    "discount_tax": "0.00",
    "shipping_total": "5.00",
    "shipping_tax": "0.00",
    "cart_tax": "26.67",
    "total": "2273.38",
    "total_tax": "26.67",
    "customer_id": 0,
    "billing": ADDRESS | {"email": " Guest1260@Guest.test "},
    "shipping": ADDRESS,
    "payment_method": "cod",
    "payment_method_title": "Cash on delivery",
    "transaction_id": "",
    "created_via": "rest-api",
    "customer_note": "Ring twice",
    "number": "2664",
    "meta_data": [],
    "line_items": [LINE],
    "tax_lines": [
        {
            "id": 6825,
            "rate_code": "US-NY-NY TAX-1",
            "rate_id": 1,
            "label": "NY Tax",
            "compound": False,
            "tax_total": "26.67",
            "shipping_tax_total": "0.00",
            "rate_percent": 8.875,
        }
    ],
    "shipping_lines": [
        {
            "id": 5722,
            "method_title": "Flat rate",
            "method_id": "flat_rate",
            "instance_id": "",
            "total": "5.00",
            "total_tax": "0.00",
        }
    ],
    "fee_lines": [{"id": 5724, "name": "Discount fee", "total": "-1.00", "total_tax": "0.00"}],
    "coupon_lines": [
        {"id": 5725, "code": "tenoff", "discount": "252.43", "discount_tax": "0"},
    ],
    "refunds": [{"id": 2665, "reason": "Damaged", "total": "-357.79", "total_tax": "0.00"}],
    "date_created_gmt": "2026-11-22T12:58:10",
    "date_modified_gmt": "2026-11-23T01:48:17",
    "date_completed_gmt": "2026-11-23T01:48:17",
    "date_paid_gmt": None,
}

REFUND: dict[str, Any] = {
    "id": 2665,
    "parent_id": 2664,
    "date_created_gmt": "2026-11-23T01:48:17",
    "amount": "357.79",
    "reason": "Damaged \u2013 défaut",
    "refunded_by": 1,
    "refunded_payment": False,
    "meta_data": [],
    "line_items": [
        {
            "id": 5726,
            "name": "Premium Mug 326",
            "product_id": 360,
            "variation_id": 0,
            "quantity": -1,
            "subtotal": "-357.79",
            "total": "-357.79",
            "total_tax": "0.00",
            "meta_data": [{"id": 1, "key": "_refunded_item_id", "value": "5717"}],
            "sku": "SKU-00326",
            "price": 357.79,
        }
    ],
}


def product(**changes: Any) -> bytes:
    return msgspec.json.encode(PRODUCT | changes)


def variation(**changes: Any) -> bytes:
    return msgspec.json.encode(VARIATION | changes)


def customer(**changes: Any) -> bytes:
    return msgspec.json.encode(CUSTOMER | changes)


def order(**changes: Any) -> bytes:
    return msgspec.json.encode(ORDER | changes)


def order_with_line(**changes: Any) -> bytes:
    return order(line_items=[LINE | changes])


def refund(**changes: Any) -> bytes:
    return msgspec.json.encode(REFUND | changes)

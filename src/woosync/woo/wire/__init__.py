"""WooCommerce's JSON as typed structs, one file per noun: what stores send, not what it means.

Each noun has `FIELDS` (the value of the `_fields` parameter to ask for) and `decode` (one record).
Fields stand in the order in which WooCommerce sends them, which is what msgspec decodes fastest.
"""

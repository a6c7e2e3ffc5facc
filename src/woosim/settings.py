"""The settings of a simulated store, as far as a sync reads them."""

from dataclasses import dataclass
from typing import Any

from woosim import options

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting; `choices` are the options of a select."""

    group: str
    name: str
    label: str
    kind: str
    default: Any
    choices: tuple[tuple[str, str], ...] = ()
    tip: bool = True

    def shown(self, values: Values, *, single: bool) -> dict[str, Any]:
        """Return the setting as the API shows it, without links."""
        record: dict[str, Any] = {
            "id": self.name,
            "label": self.label,
            "description": self.label + ".",
            "type": self.kind,
            "default": self.default,
        }
        if self.choices:
            record["options"] = dict(self.choices)
        if self.tip:
            record["tip"] = self.label + "."
        record["value"] = values.get(self.name, self.default)
        return record | ({"group_id": self.group} if single else {})


_YES_NO = "checkbox"
_COUNTRIES = (
    ("US:NY", "United States (US) - New York"),
    ("US:CA", "United States (US) - California"),
    ("DE:DE-NW", "Germany - North Rhine-Westphalia"),
    ("FR", "France"),
    ("EG:EGC", "Egypt - Cairo"),
)
_SELLING = (("all", "Sell to all countries"), ("specific", "Sell to specific countries"))
_CURRENCIES = (
    ("USD", "United States (US) dollar (&#36;) — USD"),
    ("EUR", "Euro (&euro;) — EUR"),
    ("GBP", "Pound sterling (&pound;) — GBP"),
    ("EGP", "Egyptian pound (EGP) — EGP"),
)
_COUNTRY_LIST = (("US", "United States (US)"), ("DE", "Germany"), ("FR", "France"))
ALL = (
    Setting("general", "woocommerce_store_address", "Address line 1", "text", ""),
    Setting("general", "woocommerce_store_address_2", "Address line 2", "text", ""),
    Setting("general", "woocommerce_store_city", "City", "text", ""),
    Setting(
        *("general", "woocommerce_default_country", "Country / State", "select", "US:CA"),
        _COUNTRIES,
    ),
    Setting("general", "woocommerce_store_postcode", "Postcode / ZIP", "text", ""),
    Setting(
        *("general", "woocommerce_allowed_countries", "Selling location(s)", "select", "all"),
        _SELLING,
    ),
    Setting(
        *("general", "woocommerce_all_except_countries", "Sell to all countries, except for"),
        *("multiselect", "", _COUNTRY_LIST),
        tip=False,
    ),
    Setting(
        *("general", "woocommerce_specific_allowed_countries", "Sell to specific countries"),
        *("multiselect", "", _COUNTRY_LIST),
        tip=False,
    ),
    Setting("general", "woocommerce_calc_taxes", "Enable taxes", _YES_NO, "no", tip=False),
    Setting("general", "woocommerce_enable_coupons", "Enable coupons", _YES_NO, "yes", tip=False),
    Setting("general", "woocommerce_currency", "Currency", "select", "USD", _CURRENCIES),
    Setting("general", "woocommerce_currency_pos", "Currency position", "select", "left"),
    Setting("general", "woocommerce_price_thousand_sep", "Thousand separator", "text", ","),
    Setting("general", "woocommerce_price_decimal_sep", "Decimal separator", "text", "."),
    Setting("general", "woocommerce_price_num_decimals", "Number of decimals", "number", "2"),
    Setting("products", "woocommerce_weight_unit", "Weight unit", "select", "kg"),
    Setting("products", "woocommerce_dimension_unit", "Dimensions unit", "select", "cm"),
    Setting("products", "woocommerce_manage_stock", "Manage stock", _YES_NO, "yes", tip=False),
    Setting("products", "woocommerce_hold_stock_minutes", "Hold stock (minutes)", "number", "60"),
    Setting("products", "woocommerce_notify_low_stock_amount", "Low threshold", "number", "2"),
    Setting("products", "woocommerce_notify_no_stock_amount", "Out of stock at", "number", "0"),
    Setting("products", "woocommerce_hide_out_of_stock_items", "Hide sold out", _YES_NO, "no"),
    Setting("products", "woocommerce_stock_format", "Stock display format", "select", ""),
)


def initial(chosen: options.Options) -> Values:
    """Return the values that a new store has beside the defaults."""
    return {
        "woocommerce_store_address": "100 Main St",
        "woocommerce_store_city": "Springfield",
        "woocommerce_default_country": "US:NY",
        "woocommerce_calc_taxes": "yes",
        "woocommerce_currency": chosen.currency,
    }

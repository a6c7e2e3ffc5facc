"""The routes about the store itself: indexes, system status, settings."""

from datetime import timedelta
from typing import Any

from woosim import errors, rendering, rest, settings

routes = rest.Routes()
_ALLOW = ["GET", "POST", "PUT", "PATCH"]
_NOUNS = (
    *("customers", "customers/(?P<id>[\\d]+)", "customers/batch"),
    *("orders", "orders/(?P<id>[\\d]+)", "orders/batch", "orders/(?P<order_id>[\\d]+)/refunds"),
    *("products", "products/(?P<id>[\\d]+)", "products/batch"),
    *("products/(?P<product_id>[\\d]+)/variations", "settings/(?P<group_id>[\\w-]+)"),
    *("system_status", "webhooks", "webhooks/(?P<id>[\\d]+)", "webhooks/batch"),
)
_STORES = "Automattic\\WooCommerce\\Internal\\DataStores\\Orders\\OrdersTableDataStore"


@routes.on("GET", "/", permission=None)
async def show_index(call: rest.Call) -> rest.Answer:
    """Show what the site is and which namespaces it has."""
    home, zone = call.shop.home, call.shop.zone
    offset = call.shop.now().astimezone(zone.info).utcoffset() or timedelta()
    hours = offset.total_seconds() / 3600
    index = {
        "name": "Woosim",
        "description": "",
        "url": home,
        "home": home,
        "gmt_offset": int(hours) if hours == int(hours) else hours,
        "timezone_string": zone.name,
        "page_for_posts": 0,
        "page_on_front": 0,
        "show_on_front": "posts",
        "namespaces": ["oembed/1.0", "wc/v3", "wp/v2"],
        "authentication": [],
        "routes": _routes(call, ("/", "/wc/v3")),
        "_links": {"help": [{"href": "https://developer.wordpress.org/rest-api/"}]},
    }
    return rest.answer(rendering.pick(index, call.wanted))


@routes.on("GET", "/wc/v3", permission=None)
async def show_namespace(call: rest.Call) -> rest.Answer:
    """Show the routes of the namespace."""
    nouns = list(_NOUNS)
    if call.shop.options.at_least(9, 0):
        nouns.append("refunds")
    if call.shop.options.at_least(10, 3):
        nouns.append("variations")
    index = {
        "namespace": "wc/v3",
        "routes": _routes(call, ("/wc/v3", *(f"/wc/v3/{noun}" for noun in sorted(nouns)))),
        "_links": {"up": [{"href": f"{call.shop.home}/wp-json/"}]},
    }
    return rest.answer(rendering.pick(index, call.wanted))


def _routes(call: rest.Call, names: tuple[str, ...]) -> dict[str, Any]:
    found = {}
    for name in names:
        methods = ["POST", "PUT", "PATCH"] if name.endswith("batch") else ["GET"]
        found[name] = {
            "namespace": "wc/v3" if name.startswith("/wc") else "",
            "methods": methods,
            "endpoints": [{"methods": methods, "args": {}}],
            "_links": {"self": [{"href": f"{call.shop.home}/wp-json{name}"}]},
        }
    return found


@routes.on("GET", "/wc/v3/system_status")
async def show_status(call: rest.Call) -> rest.Answer:
    """Show versions, storage mode and settings."""
    chosen = call.shop.options
    version = chosen.full_version
    plugin = {"plugin": "woocommerce/woocommerce.php", "name": "WooCommerce", "version": version}
    author = {"author_name": "Automattic", "author_url": "https://woocommerce.com"}
    status = {
        "environment": _environment(call),
        "database": {"wc_database_version": version, "database_prefix": "wp_"},
        "active_plugins": [
            {
                **plugin,
                "version_latest": version,
                "url": "https://woocommerce.com/",
                **author,
                "network_activated": False,
            }
        ],
        "settings": _status_settings(call),
    }
    return rest.answer(rendering.pick(status, call.wanted))


def _environment(call: rest.Call) -> dict[str, Any]:
    return {
        "home_url": call.shop.home,
        "site_url": call.shop.home,
        "version": call.shop.options.full_version,
        "wp_version": "7.1",
        "wp_multisite": False,
        "wp_memory_limit": 536870912,
        "wp_cron": False,
        "language": "en_US",
        "php_version": "8.2.36",
        "max_upload_size": 67108864,
        "mysql_version": "10.11.19",
        "mysql_version_string": "10.11.19-MariaDB-0+deb12u1",
        "default_timezone": "UTC",
    }


def _status_settings(call: rest.Call) -> dict[str, Any]:
    hpos = call.shop.options.hpos
    types = ("external", "grouped", "simple", "variable")
    terms = ("exclude-from-catalog", "exclude-from-search", "featured", "outofstock")
    rated = tuple(f"rated-{stars}" for stars in range(1, 6))
    return {
        "api_enabled": False,
        "force_ssl": False,
        "currency": call.shop.settings["woocommerce_currency"],
        "currency_symbol": "&#36;",
        "currency_position": "left",
        "thousand_separator": ",",
        "decimal_separator": ".",
        "number_of_decimals": 2,
        "geolocation_enabled": False,
        "taxonomies": {name: name for name in types},
        "product_visibility_terms": {name: name for name in (*terms, *rated)},
        "woocommerce_com_connected": "no",
        "enforce_approved_download_dirs": True,
        "order_datastore": _STORES if hpos else "WC_Order_Data_Store_CPT",
        "HPOS_enabled": hpos,
        "HPOS_sync_enabled": False,
        "enabled_features": ["analytics", *(["custom_order_tables"] if hpos else [])],
    }


def _links(call: rest.Call, setting: settings.Setting) -> dict[str, Any]:
    group = f"{call.shop.home}/wp-json/wc/v3/settings/{setting.group}"
    return {
        "self": [{"href": f"{group}/{setting.name}", "targetHints": {"allow": _ALLOW}}],
        "collection": [{"href": group}],
    }


@routes.on("GET", "/wc/v3/settings/{group}", permission="list")
async def list_settings(call: rest.Call) -> rest.Answer:
    """List the settings of a group."""
    found = [setting for setting in settings.ALL if setting.group == call.args["group"]]
    if not found:
        code = "rest_setting_setting_group_invalid"
        raise errors.RestError(404, code, "Invalid setting group.")
    shown = [
        rendering.pick(
            {**s.shown(call.shop.settings, single=False), "_links": _links(call, s)}, call.wanted
        )
        for s in found
    ]
    return rest.answer(shown)


@routes.on("GET", "/wc/v3/settings/{group}/{name}")
async def view_setting(call: rest.Call) -> rest.Answer:
    """Show one setting."""
    for setting in settings.ALL:
        if (setting.group, setting.name) == (call.args["group"], call.args["name"]):
            shown = setting.shown(call.shop.settings, single=True)
            return rest.answer({**shown, "_links": _links(call, setting)})
    raise errors.RestError(404, "rest_setting_setting_invalid", "Invalid setting.")

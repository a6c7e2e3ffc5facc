"""Routes of the REST API: patterns, methods, parameter schemas, and what handlers take and give.

A module of routes makes a `Routes`, registers async handlers with `on`, and is listed in
`woosim.routes.ALL`.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from woosim import errors, params, php_json, rendering, shop, views

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(slots=True)
class Call:
    """One request that reached a handler.

    `query` is what stood in the address, `body` what came in JSON or as a form, `params` what the
    route's schema made of both, with defaults; `args` are the numbers out of the path.
    """

    shop: shop.Shop
    views: views.Views
    method: str
    path: str
    args: dict[str, str]
    query: dict[str, Any]
    body: dict[str, Any]
    params: dict[str, Any] = field(default_factory=dict)

    @property
    def wanted(self) -> rendering.Wanted | None:
        """The tree of `_fields`, or None for everything."""
        text = self.query.get("_fields", self.body.get("_fields"))
        return rendering.parse_fields(",".join(text) if isinstance(text, list) else text)

    def number(self, name: str) -> int:
        """Return a number out of the path."""
        return int(self.args[name])


@dataclass(slots=True)
class Answer:
    """One answer; `text` is the JSON body, `rows` how many records a list holds."""

    text: str
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    rows: int = 0


def answer(value: Any, status: int = 200) -> Answer:
    """Return an answer from a JSON value."""
    return Answer(php_json.dumps(value), status)


Handler = Callable[[Call], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of a route. `refusal` is the permission error's (code, message) for strangers."""

    handler: Handler
    schema: params.Schema
    refusal: tuple[str, str] | None


REFUSALS = {
    "list": ("woocommerce_rest_cannot_view", "Sorry, you cannot list resources."),
    "view": ("woocommerce_rest_cannot_view", "Sorry, you cannot view this resource."),
    "create": (
        "woocommerce_rest_cannot_create",
        "Sorry, you are not allowed to create resources.",
    ),
    "edit": (
        "woocommerce_rest_cannot_edit",
        "Sorry, you are not allowed to edit this resource.",
    ),
    "delete": (
        "woocommerce_rest_cannot_delete",
        "Sorry, you are not allowed to delete this resource.",
    ),
    "batch": (
        "woocommerce_rest_cannot_batch",
        "Sorry, you are not allowed to batch manipulate this resource.",
    ),
}


@dataclass(slots=True)
class Route:
    """One address pattern with its endpoints by method."""

    pattern: str
    regex: re.Pattern[str]
    endpoints: dict[str, Endpoint]
    since: tuple[int, int]

    @property
    def allow(self) -> str:
        """The Allow header."""
        return ", ".join(method for method in METHODS if method in self.endpoints)


class Routes:
    """A set of routes."""

    def __init__(self) -> None:
        self.by_pattern: dict[str, Route] = {}

    def on(
        self,
        methods: str,
        pattern: str,
        *,
        schema: params.Schema | None = None,
        permission: str | None = "view",
        since: tuple[int, int] = (0, 0),
    ) -> Callable[[Handler], Handler]:
        """Register a handler.

        Args:
            methods: one or more, blank separated.
            pattern: the address under /wp-json, for example "/wc/v3/products/{id}".
            schema: parameters to check before the handler runs.
            permission: the key of REFUSALS for callers without a key; None is open to all.
            since: the first WooCommerce version that has the route.
        """

        def register(handler: Handler) -> Handler:
            refusal = REFUSALS[permission] if permission else None
            regex = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[\\w-]+)", pattern) + "/?$")
            if "id}" in pattern:
                regex = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>\\d+)", pattern) + "/?$")
            route = self.by_pattern.setdefault(pattern, Route(pattern, regex, {}, since))
            for method in methods.split():
                route.endpoints[method] = Endpoint(handler, schema or {}, refusal)
            return handler

        return register


class Router:
    """All routes of a store, found by path."""

    def __init__(self, sets: list[Routes], chosen: shop.Shop) -> None:
        merged: dict[str, Route] = {}
        for routes in sets:
            for pattern, route in routes.by_pattern.items():
                if not chosen.options.at_least(*route.since):
                    continue
                known = merged.setdefault(pattern, Route(pattern, route.regex, {}, route.since))
                known.endpoints.update(route.endpoints)
        self.routes = list(merged.values())

    def find(self, path: str) -> tuple[Route, Mapping[str, str]] | None:
        """Return the route of a path below /wp-json, with what its placeholders hold."""
        for route in self.routes:
            match = route.regex.match(path)
            if match:
                return route, match.groupdict()
        return None

    def match(self, method: str, path: str) -> tuple[Route, Endpoint, Mapping[str, str]]:
        """Return what answers a request.

        Raises:
            RestError: 404 rest_no_route.
        """
        found = self.find(path)
        endpoint = found[0].endpoints.get("GET" if method == "HEAD" else method) if found else None
        if found is None or endpoint is None:
            raise errors.no_route()
        return found[0], endpoint, found[1]

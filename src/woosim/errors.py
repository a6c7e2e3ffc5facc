"""The error answers of the simulated store, in WordPress' shape."""

from typing import Any


class RestError(Exception):
    """An error answer: {"code", "message", "data"}.

    `data` is what goes beside the status ("params", "resource_id", ...); `raw_data` replaces the
    whole data value, for the answers where WooCommerce sends a number there. `allow` is false when
    WordPress fails in the permission check and sends no Allow header.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        data: dict[str, Any] | None = None,
        raw_data: Any = None,
        allow: bool = True,
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.data = data or {}
        self.raw_data = raw_data
        self.allow = allow

    def body(self) -> dict[str, Any]:
        """Return the JSON body."""
        data = self.raw_data if self.raw_data is not None else {"status": self.status, **self.data}
        return {"code": self.code, "message": self.message, "data": data}


def invalid_params(problems: dict[str, tuple[str, str, Any]]) -> RestError:
    """Return the 400 for parameters that break their schema.

    Args:
        problems: parameter -> (code, message, data) in the order WordPress reports them.
    """
    return RestError(
        400,
        "rest_invalid_param",
        f"Invalid parameter(s): {', '.join(problems)}",
        data={
            "params": {name: message for name, (_, message, _) in problems.items()},
            "details": {
                name: {"code": code, "message": message, "data": data}
                for name, (code, message, data) in problems.items()
            },
        },
    )


def missing_params(names: list[str]) -> RestError:
    """Return the 400 for required parameters that were not sent."""
    return RestError(
        400,
        "rest_missing_callback_param",
        f"Missing parameter(s): {', '.join(names)}",
        data={"params": names},
    )


def no_route() -> RestError:
    """Return the 404 for an address or method that no route takes."""
    return RestError(
        404,
        "rest_no_route",
        "No route was found matching the URL and request method.",
        allow=False,
    )

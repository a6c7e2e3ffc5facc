"""Errors as RFC 9457 problem documents: a status, a sentence, a remedy, a correlation id.

`STATUSES` says which error of the project has which status; nothing of a traceback goes out.
"""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import fastapi
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from woosync import bootstrap, errors, settings
from woosync.flows.ingest import stock_settings
from woosync.flows.pull import prepare
from woosync.flows.push import refunding
from woosync.flows.push import rules as push_rules
from woosync.mapping import custom, patch
from woosync.postgres import deciding, runs, stores, users
from woosync.postgres import errors as database_errors
from woosync.postgres.nouns import errors as record_errors
from woosync.woo import errors as store_errors

MEDIA_TYPE = "application/problem+json"
WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")
#: The first class in an error's ancestry that stands here gives the status.
STATUSES: dict[type[errors.WoosyncError], HTTPStatus] = {
    stores.UnknownStoreError: HTTPStatus.NOT_FOUND,
    stores.StoreExistsError: HTTPStatus.CONFLICT,
    stores.ShopTakenError: HTTPStatus.CONFLICT,
    users.UnknownUserError: HTTPStatus.NOT_FOUND,
    prepare.BadPolicyError: HTTPStatus.UNPROCESSABLE_ENTITY,
    push_rules.BadRulesError: HTTPStatus.UNPROCESSABLE_ENTITY,
    custom.BadMappingError: HTTPStatus.UNPROCESSABLE_ENTITY,
    stock_settings.BadStockRulesError: HTTPStatus.UNPROCESSABLE_ENTITY,
    patch.NotAValueError: HTTPStatus.UNPROCESSABLE_ENTITY,
    deciding.UnknownConflictError: HTTPStatus.NOT_FOUND,
    refunding.UnknownOrderError: HTTPStatus.NOT_FOUND,
    settings.BadSettingsError: HTTPStatus.CONFLICT,
    bootstrap.StorePausedError: HTTPStatus.CONFLICT,
    runs.RunUnderWayError: HTTPStatus.CONFLICT,
    record_errors.NotThereError: HTTPStatus.NOT_FOUND,
    record_errors.StaleError: HTTPStatus.PRECONDITION_FAILED,
    record_errors.KeyUsedError: HTTPStatus.UNPROCESSABLE_ENTITY,
    record_errors.UnfitError: HTTPStatus.UNPROCESSABLE_ENTITY,
    store_errors.StoreNotAllowed: HTTPStatus.UNPROCESSABLE_ENTITY,
    store_errors.StoreAuthFailed: HTTPStatus.BAD_GATEWAY,
    store_errors.StoreRejected: HTTPStatus.BAD_GATEWAY,
    store_errors.NotAStore: HTTPStatus.BAD_GATEWAY,
    store_errors.StoreMoved: HTTPStatus.BAD_GATEWAY,
    database_errors.DatabaseTooSlowError: HTTPStatus.UNPROCESSABLE_ENTITY,
    database_errors.DatabaseTakenError: HTTPStatus.CONFLICT,
    database_errors.DatabaseRejectedError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.TemporaryError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.RecordError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.RefusedError: HTTPStatus.CONFLICT,
    errors.PermanentError: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.WoosyncError: HTTPStatus.INTERNAL_SERVER_ERROR,
}
#: What the driver says of these may quote rows or addresses; callers are told the kind alone.
UNQUOTED = (
    database_errors.DatabaseUnavailableError,
    database_errors.DatabaseFullError,
    database_errors.DatabaseBusyError,
    database_errors.DatabaseOutdatedError,
    database_errors.DatabaseRefusedError,
    database_errors.DatabaseRejectedError,
)
RETRY_AFTER = 5
#: What is called otherwise than its status; the phrases differ between versions of Python.
KINDS = {HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "body-too-large"}


class ProblemError(errors.RefusedError):
    """Something only the API knows of: no token, no such record, a precondition that failed.

    `extra` members are added to the document, `headers` to the answer.
    """

    def __init__(
        self,
        status: HTTPStatus,
        message: str,
        *,
        remedy: str = "",
        kind: str = "",
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.status = status
        self.kind = kind or status.phrase.lower().replace(" ", "-")
        self.headers = dict(headers or {})
        self.extra = dict(extra or {})


def not_found(what: str, name: object) -> ProblemError:
    """Say that there is no such record; the same words whether it never was or is hidden."""
    return ProblemError(HTTPStatus.NOT_FOUND, f"There is no {what} {name}.")


def status_of(error: errors.WoosyncError) -> HTTPStatus:
    """Return the status that fits an error."""
    if isinstance(error, ProblemError):
        return error.status
    return next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)


def correlation_id(request: fastapi.Request) -> str:
    """Return the number under which this request is logged."""
    return str(request.scope.get("woosync.correlation_id", ""))


def document(
    request: fastapi.Request, status: int, *, kind: str, detail: str, **more: Any
) -> dict[str, Any]:
    """Return a problem document."""
    return {
        "type": f"urn:woosync:problem:{kind}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": request.url.path,
        "correlationId": correlation_id(request),
    } | {name: value for name, value in more.items() if value not in ("", None)}


def answer(
    request: fastapi.Request,
    status: int,
    *,
    kind: str,
    detail: str,
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> JSONResponse:
    """Return a problem as an answer."""
    body = document(request, status, kind=kind, detail=detail, **more)
    return JSONResponse(body, status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def of_error(request: fastapi.Request, error: errors.WoosyncError) -> JSONResponse:
    """Answer with one of our errors."""
    status = status_of(error)
    if isinstance(error, ProblemError):
        return answer(
            request,
            status,
            kind=error.kind,
            detail=error.message,
            headers=error.headers,
            remedy=error.remedy,
            **error.extra,
        )
    headers = {}
    if isinstance(error, errors.TemporaryError):
        headers["Retry-After"] = str(round(error.retry_after or RETRY_AFTER) or 1)
    unquoted = isinstance(error, UNQUOTED)
    kind = WORD.sub("-", type(error).__name__.removesuffix("Error")).lower()
    detail = error.message.partition(":")[0].rstrip(".") + "." if unquoted else error.message
    remedy = "" if unquoted else error.remedy
    return answer(request, status, kind=kind, detail=detail, headers=headers, remedy=remedy)


def of_defect(request: fastapi.Request) -> JSONResponse:
    """Answer when something nobody foresaw happened; its traceback is in the log alone."""
    return answer(
        request,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        kind="defect",
        detail="This is a defect of woosync.",
        remedy="Report it with the correlation id; the log has the details under it.",
    )


def _of_validation(request: fastapi.Request, error: RequestValidationError) -> JSONResponse:
    """Answer with what is wrong where; values are not repeated, they may be secret."""
    found = [
        {"location": ".".join(map(str, one["loc"])), "message": str(one["msg"])}
        for one in error.errors()
    ]
    return answer(
        request,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        kind="invalid-request",
        detail="The request is not as this endpoint needs it.",
        errors=found,
    )


def of_http(request: fastapi.Request, error: HTTPException) -> JSONResponse:
    """Answer with an error of the framework."""
    status = HTTPStatus(error.status_code)
    details = {
        HTTPStatus.NOT_FOUND: "There is nothing at this address.",
        HTTPStatus.METHOD_NOT_ALLOWED: "This address does not take this method.",
    }
    return answer(
        request,
        status,
        kind=KINDS.get(status, status.phrase.lower().replace(" ", "-")),
        detail=details.get(status, str(error.detail)),
        headers=error.headers,
    )


def install(app: fastapi.FastAPI) -> None:
    """Let every error of the app become a problem document."""
    app.add_exception_handler(errors.WoosyncError, of_error)  # type: ignore[arg-type] # by class
    app.add_exception_handler(RequestValidationError, _of_validation)  # type: ignore[arg-type] # by class
    app.add_exception_handler(HTTPException, of_http)  # type: ignore[arg-type] # by class

"""The store client: every request goes through here; flows, paging and capabilities call it."""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from types import TracebackType
from typing import Self, TypeVar

import msgspec

import woosync.errors
from woosync.woo import answers, auth, backoff, errors, request, statistics, tolerant, verdict
from woosync.woo.answers import Answer
from woosync.woo.breaker import CircuitBreaker
from woosync.woo.clock import Clock
from woosync.woo.options import AuthMode, StoreOptions
from woosync.woo.throttle import Throttle
from woosync.woo.transport import Transport

__all__ = ["Answer", "StoreClient"]

T = TypeVar("T")

_ANY_JSON = msgspec.json.Decoder(msgspec.Raw)
_NO_QUERY: Mapping[str, str | int] = {}
_ENCODER = msgspec.json.Encoder()
#: After these the store may have carried out a write.
_MAYBE_APPLIED = (
    errors.ConnectionLost,
    errors.StoreTimeout,
    errors.StoreFailed,
    errors.StoreAnsweredNonsense,
)
_NOT_WORTH_REPEATING = (errors.TlsRefused, errors.StoreAnsweredTooMuch)
#: An empty answer is repeated first: some hosts drop answers of any size now and then.
_SMALLER_MAY_HELP = (errors.StoreTimeout, errors.StoreAnsweredTooMuch)


class StoreClient:
    """Talks to one store; an async context manager, safe for many tasks at once.

    A `route` is relative to `wp-json/wc/v3/` ("products/7"), or to `wp-json` when it starts with
    a slash ("/" is WordPress' index). Query lists are comma lists: a signature covers no arrays.
    """

    def __init__(self, options: StoreOptions, *, clock: Clock | None = None) -> None:
        self.options = options
        self.calls = statistics.CallStatistics()
        self.clock = clock or Clock()
        self._transport = Transport(options, self.clock)
        self.throttle = Throttle(
            ceiling=options.concurrency, rate_limit=options.rate_limit, clock=self.clock
        )
        self.breaker = CircuitBreaker(self.clock)
        self._modes = auth.modes_to_try(self.base_url, options.auth)
        self._settled: AuthMode | None = self._modes[0] if len(self._modes) == 1 else None
        self._settling = asyncio.Lock()

    @property
    def base_url(self) -> str:
        """The shop's address as understood; safe to show."""
        return self._transport.base_url

    @property
    def auth_mode(self) -> AuthMode:
        """What works with this store; AUTO until the first answer."""
        return self._settled or AuthMode.AUTO

    async def __aenter__(self) -> Self:
        self._transport.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._transport.close()

    async def fetch(self, route: str, query: Mapping[str, str | int] = _NO_QUERY) -> Answer:
        """GET a route; the body is known to be whole JSON. Repeats on temporary trouble.

        Raises the errors of `woosync.woo.errors`.
        """
        answer, _ = await self.fetch_as(_ANY_JSON, route, query)
        return answer

    async def fetch_as(
        self,
        decoder: tolerant.Decoder[T],
        route: str,
        query: Mapping[str, str | int] = _NO_QUERY,
        *,
        divisible: bool = False,
    ) -> tuple[Answer, T]:
        """GET a route and decode it in the same pass, so that a cut body is asked for again.

        With `divisible`, trouble that a smaller page may cure is raised at once.
        """
        call = request.Call("GET", route, query)
        attempt = 1
        while True:
            try:
                return await self._authenticated(call, decoder)
            except woosync.errors.TemporaryError as error:
                if divisible and isinstance(error, _SMALLER_MAY_HELP):
                    raise
                wait = self._wait_before_next(attempt, error)
                if wait is None:
                    raise
            await self.clock.sleep(wait)
            attempt += 1

    async def send(
        self,
        method: str,
        route: str,
        *,
        body: object = None,
        query: Mapping[str, str | int] = _NO_QUERY,
    ) -> Answer:
        """Write once. `body` becomes JSON; None sends none.

        Raises OutcomeUnknown whenever the store may have acted without telling so: read back
        before sending again. A StoreUnreachable or StoreThrottled write was not applied.
        """
        call = request.Call(
            method.upper(), route, query, None if body is None else _ENCODER.encode(body)
        )
        try:
            answer, _ = await self._authenticated(call, _ANY_JSON)
        except _MAYBE_APPLIED as error:
            raise errors.OutcomeUnknown(
                f"{call.method} {route} may or may not have been done: {error.message}",
                remedy="woosync reads the record back before it sends the change again.",
                retry_after=error.retry_after,
            ) from error
        return answer

    async def send_as(
        self,
        decoder: tolerant.Decoder[T],
        method: str,
        route: str,
        *,
        body: object = None,
    ) -> T:
        """Write once and decode the answer; raises as `send`, also for what tells of no record."""
        answer = await self.send(method, route, body=body)
        try:
            return decoder.decode(answer.body)
        except (ValueError, RecursionError) as error:
            raise errors.OutcomeUnknown(
                f"{method} {route} may or may not have been done: the answer tells of no record.",
                remedy="woosync reads the record back before it sends the change again.",
            ) from error

    def _wait_before_next(self, attempt: int, error: woosync.errors.TemporaryError) -> float | None:
        """Return seconds until the next attempt; None where there is to be none."""
        options = self.options
        if attempt > options.retries or self.breaker.is_open:
            return None
        if isinstance(error, _NOT_WORTH_REPEATING):
            return None
        asked = error.retry_after or 0.0
        if asked > backoff.LONGEST_WAIT:
            return None
        wait = backoff.delay(
            attempt,
            base=options.backoff,
            ceiling=options.backoff_ceiling,
            fraction=self.clock.fraction(),
        )
        return max(asked, wait)

    async def _authenticated(
        self, call: request.Call, decoder: tolerant.Decoder[T]
    ) -> tuple[Answer, T]:
        if self._settled is not None or call.is_anonymous:
            return await self._attempt(call, decoder, self.auth_mode)
        async with self._settling:
            if self._settled is None:
                return await self._settle(call, decoder)
        return await self._attempt(call, decoder, self._settled)

    async def _settle(self, call: request.Call, decoder: tolerant.Decoder[T]) -> tuple[Answer, T]:
        """Try the modes in turn; the refused request was not carried out, so writes may do this."""
        first: errors.StoreAuthFailed | None = None
        for mode in self._modes:
            try:
                result = await self._attempt(call, decoder, mode)
            except errors.StoreAuthFailed as error:
                first = first or error
                if not _key_was_not_seen(error):
                    break
            else:
                self._settled = mode
                return result
        if first is None:
            raise AssertionError("a store always has at least one authentication mode")
        raise first

    async def _attempt(
        self, call: request.Call, decoder: tolerant.Decoder[T], mode: AuthMode
    ) -> tuple[Answer, T]:
        """Make one request through breaker, throttle and statistics."""
        self.breaker.check()
        try:
            in_flight = await self.throttle.acquire()
        except BaseException:
            self.breaker.abandoned()
            raise
        try:
            return await self._measured(call, decoder, mode, in_flight=in_flight)
        finally:
            self.throttle.release()

    async def _measured(
        self, call: request.Call, decoder: tolerant.Decoder[T], mode: AuthMode, *, in_flight: int
    ) -> tuple[Answer, T]:
        started, at = self.clock.monotonic(), self.clock.now()
        pattern = statistics.pattern(call.route)
        failed, throttled = True, False
        try:
            reply = await self._exchange(call, mode)
            answer, value = answers.read(
                reply, decoder, route=call.route, options=self.options, now=self.clock.now()
            )
            failed = False
        except woosync.errors.TemporaryError as error:
            throttled = isinstance(error, errors.StoreThrottled)
            self._learn_trouble(error)
            raise
        except BaseException as error:
            if isinstance(error, woosync.errors.PermanentError):
                self.breaker.succeeded()
            else:
                self.breaker.abandoned()
            raise
        finally:
            self.calls.record(
                (call.method, pattern),
                at=at,
                seconds=self.clock.monotonic() - started,
                failed=failed,
                throttled=throttled,
            )
        self.breaker.succeeded()
        kind = (call.method, pattern, len(reply.body).bit_length())
        self.throttle.adaptive.answered(kind, reply.seconds, in_flight=in_flight)
        return answer, value

    def _learn_trouble(self, error: woosync.errors.TemporaryError) -> None:
        overloaded = (errors.StoreThrottled, errors.StoreFailed, errors.StoreTimeout)
        if isinstance(error, overloaded):
            self.throttle.adaptive.failed()
            if error.retry_after is not None and error.retry_after <= backoff.LONGEST_WAIT:
                self.throttle.pause(error.retry_after)
        if isinstance(error, errors.StoreUnreachable | errors.StoreFailed):
            self.breaker.failed(error.message)
        else:
            self.breaker.succeeded()

    async def _exchange(self, call: request.Call, mode: AuthMode) -> verdict.Reply:
        url, headers = request.build(
            call, mode, base_url=self.base_url, options=self.options, clock=self.clock
        )
        return await self._transport.exchange(call.method, url, headers=headers, data=call.data)


def _key_was_not_seen(error: errors.StoreAuthFailed) -> bool:
    """Whether another way of sending the key may help: the store acted as if there were none."""
    return (
        error.status == HTTPStatus.UNAUTHORIZED
        and error.code != "woocommerce_rest_authentication_error"
    )

# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The HTTP interface."""

from __future__ import annotations

import asyncio
import hmac
import logging
import time
from collections.abc import Awaitable, Callable, Iterable

import msgspec
from nacl.exceptions import CryptoError
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tokenization import metrics, openapi, shapes
from tokenization.metrics_token import MetricsToken
from tokenization.origins import Hosts
from tokenization.refusals import Refusals
from tokenization.storage import StorageError
from tokenization.vault import Vault

BODY_SECONDS = 10.0
PROBE_SECONDS = 2.0
# So much of a body that is too large is read and dropped: who is still sending does not hear the answer.
DISCARD_LIMIT = 16 * 1024 * 1024
IN_PROGRESS_LIMIT = 1000
# Of the bodies of all requests in progress, each of which may take five times its size: as text with one wide letter,
# and sealed. Small ones are always taken, since the limit above holds them too.
BODIES_LIMIT = 16 * 1024 * 1024
SMALL_BODY = 4 * 1024
# The role waits as long as it reads this.
OPENING = "the vault is being opened, which takes its time where it is upgraded: try again"

log = logging.getLogger(__name__)


class Status:
    """What the server and the application both know."""

    def __init__(self) -> None:
        self.opening = False
        self.draining = False
        self.in_progress = 0
        self.body_bytes = 0

    def count(self, requests: int) -> None:
        self.in_progress += requests
        metrics.IN_PROGRESS.set(self.in_progress)


Handler = Callable[[Request], Awaitable[Response]]
BodyHandler = Callable[[bytes], Awaitable[Response]]


class Refusal(HTTPException):
    """One whose status does not say its reason, which is one of metrics.ALL_REASONS."""

    def __init__(self, reason: str, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(status, message, headers)
        self.reason = reason


class Api:
    """What the routes answer, and the one table of them."""

    def __init__(
        self,
        vault: Vault,
        status: Status,
        bearer_token: str,
        require_token_to_tokenize: bool,
        metrics_token: MetricsToken | None,
    ) -> None:
        self._vault = vault
        self._status = status
        self._bearer_token = bearer_token.encode()
        self._metrics_token = metrics_token
        self._refusals = Refusals()
        tokenize = openapi.tokenize(require_token_to_tokenize)
        self.routes: tuple[tuple[openapi.Operation, Handler], ...] = (
            (tokenize, self._with_body(tokenize, self.tokenize)),
            (openapi.DETOKENIZE, self._with_body(openapi.DETOKENIZE, self.detokenize)),
            (openapi.HEALTHZ, self.healthz),
            (openapi.READYZ, self.readyz),
            (openapi.metrics(metrics_token is not None), self.metrics),
            (openapi.OPENAPI, self.openapi),
        )
        self._document = msgspec.json.encode(openapi.document(operation for operation, _unused in self.routes))

    def _with_body(self, operation: openapi.Operation, handler: BodyHandler) -> Handler:
        async def handle(request: Request) -> Response:
            if operation.needs_token:
                await self._authorise(request, self._bearer_token)
            self._refuse_while_opening()
            body = Body(self._status, operation.path)
            try:
                return await handler(await body.read(request))
            finally:
                body.let_go()

        return handle

    async def tokenize(self, body: bytes) -> Response:
        wanted = shapes.parse_to_tokenize(body)
        token = await self._vault.tokenize(wanted.name, wanted.data)
        return _json({"message": "Data tokenized successfully", "token": token})

    async def detokenize(self, body: bytes) -> Response:
        wanted = shapes.parse_to_detokenize(body)
        by_name = isinstance(wanted, shapes.ByName)
        if isinstance(wanted, shapes.ByName):
            data = await self._vault.detokenize_name(wanted.name)
        else:
            data = await self._vault.detokenize_token(wanted.token)
        metrics.LOOKUPS.labels("name" if by_name else "token", "no" if data is None else "yes").inc()
        if data is None:
            raise Refusal("unknown_name" if by_name else "unknown_token", 404, "the vault does not have it")
        return _json({"data": data}, headers={"Cache-Control": "no-store"})

    async def healthz(self, _unused: Request) -> Response:
        return _json({"status": "ok"})

    async def readyz(self, _unused: Request) -> Response:
        if self._status.draining:
            raise HTTPException(503, "draining: the service is about to stop")
        self._refuse_while_opening()
        async with asyncio.timeout(PROBE_SECONDS):
            await self._vault.check()
            await self._vault.check_writing()
        return _json({"status": "ok"})

    async def metrics(self, request: Request) -> Response:
        if self._metrics_token:
            await self._authorise(request, self._metrics_token.current())
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    async def openapi(self, _unused: Request) -> Response:
        return Response(self._document, media_type="application/json")

    def _refuse_while_opening(self) -> None:
        if self._status.opening:
            raise HTTPException(503, OPENING, {"Retry-After": "1"})

    async def _authorise(self, request: Request, wanted: bytes) -> None:
        sent = request.headers.get("authorization", "")
        scheme, _unused, token = sent.partition(" ")
        if scheme.lower() == "bearer" and hmac.compare_digest(token.strip().encode(), wanted):
            return
        if sent:
            # Who waits for a refusal takes no place from others.
            self._status.count(-1)
            try:
                waited = await self._refusals.wait()
            finally:
                self._status.count(1)
            if not waited:
                headers = {"Retry-After": "1", "Connection": "close"}
                message = "too many requests with wrong bearer tokens: try again"
                raise Refusal("wrong_credential", 429, message, headers)
        message = "a valid bearer token is needed: Authorization: Bearer TOKEN"
        reason = "wrong_credential" if sent else "no_credential"
        raise Refusal(reason, 401, message, {"WWW-Authenticate": "Bearer"})


class Body:
    """A request's body, counted as long as something of it is there."""

    def __init__(self, status: Status, route: str) -> None:
        self._status = status
        self._route = route
        self._held = 0

    async def read(self, request: Request) -> bytes:
        """Return it. Raises HTTPException: not JSON, too large, too late, or too much with those of all others."""
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise HTTPException(415, "the body must be JSON: Content-Type: application/json")
        if int(request.headers.get("content-length", 0)) > shapes.BODY_LIMIT and "expect" in request.headers:
            raise _too_large()
        body, size = b"", 0
        try:
            async with asyncio.timeout(BODY_SECONDS):
                async for chunk in request.stream():
                    size += len(chunk)
                    if size <= shapes.BODY_LIMIT:
                        body += chunk
                        self._hold(size)
                    elif size > DISCARD_LIMIT:
                        break
        except TimeoutError:
            message = f"the body did not arrive within {BODY_SECONDS:g} seconds"
            raise HTTPException(400, message, {"Connection": "close"}) from None
        finally:
            metrics.REQUEST_BYTES.labels(self._route).observe(size)
        if size > shapes.BODY_LIMIT:
            raise _too_large()
        return body

    def let_go(self) -> None:
        self._hold(0)

    def _hold(self, size: int) -> None:
        self._status.body_bytes += size - self._held
        self._held = size
        if self._status.body_bytes > BODIES_LIMIT and size > SMALL_BODY:
            message = "the bodies of all requests together are too large: try again"
            raise HTTPException(429, message, {"Retry-After": "1"})


def create_app(
    vault: Vault,
    status: Status,
    bearer_token: str,
    require_token_to_tokenize: bool,
    hosts: Iterable[str] = (),
    metrics_token: MetricsToken | None = None,
) -> Starlette:
    routes = Api(vault, status, bearer_token, require_token_to_tokenize, metrics_token).routes
    limits = {operation.path: operation.body is not None for operation, _unused in routes}
    metrics.begin_at_zero([*limits, "other"])
    app = Starlette(
        middleware=[Middleware(_Observe, status=status, limits=limits, hosts=Hosts(hosts))],
        exception_handlers={
            HTTPException: _refuse,
            shapes.NotJsonError: _not_json,
            shapes.WrongShapeError: _wrong_shape,
            StorageError: _storage_fails,
            TimeoutError: _storage_fails,
            CryptoError: _damaged,
            ClientDisconnect: _gone,
            Exception: _fault,
        },
    )
    app.router = Router(
        [Route(operation.path, handler, methods=[operation.method]) for operation, handler in routes],
        redirect_slashes=False,
        default=_refuse_any(HTTPException(404, "no such route: GET /openapi.json lists them")),
    )
    return app


class _Observe:
    """Counts and times every request, refuses what is not for the service, and asks clients to go while draining."""

    def __init__(self, app: ASGIApp, status: Status, limits: dict[str, bool], hosts: Hosts) -> None:
        """`limits` tells of each route whether requests are refused where too many are in progress."""
        self._app = app
        self._status = status
        self._limits = limits
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start = time.perf_counter()
        path = scope["path"]
        route = path if path in self._limits else "other"
        answered = 0

        async def observed(message: Message) -> None:
            nonlocal answered
            if message["type"] == "http.response.start":
                answered = message["status"]
                if self._status.draining:
                    message["headers"].append((b"connection", b"close"))
            await send(message)

        refused = self._hosts.refused(scope["headers"], scope["scheme"])
        self._status.count(1)
        try:
            if refused:
                await _refuse_any(HTTPException(*refused))(scope, receive, observed)
            elif self._status.in_progress > IN_PROGRESS_LIMIT and self._limits.get(path):
                error = HTTPException(429, "too many requests at once: try again", {"Retry-After": "1"})
                await _refuse_any(error)(scope, receive, observed)
            else:
                await self._app(scope, receive, observed)
        finally:
            self._status.count(-1)
            outcome = metrics.outcome(answered)
            metrics.REQUESTS.labels(route, answered, outcome).inc()
            if outcome == "refused":
                metrics.REFUSALS.labels(route, scope.get("refusal", metrics.REASONS.get(answered, "malformed"))).inc()
            metrics.REQUEST_SECONDS.labels(route).observe(time.perf_counter() - start)


def _too_large() -> HTTPException:
    return HTTPException(413, f"the body is larger than {shapes.BODY_LIMIT} bytes")


def _json(content: dict[str, str], code: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(content), code, headers, "application/json")


def _refuse_any(error: HTTPException) -> Response:
    headers = dict(error.headers) if error.headers else None
    return _json({"error": error.detail}, error.status_code, headers)


async def _refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if isinstance(error, Refusal):
        request.scope["refusal"] = error.reason
    return _refuse_any(error)


async def _not_json(_unused: Request, error: Exception) -> Response:
    return _json({"error": str(error)}, 400)


async def _wrong_shape(_unused: Request, error: Exception) -> Response:
    return _json({"error": str(error)}, 422)


async def _storage_fails(_unused: Request, error: Exception) -> Response:
    return _json({"error": "the vault can not be reached or written: try again"}, 503, {"Retry-After": "1"})


async def _damaged(_unused: Request, error: Exception) -> Response:
    log.error("a record can not be opened: it is damaged")
    return _json({"error": "the vault can not open this record: it is damaged"}, 503)


async def _gone(_unused: Request, error: Exception) -> Response:
    return _json({"error": "the client went away before its request was complete"}, 400)


async def _fault(_unused: Request, error: Exception) -> Response:
    # starlette raises what it has answered once more, and uvicorn closes the connection then: the client must know.
    return _json({"error": "a fault in the service: its log tells where"}, 503, {"Connection": "close"})

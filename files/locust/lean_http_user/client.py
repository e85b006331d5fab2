# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The client of a user: requests, on kept connections, each of which becomes an event of Locust."""

from __future__ import annotations

import json as json_module
import logging
import re
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from email.message import Message
from functools import cache, partial
from http.cookiejar import CookieJar
from time import perf_counter
from typing import Any, NamedTuple
from urllib.parse import unquote, urlencode, urljoin, urlsplit, urlunsplit
from urllib.request import Request

import certifi
import gevent
from gevent.lock import BoundedSemaphore
from geventhttpclient import HTTPClient
from geventhttpclient.useragent import ConnectionError as GeventConnectionError
from locust.contrib.fasthttp import LocustUserAgent

from lean_http_user.connection import GONE, NEVER, Connection, connect
from lean_http_user.failures import DeadlineError, MalformedAnswerError, RedirectError, UnansweredError
from lean_http_user.heads import (
    BODY_METHODS,
    VALUE,
    Fields,
    Origin,
    Pairs,
    Start,
    Upload,
    basic,
    body_of,
    fields_of,
    kept_start,
    start,
)
from lean_http_user.response import Decoder, LeanResponse, Stream, headers_of

log = logging.getLogger(__name__)

ABSOLUTE = re.compile(r"https?://", re.IGNORECASE)
REDIRECTS = frozenset([301, 302, 303, 307, 308])
# RFC 9110: doing it twice is as doing it once.
IDEMPOTENT = frozenset(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"])
BODY_FIELDS = frozenset(["content-type", "content-length", "content-encoding", "transfer-encoding"])
SECRET_FIELDS = frozenset(["authorization", "cookie", "proxy-authorization"])
# What is sent together with its head.
SMALL_BODY = 65536
# To how many hosts a user keeps connections.
MOST_ORIGINS = 16
REFUSED = {
    "proxies": "there are no proxies",
    "verify": "the class says insecure and ca_file",
    "cert": "there are no client certificates",
    "cookies": "the class says cookies = True, and the session has a cookiejar",
    "hooks": "Locust has its request event",
    "max_redirects": "the class says max_redirects",
    "max_retries": "what may be repeated is, once",
}
# What FastHttpUser calls itself: the same requests are the same to the server.
AGENT: Pairs = tuple((str(name), value) for name, value in HTTPClient.DEFAULT_HEADERS.items())
# What Locust's users know as failures; GreenletExit, by which Locust ends a user, is none.
FAILURES = (OSError, GeventConnectionError, gevent.Timeout)


class Statuses:
    """This Locust's own statuses that are no failure, and its exception for the others."""

    # The last two are missing in older ones.
    valid = LocustUserAgent.valid_response_codes | {304, 308}
    valid_response_codes: frozenset[int] = frozenset()
    _verify_status: Any = LocustUserAgent._verify_status

    def problem(self, status: int, url: str) -> Exception:
        """Return the exception for a status that is a failure."""
        try:
            self._verify_status(status, url=url)
        except GeventConnectionError as error:
            return error.with_traceback(None)
        raise AssertionError("no status is valid here")


class Settings(NamedTuple):
    """What a LeanHttpUser says; README.md explains each."""

    network_timeout: float
    connection_timeout: float
    timeout: float | None
    max_redirects: int
    max_head_size: int
    max_body_size: int
    concurrency: int
    insecure: bool
    ca_file: str | None
    ssl_context_factory: Callable[[], ssl.SSLContext] | None
    cookies: bool
    valid_response_codes: frozenset[int] | None
    default_headers: Pairs


class LeanHttpSession:
    """Makes the requests of one user. Several greenlets of a user may share it."""

    def __init__(self, base_url: str, request_event: Any, user: Any, settings: Settings) -> None:
        self.base_url, self._authorization = without_credentials(base_url)
        self.request_event = request_event
        self.user = user
        self.request_name: str | None = None
        self._settings = settings
        self._defaults = AGENT + settings.default_headers
        self._idle: dict[Origin, list[Connection]] = {}
        self._places = BoundedSemaphore(settings.concurrency)
        self._valid = frozenset(settings.valid_response_codes or Statuses.valid)
        self._context: ssl.SSLContext | None = None
        self._cookies = CookieJar() if settings.cookies else None
        # A user whose context is its class's says nothing of its own.
        self._user_context = None if user is None else user.context

    @property
    def cookiejar(self) -> CookieJar:
        """The user's cookies. Raises AttributeError where it has none."""
        if self._cookies is None:
            raise AttributeError("a LeanHttpUser has cookies where its class says so: cookies = True")
        return self._cookies

    @contextmanager
    def rename_request(self, name: str) -> Iterator[None]:
        """Count all requests in the with-block under one name, but for those that name their own."""
        self.request_name = name
        try:
            yield
        finally:
            self.request_name = None

    def get(self, url: str, **options: Any) -> LeanResponse:
        """Make a GET request; `request` tells of the options."""
        return self.request("GET", url, **options)

    def head(self, url: str, **options: Any) -> LeanResponse:
        """Make a HEAD request."""
        return self.request("HEAD", url, **options)

    def options(self, url: str, **options: Any) -> LeanResponse:
        """Make an OPTIONS request."""
        return self.request("OPTIONS", url, **options)

    def delete(self, url: str, **options: Any) -> LeanResponse:
        """Make a DELETE request."""
        return self.request("DELETE", url, **options)

    def post(self, url: str, data: Any = None, json: Any = None, **options: Any) -> LeanResponse:
        """Make a POST request."""
        return self.request("POST", url, data=data, json=json, **options)

    def put(self, url: str, data: Any = None, **options: Any) -> LeanResponse:
        """Make a PUT request."""
        return self.request("PUT", url, data=data, **options)

    def patch(self, url: str, data: Any = None, **options: Any) -> LeanResponse:
        """Make a PATCH request."""
        return self.request("PATCH", url, data=data, **options)

    def iter_lines(self, url: str, method: str = "GET", **options: Any) -> Iterator[str]:
        """Yield the lines of an answer as they come. Raises why there is none, or why it ends early."""
        response = self.request(method, url, stream=True, **options)
        response.raise_for_status()
        while line := response.stream.readline():
            yield line.decode("utf-8", errors="replace").removesuffix("\n")

    def request(
        self,
        method: str,
        url: str,
        name: str | None = None,
        data: Any = None,
        catch_response: bool = False,
        stream: bool = False,
        headers: dict[str, Any] | None = None,
        auth: tuple[str | bytes, str | bytes] | None = None,
        json: Any = None,
        allow_redirects: bool = True,
        context: dict[str, Any] | None = None,
        params: Any = None,
        files: Any = None,
        timeout: float | None = None,
        **refused: Any,
    ) -> LeanResponse:
        """Make a request, and tell Locust of it.

        The response time is that of FastHttpUser: from before the first byte is sent, and before the connection is made
        where there is none, until the last byte of the answer has come; with redirects, of all of them together. With
        `stream` it ends with the answer's head.

        :param url: a path, to which the host is added, or a URL
        :param name: what Locust's statistics call it, instead of the URL
        :param data: text, bytes, a dict or pairs for a form, a file, or an iterable of bytes
        :param catch_response: the answer is used in a with-block, which may decide whether it is a failure
        :param stream: the answer's body is received while it is read
        :param headers: go before those of the user; with None as the value, the field is not sent
        :param auth: user and password
        :param json: is sent as JSON, unless there is data
        :param allow_redirects: whether redirects are followed
        :param context: goes to the listeners of Locust's request event
        :param params: is added to the URL's query
        :param files: is sent as a form, together with a dict in data
        :param timeout: seconds that all of it may take, redirects included
        :raises TypeError: for any other option
        :raises ValueError: for what can't be sent
        """
        if refused:
            raise TypeError(refusal(refused))
        name = name or self.request_name or url
        built = url if ABSOLUTE.match(url) else f"{self.base_url}{url}"
        if self._user_context is not None:
            context = {**self._user_context(), **context} if context else self._user_context()
        if auth is not None or self._authorization is not None:
            sent = basic(*_pair(auth)) if auth is not None else self._authorization
            headers = {**(headers or {}), "Authorization": sent}
        has_json = json is not None and not data
        fields = fields_of(self._defaults, tuple(headers.items()) if headers else (), has_json)
        body: bytes | Upload = b""
        kind = None
        if has_json:
            body = json_module.dumps(json).encode()
        elif data or files:
            body, kind = body_of(data, files)
        if timeout is None:
            timeout = self._settings.timeout
        elif isinstance(timeout, bool) or not isinstance(timeout, (int, float)) or timeout <= 0:
            raise ValueError(f"timeout is {timeout!r}; it is a number of seconds, for the whole request")

        response = LeanResponse()
        response.url = built
        meta: dict[str, Any] = {
            "request_type": method,
            "name": name,
            "context": context or {},
            "response": response,
            "exception": None,
            "start_time": time.time(),
            "url": built,
            "response_length": 0,
        }
        begun = perf_counter()
        asked = Asked(method.upper(), with_params(built, params) if params else built, fields, kind, body)
        try:
            if timeout is None:
                self._fill(response, asked, stream, allow_redirects, NEVER)
            else:
                self._fill(response, asked, stream, allow_redirects, begun + timeout)
        except FAILURES as error:
            # Its traceback would hold the response, and what it holds, until Python looks for cycles.
            response.error = error.with_traceback(None)
        meta["response_time"] = response._milliseconds = (perf_counter() - begun) * 1000
        meta["exception"] = response.error
        if response._content:
            meta["response_length"] = len(response._content)
        elif stream:
            meta["response_length"] = _declared_length(response)
        if catch_response:
            response.request_meta = meta
            response._event = self.request_event
        else:
            self.request_event.fire(**meta)
        return response

    def close(self) -> None:
        """Close the connections that wait for the next request."""
        idle, self._idle = self._idle, {}
        for connections in idle.values():
            for connection in connections:
                connection.close()

    def _fill(self, response: LeanResponse, asked: Asked, stream: bool, follow: bool, deadline: float) -> None:
        """Ask until there is an answer that is no redirect, and put it into the response. Raises FAILURES."""
        place = kept_start(asked.method, asked.url)
        first = place.origin
        redirects = 0
        while True:
            head = self._head(place, asked)
            response._asked = (asked.method, asked.url, head, asked.body)
            connection = self._answered(place.origin, asked, head, not stream, deadline)
            answer = connection.final_head()
            lowered = answer.lower()
            if b"set-cookie:" in lowered:
                self._take_cookies(answer, asked.url)
            status = connection.code
            problem = None if status in self._valid else STATUSES.problem(status, response.url)
            location = None
            if follow and status in REDIRECTS and problem is None and self._settings.max_redirects > 0:
                location = _location(answer)
            if location is None:
                break
            if not connection.complete:
                # Nobody asks for its body.
                connection.close()
            self._give_back(place.origin, connection)
            response.history = (*response.history, status)
            redirects += 1
            if redirects > self._settings.max_redirects:
                raise RedirectError("there are more redirects than max_redirects")
            asked = _redirected(asked, status, location)
            response.url = asked.url
            # A server can name any number of URLs: these are not kept.
            place = start(asked.method, asked.url)
            if place.origin != first:
                asked = asked._replace(fields=_without(asked.fields, SECRET_FIELDS))

        if stream:
            give_back = partial(self._give_back, place.origin)
            codings = _field(answer, b"content-encoding") if b"content-encoding:" in lowered else ""
            try:
                response._stream = Stream(connection, give_back, codings)
            except BaseException:
                connection.close()
                give_back(connection)
                raise
        else:
            content = b"".join(connection.pieces)
            self._give_back(place.origin, connection)
            if b"content-encoding:" in lowered:
                limit = self._settings.max_body_size
                content = Decoder(_field(answer, b"content-encoding"), limit).decode(content, True)
            response._content = content
        response.status_code = status
        response._head = answer
        response.error = problem

    def _head(self, place: Start, asked: Asked) -> bytes:
        fields, body = asked.fields, asked.body
        lines = [place.line, fields.block]
        if "host" not in fields.names:
            lines.append(place.host)
        if asked.kind is not None and "content-type" not in fields.names:
            lines.append(f"Content-Type: {asked.kind}\r\n".encode("latin-1"))
        if self._cookies is not None:
            lines.append(self._cookie_line(asked))
        length = body.length if isinstance(body, Upload) else len(body)
        if fields.chunked:
            if isinstance(body, Upload):
                body.length = None
        elif fields.length is not None:
            if fields.length != str(length):
                raise ValueError(f"Content-Length is {fields.length}, and the body has another length")
        elif length is None:
            lines.append(b"Transfer-Encoding: chunked\r\n")
        elif length or asked.method in BODY_METHODS:
            lines.append(b"Content-Length: %d\r\n" % length)
        lines.append(b"\r\n")
        return b"".join(lines)

    def _answered(self, origin: Origin, asked: Asked, head: bytes, whole: bool, deadline: float) -> Connection:
        """Return the connection with the answer's head, or with all of it.

        What is idempotent is asked again, once, where a kept connection turns out to have been closed meanwhile.
        """
        body = asked.body
        self._places.acquire()
        try:
            connection = self._kept(origin)
            is_kept = connection is not None
            if connection is None:
                connection = self._connect(origin, deadline)
            while True:
                try:
                    connection.begin(deadline, asked.method == "HEAD")
                    if isinstance(body, Upload):
                        connection.send(head)
                        for piece in body.pieces():
                            connection.send(piece)
                            if connection.spoilt:
                                break
                    elif asked.fields.chunked:
                        chunk = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
                        connection.send(head + chunk + b"0\r\n\r\n")
                    elif len(body) <= SMALL_BODY:
                        connection.send(head + body)
                    else:
                        connection.send(head)
                        connection.send(body)
                    connection.await_head()
                    if whole:
                        while not connection.complete:
                            connection.await_more()
                    return connection
                except (UnansweredError, *GONE):
                    connection.close()
                    repeatable = asked.method in IDEMPOTENT and not isinstance(body, Upload)
                    if not (is_kept and repeatable) or connection.raw:
                        raise
                    connection, is_kept = self._connect(origin, deadline), False
                except BaseException:
                    connection.close()
                    raise
        except BaseException:
            self._places.release()
            raise

    def _kept(self, origin: Origin) -> Connection | None:
        connections = self._idle.get(origin)
        while connections:
            connection = connections.pop()
            if connection.is_open():
                return connection
            connection.close()
        return None

    def _connect(self, origin: Origin, deadline: float) -> Connection:
        settings = self._settings
        seconds = settings.connection_timeout
        late = DeadlineError("no connection was made within connection_timeout")
        left = deadline - perf_counter()
        if left < seconds:
            seconds, late = left, DeadlineError("the request took longer than its timeout")
        if origin.scheme == "https" and self._context is None:
            factory = settings.ssl_context_factory
            self._context = factory() if factory else shared_context(settings.insecure, settings.ca_file)
        return connect(
            origin,
            seconds,
            late,
            self._context if origin.scheme == "https" else None,
            settings.network_timeout,
            settings.max_head_size,
            settings.max_body_size,
        )

    def _give_back(self, origin: Origin, connection: Connection) -> None:
        self._places.release()
        if not connection.is_reusable():
            connection.close()
            return
        connections = self._idle.get(origin)
        if connections is None:
            if len(self._idle) >= MOST_ORIGINS:
                for other in self._idle.pop(next(iter(self._idle))):
                    other.close()
            connections = self._idle[origin] = []
        connections.append(connection)

    def _take_cookies(self, head: bytes, url: str) -> None:
        if self._cookies is None:
            say_that_cookies_are_left()
            return
        message = Message()
        for value in headers_of(head).getlist("set-cookie"):
            message["Set-Cookie"] = value
        answer: Any = _Answer(message)
        self._cookies.extract_cookies(answer, Request(url))

    def _cookie_line(self, asked: Asked) -> bytes:
        assert self._cookies is not None
        request = Request(asked.url)
        self._cookies.add_cookie_header(request)
        cookie = request.get_header("Cookie")
        if cookie is None or "cookie" in asked.fields.names:
            return b""
        if not VALUE.fullmatch(cookie):
            raise MalformedAnswerError("a cookie that the server has set can't be sent")
        return f"Cookie: {cookie}\r\n".encode("latin-1")


class Asked(NamedTuple):
    """A request as it is sent next; a redirect makes another one of it."""

    method: str
    url: str
    fields: Fields
    kind: str | None
    body: bytes | Upload


class _Answer:
    """What http.cookiejar takes for an answer."""

    def __init__(self, message: Message) -> None:
        self._message = message

    def info(self) -> Message:
        return self._message


@cache
def shared_context(insecure: bool, ca_file: str | None) -> ssl.SSLContext:
    """Return the settings of TLS of all users alike: each of its own would take half a megabyte."""
    if insecure:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    # SSL_CERT_FILE and the system's authorities, or those that Locust has along.
    return ssl.create_default_context(cafile=ca_file or ssl.get_default_verify_paths().cafile or certifi.where())


@cache
def say_that_cookies_are_left() -> None:
    """Say so once in a process."""
    log.warning(
        "A response sets cookies, which are ignored; a LeanHttpUser has them where its class says cookies = True"
    )


def without_credentials(url: str) -> tuple[str, str | None]:
    """Return a base URL without user and password, and the value of Authorization for them."""
    parts = urlsplit(url)
    if not (parts.username and parts.password):
        return url, None
    return (
        urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])),
        basic(unquote(parts.username), unquote(parts.password)),
    )


def with_params(url: str, params: Any) -> str:
    """Return a URL with more in its query: text, or a dict or pairs, of which those with None are left out."""
    if isinstance(params, bytes):
        params = params.decode("ascii")
    if not isinstance(params, str):
        pairs = params.items() if isinstance(params, Mapping) else params
        params = urlencode([(name, value) for name, value in pairs if value is not None], doseq=True)
    if not params:
        return url
    url, mark, fragment = url.partition("#")
    if "?" not in url:
        joined = f"{url}?{params}"
    else:
        joined = f"{url}{params}" if url.endswith(("?", "&")) else f"{url}&{params}"
    return f"{joined}{mark}{fragment}"


def refusal(options: Mapping[str, Any]) -> str:
    """Return why options are not taken."""
    reasons = [f"{name} ({REFUSED.get(name, 'it has no such option')})" for name in sorted(options)]
    return f"a LeanHttpUser's request does not take {', '.join(reasons)}"


def _pair(auth: Any) -> tuple[str | bytes, str | bytes]:
    if not (isinstance(auth, (tuple, list)) and len(auth) == 2):
        raise TypeError(f"auth is a {type(auth).__name__}; it is (user, password), and no other scheme is taken")
    return auth[0], auth[1]


def _redirected(asked: Asked, status: int, location: str) -> Asked:
    """Return what is asked next. Raises RedirectError."""
    try:
        url = urljoin(asked.url, location)
        parts = urlsplit(url)
        # A server does not give others' credentials.
        url = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    except ValueError as error:
        raise RedirectError("a redirect's Location is no URL") from error
    if not ABSOLUTE.match(url):
        raise RedirectError("a redirect leads to something that is neither http nor https")
    if (status == 303 and asked.method != "HEAD") or (status in (301, 302) and asked.method == "POST"):
        return Asked("GET", url, _without(asked.fields, BODY_FIELDS | {"host"}), None, b"")
    if isinstance(asked.body, Upload):
        raise RedirectError("a redirect asks for a body again, which was read while it was sent")
    return asked._replace(url=url, fields=_without(asked.fields, frozenset(["host"])))


def _without(fields: Fields, names: frozenset[str]) -> Fields:
    if not fields.names & names:
        return fields
    lines = fields.block.decode("latin-1").splitlines(keepends=True)
    left = [line for line in lines if line.partition(":")[0].lower() not in names]
    return Fields(
        "".join(left).encode("latin-1"),
        fields.names - names,
        None if "content-length" in names else fields.length,
        fields.chunked and "transfer-encoding" not in names,
    )


def _field(head: bytes, name: bytes) -> str:
    """Return a field's value; of several, all of them with commas."""
    return ", ".join(headers_of(head).getlist(name.decode("ascii")))


def _location(head: bytes) -> str | None:
    """Return where a redirect leads; nowhere where it does not say so once."""
    values = headers_of(head).getlist("location")
    if len(values) != 1 or not values[0]:
        return None
    try:
        # As most servers mean what is no ASCII.
        return values[0].encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return values[0]


def _declared_length(response: LeanResponse) -> int:
    value = response.headers.get("content-length") if response.headers is not None else None
    return int(value) if isinstance(value, str) and value.isdecimal() else 0


STATUSES = Statuses()

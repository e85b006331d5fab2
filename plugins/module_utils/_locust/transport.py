# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""Locust over HTTP, by the rules of the exporter's C(locust.py) and C(message.py).

An answer has a time and a size as a whole, no redirect is followed, nothing goes to another server, and no character
of an answer that would move a terminal's cursor gets into a message.
"""

from __future__ import annotations

import base64
import http.client
import http.cookiejar
import io
import os
import re
import socket
import ssl
import time
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

from .plan import BadOptionError

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# What belongs to the request's own form.
_OWN_HEADERS = ("connection", "content-length", "transfer-encoding")
_LONGEST_MESSAGE = 2000


def printable(text: str) -> str:
    """Return a text that is safe to print: what moves a cursor, sets a colour or turns the writing is spelt out."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


class LocustError(Exception):
    """Locust did not do what was asked. `transient` where asking again may help."""

    def __init__(self, problem: str, transient: bool = False) -> None:
        super().__init__(printable(problem[:_LONGEST_MESSAGE]))
        self.transient = transient


@dataclass(frozen=True)
class Answer:
    status: int
    location: str
    basic: bool
    """Whether a name and a password in a header are what is asked for."""
    body: str


class _TooLargeError(Exception):
    pass


class _Reader(io.RawIOBase):
    """Reads a socket until a moment and up to a size; a socket's own timeout begins anew with every byte."""

    def __init__(self, sock: socket.socket, deadline: float, limit: int) -> None:
        super().__init__()
        self._socket = sock
        # Keeps the socket open when its connection is done with it, before the body was read.
        self._file: Any = sock.makefile("rb", buffering=0)
        self._deadline = deadline
        self._left = limit

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self, 65536)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise socket.timeout("no whole answer in time")
        self._socket.settimeout(left)
        size: int = self._file.readinto(buffer)
        self._left -= size
        if self._left < 0:
            raise _TooLargeError
        return size

    def close(self) -> None:
        self._file.close()
        super().close()


def address_of(url: str) -> urllib.parse.SplitResult:
    """Return the parts of C(locust_url). Raises `BadOptionError`, in which no password is repeated."""
    try:
        parts = urllib.parse.urlsplit(url)
        # The port is parsed when it is asked for.
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if "@" in url:
        raise BadOptionError("locust_url", "must not hold a user name or password; set locust_username")
    if not usable or not url.isprintable() or " " in url or parts.query or parts.fragment:
        raise BadOptionError("locust_url", "must be http://HOST[:PORT][/PATH] or https://HOST[:PORT][/PATH]")
    return parts


def secrets_in(url: str) -> set[str]:
    """Return what of a URL that is refused must not be printed."""
    login = url.partition("//")[2].rpartition("@")[0]
    return {part for part in (login, login.partition(":")[2]) if part}


def port_of(parts: urllib.parse.SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


class Transport:
    """Sends requests to one server, each on a connection of its own. The arguments are those of C(LocustClient)."""

    def __init__(
        self,
        url: str,
        ca_path: Optional[str] = None,
        cookies: Optional[Path] = None,
        headers: Optional[Mapping[str, Any]] = None,
        client_cert: Optional[str] = None,
        client_key: Optional[str] = None,
        use_proxy: bool = False,
        port: Optional[int] = None,
    ) -> None:
        self._parts = address_of(url)
        self.url = url.rstrip("/")
        self._headers = _checked_headers(headers or {})
        self.authorized = any(name.lower() == "authorization" for name in self._headers)
        self._context = _context(ca_path, client_cert, client_key) if self._parts.scheme == "https" else None
        self._proxy = _proxy(self._parts) if use_proxy and port is None else None
        self._port = port
        self._cookie_file = cookies
        self._cookies = http.cookiejar.LWPCookieJar()
        if cookies is not None and cookies.exists():
            try:
                self._cookies.load(str(cookies), ignore_discard=True)
            except OSError as error:
                raise LocustError(f"{cookies} cannot be read: {error}") from None

    def on_this_server(self, page: str, reference: str) -> Optional[str]:
        """Return what a page of this server refers to; None where that is on another."""
        try:
            url = urllib.parse.urljoin(page, reference)
            parts = urllib.parse.urlsplit(url)
            there = (parts.scheme, parts.hostname, port_of(parts))
        except ValueError:
            return None
        here = (self._parts.scheme, self._parts.hostname, port_of(self._parts))
        return url if there == here and "@" not in parts.netloc else None

    def authorize(self, username: str, password: str) -> None:
        """Send a name and a password with every further request."""
        self._headers["Authorization"] = _basic(username, password)
        self.authorized = True

    def keep_cookies(self) -> None:
        if self._cookie_file is not None:
            os.close(os.open(self._cookie_file, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600))
            self._cookies.save(str(self._cookie_file), ignore_discard=True)

    def send(self, url: str, form: Optional[Sequence[tuple[str, str]]], timeout: float, limit: int) -> Answer:
        """Ask for `url`, which is this server's, within so many seconds and bytes."""
        data = None if form is None else urllib.parse.urlencode(list(form)).encode()
        request = urllib.request.Request(url, data=data)
        self._cookies.add_cookie_header(request)
        connection = self._connection(time.monotonic() + timeout, timeout, limit)
        try:
            connection.request(request.get_method(), self._target(url), body=data, headers=self._headers_of(request))
            # Of any type, because a cookie jar's stub wants another than it needs.
            response: Any = connection.getresponse()
            with response:
                body: bytes = response.read()
            self._cookies.extract_cookies(response, request)
        except _TooLargeError:
            raise LocustError(f"the answer of {url} is larger than {limit} bytes") from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise self._problem(error) from None
        finally:
            connection.close()
        return Answer(
            status=response.status,
            location=response.headers.get("Location") or "",
            basic=(response.headers.get("WWW-Authenticate") or "").lower().startswith("basic"),
            body=body.decode(errors="replace"),
        )

    def _connection(self, deadline: float, timeout: float, limit: int) -> http.client.HTTPConnection:
        host, port = self._parts.hostname or "", port_of(self._parts)
        at = (host, port) if self._proxy is None else (self._proxy.hostname or "", self._proxy.port or 80)
        # Of any type, because its stub wants a class for `response_class`.
        connection: Any
        if self._context is not None:
            connection = http.client.HTTPSConnection(*at, timeout=timeout, context=self._context)
            if self._proxy is not None:
                connection.set_tunnel(host, port, self._proxy_headers())
        else:
            connection = http.client.HTTPConnection(*at, timeout=timeout)

        def response(sock: socket.socket, *arguments: Any, **options: Any) -> http.client.HTTPResponse:
            reader: Any = _Reader(sock, deadline, limit)
            return http.client.HTTPResponse(reader, *arguments, **options)

        if self._port is not None:
            # Its certificate is that of the name in the URL all the same.
            connection._create_connection = lambda _at, *arguments: socket.create_connection(
                ("127.0.0.1", self._port), *arguments
            )
        connection.response_class = response
        made: http.client.HTTPConnection = connection
        return made

    def _target(self, url: str) -> str:
        parts = urllib.parse.urlsplit(url)
        target = urllib.parse.quote(parts.path or "/", safe="/%:@!$&'()*+,;=~")
        if parts.query:
            target += "?" + urllib.parse.quote(parts.query, safe="/%:@!$&'()*+,;=~?")
        plain_proxy = self._proxy is not None and self._context is None
        return f"{self._parts.scheme}://{self._parts.netloc}{target}" if plain_proxy else target

    def _headers_of(self, request: urllib.request.Request) -> dict[str, str]:
        headers = {"Host": self._parts.netloc, **self._headers, "Connection": "close"}
        cookie = request.get_header("Cookie")
        if cookie is not None:
            given = next((name for name in headers if name.lower() == "cookie"), "Cookie")
            headers[given] = f"{headers[given]}; {cookie}" if given in headers else cookie
        if request.data is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        if self._proxy is not None and self._context is None:
            headers.update(self._proxy_headers())
        return headers

    def _proxy_headers(self) -> dict[str, str]:
        if self._proxy is None or self._proxy.username is None:
            return {}
        username, password = self._proxy.username, self._proxy.password or ""
        return {
            "Proxy-Authorization": _basic(urllib.parse.unquote(username), urllib.parse.unquote(password)),
        }

    def _problem(self, error: Exception) -> LocustError:
        via = f" through the proxy at {self._proxy.hostname}" if self._proxy is not None else ""
        if isinstance(error, ssl.SSLCertVerificationError):
            return LocustError(f"the certificate of {self.url} is not trusted ({error}); set locust_ca_path")
        if isinstance(error, socket.timeout):
            return LocustError(f"no answer from Locust at {self.url}{via} in time", transient=True)
        return LocustError(f"no answer from Locust at {self.url}{via}: {error!r}", transient=True)


def _basic(username: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode("ascii")


def _checked_headers(headers: Mapping[str, Any]) -> dict[str, str]:
    checked = {}
    for name, value in headers.items():
        text = str(value)
        if not _TOKEN.fullmatch(str(name)) or str(name).lower() in _OWN_HEADERS:
            raise BadOptionError("locust_headers", f"{printable(str(name))} is no header that can be set")
        # Its value may be a secret.
        if isinstance(value, (dict, list, bool)) or value is None or not (text.isascii() and text.isprintable()):
            raise BadOptionError("locust_headers", f"the value of {name} is no text that a header can hold")
        checked[str(name)] = text
    return checked


def _context(ca_path: Optional[str], client_cert: Optional[str], client_key: Optional[str]) -> ssl.SSLContext:
    if client_key is not None and client_cert is None:
        raise BadOptionError("locust_client_key", "needs locust_client_cert")
    try:
        context = ssl.create_default_context(cafile=ca_path)
    except OSError as error:
        raise BadOptionError("locust_ca_path", f"{ca_path} cannot be used: {error}") from None
    if client_cert is not None:
        try:
            # Without a password OpenSSL would ask for one at the terminal.
            context.load_cert_chain(client_cert, client_key, password="")
        except (OSError, ValueError) as error:
            raise BadOptionError("locust_client_cert", f"{client_cert} cannot be used: {error}") from None
    return context


def _proxy(parts: urllib.parse.SplitResult) -> Optional[urllib.parse.SplitResult]:
    """Return the proxy of the environment for this address, if there is one."""
    host = parts.hostname or ""
    address = urllib.request.getproxies().get(parts.scheme)
    if not address or urllib.request.proxy_bypass(f"{host}:{port_of(parts)}"):
        return None
    try:
        proxy = urllib.parse.urlsplit(address if "://" in address else f"http://{address}")
        usable = proxy.scheme == "http" and proxy.hostname and proxy.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise BadOptionError("locust_use_proxy", "the proxy of the environment is not http://HOST[:PORT]")
    return proxy

# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Locust over HTTP: the decoded answer to `/stats/requests`, or why there is none."""

from __future__ import annotations

import http.client
import json
import re
import socket
import ssl
import time
from collections import deque
from enum import StrEnum
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import quote, unquote, urlencode, urljoin, urlsplit

import httptools

from locust_exporter.http_config import HttpConfig, basic, header_can_hold, split_url
from locust_exporter.message import IncompleteError, MalformedError, Message, Reader, TooLargeError, receive, remaining
from locust_exporter.yaml_file import ConfigError

# Several times what a Locust gives with all its tables full. An answer that is made for it takes a hundred times its
# own memory once it is decoded, so its values are counted before: by commas and brackets, those in texts among them.
MAX_ANSWER = 8 * 2**20
MAX_VALUES = 250_000
# As browsers do.
_MOST_COOKIES = 50
_LONGEST_COOKIE = 4096
_LONGEST_DETAIL = 500
# What each of the lab's Locust plugins adds to every answer.
HISTOGRAMS_HEADER = "locust-histograms"
RUN_HEADER = "locust-run"
_VERSION_MAX_AGE = 300.0


class Reason(StrEnum):
    """Why Locust could not be read."""

    OK = "ok"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    TLS = "tls"
    PROXY = "proxy"
    LOGIN = "login"
    REDIRECT = "redirect"
    HTTP_STATUS = "http_status"
    INCOMPLETE = "incomplete"
    TOO_LARGE = "too_large"
    NOT_JSON = "not_json"
    NOT_LOCUST = "not_locust"
    CONFIGURATION = "configuration"


class LocustError(Exception):
    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail[:_LONGEST_DETAIL]


class Answer:
    def __init__(self, status: int, message: Message) -> None:
        self.status = status
        self.headers = message.headers
        self.cookies = message.cookies
        self.body = message.body

    @property
    def location(self) -> str:
        return self.headers.get("location", "")

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Locust:
    """One Locust's web interface, for use from several threads. `uri` may hold a base path, and a user and password."""

    def __init__(self, uri: str, config: HttpConfig) -> None:
        parts = split_url(uri)
        if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigError("Locust's address must be http://HOST[:PORT][/PATH] or https://HOST[:PORT][/PATH]")
        self._tls = parts.scheme == "https"
        self._host = parts.hostname
        self._port = parts.port or (443 if self._tls else 80)
        self._base = quote(parts.path.rstrip("/"), safe="/%")
        self._config = config
        self._context = (config.tls or ssl.create_default_context()) if self._tls else None
        host = f"[{self._host}]" if ":" in self._host else self._host
        self._authority = host if parts.port is None else f"{host}:{parts.port}"
        self._origin = f"{parts.scheme}://{self._authority}"
        self.uri = self._origin + self._base
        self._uri_authorization: dict[str, str] = {}
        if parts.username is not None:
            self._uri_authorization["Authorization"] = basic(unquote(parts.username), unquote(parts.password or ""))
        self._idle: deque[socket.socket] = deque()
        self._cookies: dict[str, str] = {}
        self._version: str | None = None
        self._version_until = 0.0

    def stats(self, deadline: float) -> tuple[object, frozenset[str]]:
        """Locust's decoded answer, and the headers of the lab's plugins that it runs with.

        Raises LocustError; logs in first where Locust asks for that and a login is configured.
        """
        answer = self._ask("/stats/requests", deadline)
        if _asks_for_login(answer) and self._config.login:
            self._log_in(deadline)
            answer = self._ask("/stats/requests", deadline)
        return self._decode(answer), frozenset({HISTOGRAMS_HEADER, RUN_HEADER} & answer.headers.keys())

    def histograms(self, endpoints: int, deadline: float) -> object:
        return self._decode(self._ask(f"/stats/histograms?endpoints={endpoints}", deadline))

    def run(self, deadline: float) -> object:
        return self._decode(self._ask("/monitor-lab/run", deadline))

    def version(self, deadline: float) -> str | None:
        """Locust's version, which only its page names; it is asked again after a break, and every five minutes."""
        if time.monotonic() > self._version_until:
            self._version, self._version_until = None, time.monotonic() + _VERSION_MAX_AGE
            self._version = _version_in(self._ask("/", deadline).body)
        return self._version

    def forget(self) -> None:
        """To be called when Locust could not be read: what answers next may be another one."""
        self._version_until = 0.0

    def _decode(self, answer: Answer) -> object:
        if _asks_for_login(answer):
            raise LocustError(Reason.LOGIN, "Locust asks for a login, and none that it accepts is configured")
        if 300 <= answer.status < 400:
            raise LocustError(Reason.REDIRECT, f"the answer is a redirect to {answer.location}")
        if answer.status == 407:
            raise LocustError(Reason.PROXY, "the proxy asks for a login, and none that it accepts is configured")
        if answer.status != 200:
            raise LocustError(Reason.HTTP_STATUS, f"the answer has HTTP status {answer.status}")
        if not _is_bounded(answer.body):
            raise LocustError(Reason.TOO_LARGE, f"the answer has more than {MAX_VALUES} values")
        try:
            return json.loads(answer.body)
        except (ValueError, RecursionError):
            raise LocustError(Reason.NOT_JSON, f"the answer is {answer.content_type}, not JSON") from None

    def _log_in(self, deadline: float) -> None:
        """Send the login form as Locust's login page would: its address is in the page's `authArgs`."""
        account = self._config.login
        if account is None:
            return
        self._cookies = {}
        target = self._form_target(self._ask("/login", deadline))
        try:
            password = account.password.reveal()
        except ConfigError as error:
            raise LocustError(Reason.CONFIGURATION, str(error)) from None
        form = urlencode({"username": account.username, "password": password}).encode("ascii")
        self._ask_for(target, deadline, form)

    def _form_target(self, page: Answer) -> str:
        arguments = _login_arguments(page.body)
        custom_form = arguments.get("custom_form")
        address = arguments.get("username_password_callback")
        if address is None and isinstance(custom_form, dict):
            address = custom_form.get("callback_url")
        if not isinstance(address, str):
            raise LocustError(Reason.LOGIN, "Locust's login page has no form for a user name and a password")
        try:
            url = urlsplit(urljoin(f"{self.uri}/login", address))
        except ValueError:
            raise LocustError(Reason.LOGIN, "Locust's login form goes to no address") from None
        if f"{url.scheme}://{url.netloc}" != self._origin:
            raise LocustError(Reason.LOGIN, "Locust's login form goes to another server")
        return quote(url.path, safe="/%") + (f"?{quote(url.query, safe='=&%')}" if url.query else "")

    def _ask(self, path: str, deadline: float) -> Answer:
        return self._ask_for(self._base + path, deadline)

    def _ask_for(self, target: str, deadline: float, form: bytes | None = None) -> Answer:
        """Asks on a connection that is kept from before if there is one, and anew if that one turns out to be dead."""
        try:
            request = self._request(target, form)
            while kept := self._kept():
                try:
                    return self._exchange(kept, request, deadline)
                except (ConnectionError, ssl.SSLError):
                    self.forget()
            return self._exchange(self._connect(deadline), request, deadline)
        except ConfigError as error:
            raise LocustError(Reason.CONFIGURATION, str(error)) from None
        except TimeoutError:
            raise LocustError(Reason.TIMEOUT, "no whole answer in time") from None
        except ssl.SSLError as error:
            raise LocustError(Reason.TLS, str(error)) from error
        except IncompleteError:
            raise LocustError(Reason.INCOMPLETE, "the answer ends before its end") from None
        except TooLargeError:
            raise LocustError(Reason.TOO_LARGE, f"the answer is larger than {MAX_ANSWER} bytes") from None
        except (OSError, http.client.HTTPException, MalformedError) as error:
            reason = Reason.PROXY if "Tunnel connection failed" in str(error) else Reason.UNREACHABLE
            raise LocustError(reason, str(error) or type(error).__name__) from error

    def _kept(self) -> socket.socket | None:
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _connect(self, deadline: float) -> socket.socket:
        proxy, timeout = self._config.proxy, remaining(deadline)
        host, port = (proxy.hostname or "", proxy.port or 80) if proxy else (self._host, self._port)
        connection = http.client.HTTPConnection(host, port, timeout=timeout)
        if proxy and self._tls:
            connection.set_tunnel(self._host, self._port, self._config.proxy_headers())
        connection.connect()
        if not self._context:
            return connection.sock
        connection.sock.settimeout(remaining(deadline))
        return self._context.wrap_socket(connection.sock, server_hostname=self._config.server_name or self._host)

    def _request(self, target: str, form: bytes | None) -> bytes:
        headers = {"Host": self._authority, **self._uri_authorization, **self._config.headers()}
        if self._cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        if self._config.proxy and not self._tls:
            target = self._origin + target
            headers |= self._config.proxy_headers()
        if form is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": str(len(form))}
        lines = [f"{'GET' if form is None else 'POST'} {target} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + (form or b"")

    def _exchange(self, sock: socket.socket, request: bytes, deadline: float) -> Answer:
        keep = False
        try:
            sock.settimeout(remaining(deadline))
            sock.sendall(request)
            # Locust sends its headers and its body apart, and on a connection that is kept its kernel holds the second
            # back until the first is acknowledged, which Linux by default puts off by 40 ms.
            if hasattr(socket, "TCP_QUICKACK"):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            reader = Reader(httptools.HttpResponseParser, MAX_ANSWER)
            keep = receive(sock, reader, deadline)
            self._keep_cookies(reader.message.cookies)
            return Answer(reader.parser.get_status_code(), reader.message)
        finally:
            if keep:
                self._idle.append(sock)
            else:
                sock.close()

    def _keep_cookies(self, cookies: list[str]) -> None:
        for line in cookies:
            if len(line) > _LONGEST_COOKIE:
                continue
            try:
                cookie = SimpleCookie(line)
            except CookieError:
                continue
            sent = {name: morsel.coded_value for name, morsel in cookie.items()}
            known = self._cookies | {name: value for name, value in sent.items() if header_can_hold(value)}
            self._cookies = dict(list(known.items())[-_MOST_COOKIES:])


def _is_bounded(body: bytearray) -> bool:
    """Whether its JSON has no more values than allowed: each follows a comma, or is the first of its container."""
    return sum(map(body.count, (b",", b"[", b"{"))) <= MAX_VALUES


def _login_arguments(page: bytearray) -> dict[str, Any]:
    if not _is_bounded(page):
        return {}
    # A pattern for the end of the object, too, would take the square of the time on a page made for that.
    found = re.search(r"window\.authArgs\s*=\s*", text := page.decode(errors="replace"))
    try:
        arguments = json.JSONDecoder().raw_decode(text, found.end())[0] if found else {}
    except (ValueError, RecursionError):
        return {}
    return arguments if isinstance(arguments, dict) else {}


def _asks_for_login(answer: Answer) -> bool:
    if answer.status == 401:
        return True
    if 300 <= answer.status < 400:
        return re.split("[?#]", answer.location, maxsplit=1)[0].rstrip("/").endswith("/login")
    return (
        answer.status == 200
        and answer.content_type == "text/html"
        and (b"authArgs" in answer.body or b"Locust auth exception" in answer.body)
    )


def _version_in(page: bytearray) -> str | None:
    found = re.search(rb'(?:"version":\s*"|releases/tag/)([0-9][\w.+-]{0,40})"', page)
    return found[1].decode("ascii") if found else None

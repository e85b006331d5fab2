# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The exporter's own web server: the page of metrics, and a page that leads there."""

from __future__ import annotations

import html
import http.server
import logging
import socket
import ssl
import threading
from http import HTTPStatus
from typing import Any

from locust_exporter.exporter import Exporter
from locust_exporter.exposition import CONTENT_TYPE
from locust_exporter.web_config import WebConfig
from locust_exporter.yaml_file import ConfigError

log = logging.getLogger(__name__)

_THREADS = 8
_CLIENT_TIMEOUT = 5.0


def listen(address: str) -> socket.socket:
    """A socket that listens at `[HOST]:PORT`; without a host, on all interfaces. Raises ConfigError if it cannot."""
    host, colon, port = address.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not port.isdecimal() or int(port) > 65535:
        raise ConfigError(f"the address to listen at must be [HOST]:PORT, not {address!r}")
    try:
        if not host and socket.has_dualstack_ipv6():
            return socket.create_server(("", int(port)), family=socket.AF_INET6, dualstack_ipv6=True)
        family = socket.getaddrinfo(host or "0.0.0.0", int(port), type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, int(port)), family=family)
    except (OSError, UnicodeError) as error:
        raise ConfigError(f"cannot listen at {address}: {error}") from error


class Server:
    """Answers on a listening socket with a fixed number of threads, so that no crowd of clients makes it grow."""

    def __init__(self, listener: socket.socket, path: str, exporter: Exporter, config: WebConfig) -> None:
        self._listener = listener
        self._exporter = exporter
        self._config = config
        members = {"path_of_metrics": path, "exporter": exporter, "config": config}
        self._handler = type("Handler", (_Handler,), members)

    def start(self) -> None:
        for _ in range(_THREADS):
            threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            connection, address = self._listener.accept()
            try:
                connection.settimeout(_CLIENT_TIMEOUT)
                context = self._config.tls()
                if context:
                    connection = context.wrap_socket(connection, server_side=True)
                self._handler(connection, address, self)
                connection.shutdown(socket.SHUT_WR)
            except (OSError, ssl.SSLError) as error:  # the client went away, or speaks no TLS
                log.debug("a client's connection broke: %s", error)
            except ConfigError as error:
                log.error("%s", error)
            finally:
                connection.close()
            self._exporter.look_at_process()


class _Handler(http.server.BaseHTTPRequestHandler):
    path_of_metrics: str
    exporter: Exporter
    config: WebConfig
    server_version = "locust_exporter"
    sys_version = ""
    wbufsize = 2**16  # a small page leaves in one piece with its headers, so that the client need not be woken twice

    def do_GET(self) -> None:
        if not self.config.admits(self.headers.get("Authorization")):
            self._answer(HTTPStatus.UNAUTHORIZED, "text/plain; charset=utf-8", b"Unauthorized\n")
            return
        path = self.path.partition("?")[0]
        if path == self.path_of_metrics:
            self._answer(HTTPStatus.OK, CONTENT_TYPE, self.exporter.scrape(self._scrape_timeout()))
        elif path == "/":
            self._answer(HTTPStatus.OK, "text/html; charset=utf-8", self._landing_page())
        else:
            self._answer(HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", b"Not found\n")

    do_HEAD = do_GET

    def _scrape_timeout(self) -> float | None:
        """What Prometheus will wait, less what the answer needs to get there."""
        try:
            seconds = float(self.headers.get("X-Prometheus-Scrape-Timeout-Seconds", ""))
        except ValueError:
            return None
        return seconds - 0.5 if 1 <= seconds < 3600 else None

    def _landing_page(self) -> bytes:
        path = html.escape(self.path_of_metrics)
        return (
            "<!DOCTYPE html><html lang='en'><title>Locust Exporter</title>"
            f"<h1>Locust Exporter</h1><p><a href='{path}'>Metrics</a></p></html>\n"
        ).encode()

    def _answer(self, status: HTTPStatus, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        if status is HTTPStatus.UNAUTHORIZED:
            self.send_header("WWW-Authenticate", "Basic")
        for name, value in self.config.headers().items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        log.debug("%s %s", self.address_string(), format % args)

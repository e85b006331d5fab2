# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""TLS and basic authentication of the exporter's own endpoint: the file of `--web.config.file`.

It has the form that Prometheus's exporters share
(https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md), without what Python's TLS can't
do: HTTP/2, a choice of curves, client certificates that are asked for and not verified. What is not supported is
refused by name. The file, and the certificates that it names, are read anew when they change.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import logging
import ssl
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import bcrypt

from locust_exporter.http_config import header_can_hold
from locust_exporter.yaml_file import ConfigError, Section, load

log = logging.getLogger(__name__)

_TLS_VERSIONS = {"TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3}
_CLIENT_AUTH = {
    "NoClientCert": ssl.CERT_NONE,
    "VerifyClientCertIfGiven": ssl.CERT_OPTIONAL,
    "RequireAndVerifyClientCert": ssl.CERT_REQUIRED,
}
_HEADERS = (
    "Content-Security-Policy",
    "Strict-Transport-Security",
    "X-Content-Type-Options",
    "X-Frame-Options",
    "X-XSS-Protection",
)
# Compared with where the user is not known, so that the time of an answer tells nobody which users there are.
_NOBODY = bcrypt.hashpw(b"", bcrypt.gensalt(10))

# Of each file what differs after a write or a rename, whatever the clock says meanwhile; None where there is none.
_Stamp = tuple[tuple[Path, tuple[int, int, int] | None], ...]


@dataclass(frozen=True)
class _Loaded:
    stamp: _Stamp = ()
    tls: ssl.SSLContext | None = None
    users: dict[str, bytes] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


class WebConfig:
    """The configuration as it is now, for use from several threads. Without a file: plain HTTP, open to all.

    Raises ConfigError if the file is wrong at the start; a later change that is wrong is logged, and the last good one
    stays.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._admitted: set[bytes] = set()
        self._loaded = _load(path) if path else _Loaded()

    def tls(self) -> ssl.SSLContext | None:
        return self._current().tls

    def headers(self) -> dict[str, str]:
        return self._current().headers

    def admits_at_once(self, authorization: str | None) -> bool | None:
        """Whether a request with this `Authorization` header may be answered; None if bcrypt has to tell."""
        users = self._current().users
        if not users:
            return True
        account = _account(authorization)
        if account is None:
            return False
        return True if _digest(users, *account) in self._admitted else None

    def admits(self, authorization: str | None) -> bool:
        """Whether a request with this `Authorization` header may be answered; it may take as long as bcrypt."""
        at_once = self.admits_at_once(authorization)
        account = _account(authorization)
        if at_once is not None or account is None:
            return bool(at_once)
        users = self._current().users
        username, password = account
        try:
            known = bcrypt.checkpw(password.encode()[:72], users.get(username, _NOBODY)) and username in users
        except ValueError:
            return False
        if known:
            # bcrypt takes a tenth of a second on purpose, which a scrape every few seconds need not pay each time.
            digest = _digest(users, username, password)
            with self._lock:
                self._admitted = {*self._admitted, digest} if len(self._admitted) < 100 else {digest}
        return known

    def _current(self) -> _Loaded:
        if self._path is None:
            return self._loaded
        with self._lock:
            stamp = _stamp([path for path, _unused in self._loaded.stamp])
            if stamp != self._loaded.stamp:
                try:
                    self._loaded = _load(self._path)
                except ConfigError as error:
                    log.error("the web configuration stays as it was: %s", error)
                    self._loaded = replace(self._loaded, stamp=stamp)
            return self._loaded


def _account(authorization: str | None) -> tuple[str, str] | None:
    kind, _unused, encoded = (authorization or "").partition(" ")
    try:
        username, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (username, password) if kind.lower() == "basic" and colon else None


def _digest(users: dict[str, bytes], username: str, password: str) -> bytes:
    return hashlib.sha256(b"\0".join((username.encode(), users.get(username, _NOBODY), password.encode()))).digest()


def _stamp(paths: Iterable[Path]) -> _Stamp:
    """Return it; to be taken before the files are read, so that what changes meanwhile is read again."""
    found: list[tuple[Path, tuple[int, int, int] | None]] = []
    for path in paths:
        try:
            status = path.stat()
        except OSError:
            found.append((path, None))
        else:
            found.append((path, (status.st_ino, status.st_mtime_ns, status.st_size)))
    return tuple(found)


def _load(path: Path) -> _Loaded:
    stamp = _stamp([path])
    section = load(path)
    tls, stamp_of_files = _tls(section.section("tls_server_config"))
    headers = _http_server(section.section("http_server_config"))
    users = _users(section.section("basic_auth_users"))
    section.finish()
    return _Loaded(stamp + stamp_of_files, tls, users, headers)


def _tls(section: Section | None) -> tuple[ssl.SSLContext | None, _Stamp]:
    if section is None:
        return None, ()
    cert, key, client_ca = section.path("cert_file"), section.path("key_file"), section.path("client_ca_file")
    client_auth = section.choice("client_auth_type", _CLIENT_AUTH, ssl.CERT_NONE)
    lowest = section.choice("min_version", _TLS_VERSIONS, ssl.TLSVersion.TLSv1_2)
    highest = section.choice("max_version", _TLS_VERSIONS, ssl.TLSVersion.TLSv1_3)
    section.finish()
    if cert is None or key is None:
        raise ConfigError(f"{section.where}: needs cert_file and key_file")
    if (client_ca is None) == (client_auth != ssl.CERT_NONE):
        raise ConfigError(f"{section.where}: client_ca_file and a client_auth_type that verifies belong together")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version, context.maximum_version = lowest, highest
    context.verify_mode = client_auth
    stamp = _stamp(file for file in (cert, key, client_ca) if file)
    try:
        context.load_cert_chain(cert, key)
        if client_ca:
            context.load_verify_locations(client_ca)
    except OSError as error:
        raise ConfigError(f"{section.where}: cannot load the certificates: {error}") from error
    return context, stamp


def _http_server(section: Section | None) -> dict[str, str]:
    if section is None:
        return {}
    section.flag("http2")  # Prometheus's default is true, and a server may always answer with HTTP/1.1
    wanted = section.section("headers")
    section.finish()
    headers = {name: wanted.text(name) for name in _HEADERS} if wanted else {}
    if wanted:
        wanted.finish()
    for name, value in headers.items():
        if not header_can_hold(value or ""):
            raise ConfigError(
                f"{section.where}: the header {name} cannot hold its value: it has a line break or the like"
            )
    return {name: value for name, value in headers.items() if value}


def _users(section: Section | None) -> dict[str, bytes]:
    users: dict[str, bytes] = {}
    for name in section.keys() if section else ():
        hashed = (section.text(name) if section else None) or ""
        if not hashed.startswith(("$2a$", "$2b$", "$2y$")) or len(hashed) != 60:
            raise ConfigError(f"{section.where if section else ''}: {name!r} needs a bcrypt hash")
        users[name] = hashed.encode("ascii", "replace")
    return users

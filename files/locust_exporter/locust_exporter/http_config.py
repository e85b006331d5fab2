# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""How Locust is reached: the file of `--locust.http-config.file`.

It has the form of Prometheus's own `http_config`
(https://prometheus.io/docs/prometheus/latest/configuration/configuration/#http_config), as far as it applies here:
`basic_auth`, `authorization`, `tls_config`, `proxy_url`, `http_headers`; and `login` for Locust's `--web-login`.
Secrets may be written into it or lie in files of their own, which are read each time that they are used.
"""

from __future__ import annotations

import base64
import re
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from locust_exporter.yaml_file import ConfigError, Section, load


@dataclass(frozen=True)
class Secret:
    """A value that stands in the configuration, or in a file that is read anew at each use."""

    value: str | None = field(default=None, repr=False)
    file: Path | None = None

    def reveal(self) -> str:
        """Return the secret. Raises ConfigError if its file cannot be read."""
        if self.file is None:
            return self.value or ""
        try:
            return self.file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"cannot read the secret in {self.file}: {error}") from error


@dataclass(frozen=True)
class Account:
    username: str
    password: Secret


@dataclass(frozen=True)
class HttpConfig:
    basic_auth: Account | None = None
    login: Account | None = None
    authorization: tuple[str, Secret] | None = None
    proxy: SplitResult | None = None
    extra_headers: tuple[tuple[str, Secret], ...] = ()
    tls: ssl.SSLContext | None = None
    server_name: str | None = None

    def headers(self) -> dict[str, str]:
        """Return the headers of each request to Locust. Raises ConfigError if a secret's file cannot be read."""
        headers: dict[str, str] = {}
        if self.basic_auth:
            headers["Authorization"] = basic(self.basic_auth.username, self.basic_auth.password.reveal())
        if self.authorization:
            kind, credentials = self.authorization
            headers["Authorization"] = f"{kind} {credentials.reveal()}"
        for name, secret in self.extra_headers:
            value = secret.reveal()
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        for name, value in headers.items():
            if not header_can_hold(value):
                raise ConfigError(f"the header {name} cannot hold its value: it has a line break or the like")
        return headers

    def proxy_headers(self) -> dict[str, str]:
        if self.proxy is None or self.proxy.username is None:
            return {}
        return {"Proxy-Authorization": basic(unquote(self.proxy.username), unquote(self.proxy.password or ""))}


def header_can_hold(value: str) -> bool:
    return value.isprintable() and all(character < "\u0100" for character in value)


def split_url(url: str) -> SplitResult | None:
    """Return the parts of a URL that names a host and has a usable port, or none; None for anything else."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
        host.encode("idna")
    except ValueError:
        return None
    return parts if host else None


def basic(username: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode("ascii")


def read(path: Path) -> HttpConfig:
    """Read the configuration in `path`. Raises ConfigError with what is wrong and where."""
    section = load(path)
    tls, server_name = _tls(section.section("tls_config"))
    config = HttpConfig(
        basic_auth=_account(section.section("basic_auth")),
        login=_account(section.section("login")),
        authorization=_authorization(section.section("authorization")),
        proxy=_proxy(section),
        extra_headers=tuple(_headers(section.section("http_headers"))),
        tls=tls,
        server_name=server_name,
    )
    section.finish()
    if config.basic_auth and config.authorization:
        raise ConfigError(f"{path}: give basic_auth or authorization, not both")
    try:
        config.headers()
        if config.login:
            config.login.password.reveal()
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error
    return config


def _secret(section: Section, key: str) -> Secret:
    value, file = section.text(key), section.path(f"{key}_file")
    if (value is None) == (file is None):
        raise ConfigError(f"{section.where}: give {key} or {key}_file")
    return Secret(value, file)


def _account(section: Section | None) -> Account | None:
    if section is None:
        return None
    account = Account(section.required_text("username"), _secret(section, "password"))
    section.finish()
    return account


def _authorization(section: Section | None) -> tuple[str, Secret] | None:
    if section is None:
        return None
    authorization = (section.text("type") or "Bearer", _secret(section, "credentials"))
    section.finish()
    return authorization


def _proxy(section: Section) -> SplitResult | None:
    url = section.text("proxy_url")
    if url is None:
        return None
    proxy = split_url(url)
    if proxy is None or proxy.scheme != "http":
        raise ConfigError(f"{section.where}: proxy_url must be http://HOST:PORT")
    return proxy


def _headers(section: Section | None) -> list[tuple[str, Secret]]:
    headers: list[tuple[str, Secret]] = []
    for name in section.keys() if section else ():
        if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
            raise ConfigError(f"{section.where if section else ''}: {name!r} is not the name of a header")
        header = section.section(name) if section else None
        if header is None:
            raise ConfigError(f"{section.where if section else ''}: {name} needs values, secrets or files")
        headers += [(name, Secret(value)) for key in ("values", "secrets") for value in header.texts(key)]
        headers += [(name, Secret(file=header.resolve(file))) for file in header.texts("files")]
        header.finish()
    return headers


def _tls(section: Section | None) -> tuple[ssl.SSLContext | None, str | None]:
    if section is None:
        return None, None
    ca_file, cert_file, key_file = section.path("ca_file"), section.path("cert_file"), section.path("key_file")
    server_name, insecure = section.text("server_name"), section.flag("insecure_skip_verify")
    section.finish()
    if key_file and not cert_file:
        raise ConfigError(f"{section.where}: key_file needs cert_file")
    try:
        context = ssl.create_default_context(cafile=ca_file)
        if cert_file:
            context.load_cert_chain(cert_file, key_file)
    except OSError as error:
        raise ConfigError(f"{section.where}: cannot load the certificates: {error}") from error
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context, server_name

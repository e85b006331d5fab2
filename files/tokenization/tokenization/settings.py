# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Settings come from the environment; secrets come from files that it names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


class SettingsError(Exception):
    """What is wrong, where, and what to do."""


@dataclass(frozen=True)
class Settings:
    host: str
    port: int
    database: Path
    database_alone: bool
    dsn: str | None
    private_key: bytes
    private_key_file: Path
    bearer_token: str
    require_token_to_tokenize: bool
    hosts: tuple[str, ...]
    tls_files: tuple[Path, Path] | None
    metrics_token_file: Path | None


def load(environment: Mapping[str, str]) -> Settings:
    """Read the settings. Raises SettingsError."""
    port = environment.get("TOKENIZATION_PORT", "5000")
    if not (port.isascii() and port.isdigit() and int(port) < 65536):
        raise SettingsError("TOKENIZATION_PORT must be a number from 0 to 65535 (0: any that is free)")
    private_key = _secret(environment, "TOKENIZATION_PRIVATE_KEY_FILE")
    if not re.fullmatch("[0-9a-fA-F]{64}", private_key):
        raise SettingsError("TOKENIZATION_PRIVATE_KEY_FILE must hold 64 hex digits, such as: openssl rand -hex 32")
    return Settings(
        host=environment.get("TOKENIZATION_HOST", "127.0.0.1"),
        port=int(port),
        database=Path(environment.get("TOKENIZATION_DATABASE", "/app/saves/vault.db")),
        database_alone=_switch(environment, "TOKENIZATION_DATABASE_ALONE"),
        dsn=_secret(environment, "TOKENIZATION_DSN_FILE") if "TOKENIZATION_DSN_FILE" in environment else None,
        private_key=bytes.fromhex(private_key),
        private_key_file=_file(environment, "TOKENIZATION_PRIVATE_KEY_FILE")[1],
        bearer_token=read_token(*_file(environment, "TOKENIZATION_BEARER_TOKEN_FILE")),
        require_token_to_tokenize=_switch(environment, "TOKENIZATION_REQUIRE_TOKEN_TO_TOKENIZE"),
        hosts=_hosts(environment),
        tls_files=_tls_files(environment),
        metrics_token_file=_metrics_token_file(environment),
    )


def read_token(variable: str, file: Path) -> str:
    """Return the bearer token in the file that the variable names. Raises SettingsError, which does not quote it."""
    token = _text(variable, file)
    if not re.fullmatch("[!-~]{16,}", token):
        raise SettingsError(
            f"{variable} must hold at least 16 ASCII characters without spaces, such as: openssl rand -hex 32"
        )
    return token


def _switch(environment: Mapping[str, str], variable: str) -> bool:
    chosen = environment.get(variable, "0")
    if chosen not in ("0", "1"):
        raise SettingsError(f"{variable} must be 0 or 1")
    return chosen == "1"


def _hosts(environment: Mapping[str, str]) -> tuple[str, ...]:
    names = tuple(name.strip() for name in environment.get("TOKENIZATION_HOSTS", "").split(",") if name.strip())
    for name in names:
        if not re.fullmatch("[A-Za-z0-9._-]+", name):
            raise SettingsError(
                "TOKENIZATION_HOSTS must hold names with commas between them, without a scheme or a port, "
                f"such as: vault.example.org,vault; not: {name}"
            )
    return names


def _tls_files(environment: Mapping[str, str]) -> tuple[Path, Path] | None:
    variables = "TOKENIZATION_TLS_CERT_FILE", "TOKENIZATION_TLS_KEY_FILE"
    cert, key = (environment.get(variable) for variable in variables)
    if cert and key:
        return Path(cert), Path(key)
    if cert or key:
        raise SettingsError("{} and {}: set both, or none".format(*variables))
    return None


def _metrics_token_file(environment: Mapping[str, str]) -> Path | None:
    variable = "TOKENIZATION_METRICS_TOKEN_FILE"
    return _file(environment, variable)[1] if variable in environment else None


def _secret(environment: Mapping[str, str], variable: str) -> str:
    return _text(*_file(environment, variable))


def _file(environment: Mapping[str, str], variable: str) -> tuple[str, Path]:
    """Return the variable, for messages, and the file that it names."""
    if not environment.get(variable):
        raise SettingsError(f"{variable} is not set: it must name a file")
    return variable, Path(environment[variable])


def _text(variable: str, file: Path) -> str:
    try:
        return file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{variable}: {error}") from error

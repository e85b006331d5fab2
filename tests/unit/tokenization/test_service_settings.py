# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
from __future__ import annotations

from pathlib import Path

import pytest
from tokenization.settings import SettingsError, load


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "key").write_text("0a" * 32 + "\n")
    (tmp_path / "bearer").write_text("sixteen-letters-\n")
    return {
        "TOKENIZATION_PRIVATE_KEY_FILE": str(tmp_path / "key"),
        "TOKENIZATION_BEARER_TOKEN_FILE": str(tmp_path / "bearer"),
    }


def test_defaults(environment: dict[str, str]) -> None:
    settings = load(environment)
    assert (settings.host, settings.port) == ("127.0.0.1", 5000)
    assert settings.database == Path("/app/saves/vault.db")
    assert not settings.database_alone
    assert settings.dsn is None
    assert settings.private_key == b"\n" * 32
    assert settings.bearer_token == "sixteen-letters-"
    assert not settings.require_token_to_tokenize
    assert settings.hosts == ()
    assert settings.tls_files is None
    assert settings.metrics_token_file is None


def test_everything_set(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "dsn").write_text("postgresql://vault@localhost/vault\n")
    settings = load(
        {
            **environment,
            "TOKENIZATION_HOST": "10.0.0.1",
            "TOKENIZATION_PORT": "30500",
            "TOKENIZATION_DATABASE": "/data/v.db",
            "TOKENIZATION_DATABASE_ALONE": "1",
            "TOKENIZATION_DSN_FILE": str(tmp_path / "dsn"),
            "TOKENIZATION_REQUIRE_TOKEN_TO_TOKENIZE": "1",
            "TOKENIZATION_HOSTS": "vault.example.org, vault",
            "TOKENIZATION_TLS_CERT_FILE": "/tls/tls.crt",
            "TOKENIZATION_TLS_KEY_FILE": "/tls/tls.key",
            "TOKENIZATION_METRICS_TOKEN_FILE": "/keys/metrics_token",
        }
    )
    assert (settings.host, settings.port) == ("10.0.0.1", 30500)
    assert settings.database == Path("/data/v.db")
    assert settings.database_alone
    assert settings.dsn == "postgresql://vault@localhost/vault"
    assert settings.require_token_to_tokenize
    assert settings.hosts == ("vault.example.org", "vault")
    assert settings.tls_files == (Path("/tls/tls.crt"), Path("/tls/tls.key"))
    assert settings.metrics_token_file == Path("/keys/metrics_token")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("TOKENIZATION_PORT", "http"),
        ("TOKENIZATION_PORT", "65536"),
        ("TOKENIZATION_PORT", "-1"),
        ("TOKENIZATION_REQUIRE_TOKEN_TO_TOKENIZE", "yes"),
        ("TOKENIZATION_DSN_FILE", "/nowhere"),
        ("TOKENIZATION_HOSTS", "http://vault"),
        ("TOKENIZATION_HOSTS", "vault:5000"),
        ("TOKENIZATION_TLS_CERT_FILE", "/tls/tls.crt"),
        ("TOKENIZATION_TLS_KEY_FILE", "/tls/tls.key"),
        ("TOKENIZATION_PRIVATE_KEY_FILE", "/nowhere"),
        ("TOKENIZATION_BEARER_TOKEN_FILE", "/nowhere"),
        ("TOKENIZATION_METRICS_TOKEN_FILE", ""),
    ],
)
def test_the_message_names_the_variable(environment: dict[str, str], variable: str, value: str) -> None:
    with pytest.raises(SettingsError, match=variable):
        load({**environment, variable: value})


@pytest.mark.parametrize("variable", ["TOKENIZATION_PRIVATE_KEY_FILE", "TOKENIZATION_BEARER_TOKEN_FILE"])
@pytest.mark.parametrize("content", ["", "short", "not hex, and with spaces, but long enough"])
def test_a_bad_secret_is_not_quoted(environment: dict[str, str], variable: str, content: str) -> None:
    Path(environment[variable]).write_text(content)
    with pytest.raises(SettingsError, match=variable) as raised:
        load(environment)
    assert not content or content not in str(raised.value)


def test_a_secret_is_required(environment: dict[str, str]) -> None:
    del environment["TOKENIZATION_BEARER_TOKEN_FILE"]
    with pytest.raises(SettingsError, match="not set"):
        load(environment)

# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Flags, environment and files: what is accepted, and how what is wrong is told."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import bcrypt
import pytest
import trustme
from locust_exporter import http_config
from locust_exporter.__main__ import main, parser
from locust_exporter.server import listen
from locust_exporter.web_config import WebConfig
from locust_exporter.yaml_file import ConfigError

# The old exporter's flags, environment and defaults.
OLD_FLAGS = [
    ("locust.uri", "LOCUST_EXPORTER_URI", "http://localhost:8089", "http://elsewhere", "http://elsewhere"),
    ("locust.timeout", "LOCUST_EXPORTER_TIMEOUT", 5.0, "1m30s", 90.0),
    ("web.listen-address", "LOCUST_EXPORTER_WEB_LISTEN_ADDRESS", ":9646", "[::1]:1", "[::1]:1"),
    ("web.telemetry-path", "LOCUST_EXPORTER_WEB_TELEMETRY_PATH", "/metrics", "/m", "/m"),
    ("locust.namespace", "LOCUST_METRIC_NAMESPACE", "locust", "load", "load"),
]


@pytest.mark.parametrize(("flag", "variable", "default", "text", "value"), OLD_FLAGS)
def test_flag_before_environment_before_default(
    monkeypatch: pytest.MonkeyPatch, flag: str, variable: str, default: object, text: str, value: object
) -> None:
    assert vars(parser().parse_args([]))[flag] == default
    monkeypatch.setenv(variable, text)
    assert vars(parser().parse_args([]))[flag] == value
    monkeypatch.setenv(variable, str(default) if flag != "locust.timeout" else "5s")
    assert vars(parser().parse_args([f"--{flag}={text}"]))[flag] == value
    assert vars(parser().parse_args([f"--{flag}", text]))[flag] == value


@pytest.mark.parametrize("level", ["debug", "info", "warn", "error", "fatal"])
def test_the_old_exporter_s_levels(level: str) -> None:
    assert vars(parser().parse_args([f"--log.level={level}"]))["log.level"] == level


@pytest.mark.parametrize(
    ("arguments", "stream"), [([], "stderr"), (["--log.format=logger:stdout?json=true"], "stdout")]
)
def test_the_old_exporter_s_formats(arguments: list[str], stream: str) -> None:
    folder = Path(__file__).resolve().parents[3] / "files" / "locust_exporter"
    command = [sys.executable, "-m", "locust_exporter", "--web.listen-address=127.0.0.1:0", *arguments]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        pipe = process.stdout if stream == "stdout" else process.stderr
        assert pipe
        line = pipe.readline()
        process.terminate()
    if arguments:
        line = json.loads(line)["msg"]
    assert "listening at port" in line


@pytest.mark.parametrize(("text", "seconds"), [("5s", 5), ("500ms", 0.5), ("1m30s", 90), ("1h", 3600), ("1.5s", 1.5)])
def test_durations(text: str, seconds: float) -> None:
    assert vars(parser().parse_args(["--locust.timeout", text]))["locust.timeout"] == seconds


@pytest.mark.parametrize(
    "arguments",
    [
        ["--locust.timeout=5"],
        ["--locust.timeout="],
        ["--locust.timeout=0s"],
        ["--locust.timeout=-5s"],
        ["--locust.namespace=1st"],
        ["--locust.namespace=a-b"],
        ["--web.telemetry-path=metrics"],
        ["--web.telemetry-path=/"],
        ["--locust.histogram-endpoints=-1"],
        ["--locust.url=http://x"],
        ["--locust.ur=http://x"],
        ["--log.level=loud"],
        ["--log.format=logger:syslog?appname=x&local=7"],
    ],
)
def test_wrong_flags_end_it_with_a_message(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert arguments[0].partition("=")[0] in capsys.readouterr().err


@pytest.mark.parametrize(
    "uri", ["localhost:8089", "ftp://x", "http://", "", "http://h:99999", "http://h:x", "http://[x", "http://a..b"]
)
def test_wrong_addresses_end_it_with_one_line(uri: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([f"--locust.uri={uri}", "--web.listen-address=127.0.0.1:0"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("locust_exporter: Locust's address must be http://HOST")
    assert error.count("\n") == 1


@pytest.mark.parametrize("address", ["9646", "127.0.0.1", ":", ":x", ":70000", "[::1", "no-such-host.invalid:1"])
def test_wrong_places_to_listen_end_it_with_one_line(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([f"--web.listen-address={address}"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("address", ["127.0.0.1:0", ":0", "localhost:0"])
def test_places_to_listen(address: str) -> None:
    with listen(address) as listener:
        assert listener.getsockname()[1] > 0


def test_a_port_that_is_taken_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with listen("127.0.0.1:0") as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        assert main([f"--web.listen-address={address}"]) == 2
    assert f"cannot listen at {address}" in capsys.readouterr().err


def test_it_names_itself() -> None:
    folder = Path(__file__).resolve().parents[3] / "files" / "locust_exporter"
    command = [sys.executable, "-m", "locust_exporter", "--version"]
    assert subprocess.check_output(command, cwd=folder, text=True).startswith("locust_exporter 1.")


def write(folder: Path, text: str, name: str = "config.yml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("basic_auth: {username: u, password: p, passwort: p}", "basic_auth: not known here: passwort"),
        ("basic_auth: {password: p}", "username is missing"),
        ("basic_auth: {username: u}", "give password or password_file"),
        ("basic_auth: {username: u, password: p, password_file: f}", "give password or password_file"),
        ("basic_auth: {username: u, password_file: none}", "cannot read the secret in"),
        ("basic_auth: {username: u, password: 5}", "password must be text"),
        ("basic_auth: [u]", "basic_auth must be a mapping"),
        ("basic_auth: {username: u, password: p}\nauthorization: {credentials: c}", "not both"),
        ("login: {username: u, password_file: none}", "cannot read the secret in"),
        ("proxy_url: https://proxy:1", "proxy_url must be http://HOST:PORT"),
        ("proxy_url: http://proxy:99999", "proxy_url must be http://HOST:PORT"),
        ("proxy_url: http://[proxy", "proxy_url must be http://HOST:PORT"),
        ("http_headers: {X-A: text}", "X-A must be a mapping"),
        ("http_headers: {X-A: {values: text}}", "values must be a list"),
        ("http_headers: {X-A: {values: [5]}}", "values must be a list of texts"),
        ("http_headers: {X-A: }", "X-A needs values, secrets or files"),
        ('http_headers: {X-A: {values: ["a\\nb"]}}', "X-A cannot hold its value"),
        ("http_headers: {X A: {values: [a]}}", "'X A' is not the name of a header"),
        ('authorization: {credentials: "🦗"}', "Authorization cannot hold its value"),
        ("tls_config: {ca_file: none.pem}", "cannot load the certificates"),
        ("tls_config: {key_file: key.pem}", "key_file needs cert_file"),
        ("tls_config: {insecure_skip_verify: yes please}", "must be true or false"),
        ("follow_redirects: true", "not known here: follow_redirects"),
        ("[]", "must hold a mapping"),
        ("a: [", "line 1: not YAML"),
    ],
)
def test_a_wrong_http_config_is_told(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=r"config\.yml") as raised:
        http_config.read(write(tmp_path, text))
    assert message in str(raised.value)


def test_a_secret_is_not_in_a_message_about_its_place(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        http_config.read(write(tmp_path, "basic_auth: {username: u, password: hush hush: hush}"))
    assert "hush" not in str(raised.value)


def test_an_empty_http_config_changes_nothing(tmp_path: Path) -> None:
    assert http_config.read(write(tmp_path, "")) == http_config.HttpConfig()


def test_secrets_do_not_show(tmp_path: Path) -> None:
    config = http_config.read(write(tmp_path, "login: {username: u, password: hush}"))
    assert "hush" not in repr(config)


def test_a_missing_file_ends_it_with_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for flag in ("locust.http-config.file", "web.config.file"):
        assert main([f"--{flag}={tmp_path}/none.yml", "--web.listen-address=127.0.0.1:0"]) == 2
        error = capsys.readouterr().err
        assert "none.yml" in error
        assert error.count("\n") == 1


TLS = "tls_server_config: {cert_file: a, key_file: b, "
HASH = bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("basic_auth_users: {u: secret}", "'u' needs a bcrypt hash"),
        ("basic_auth_users: {u: }", "'u' needs a bcrypt hash"),
        ("basic_auth_users: [u]", "must be a mapping"),
        ("tls_server_config: {}", "needs cert_file and key_file"),
        ("tls_server_config: {cert_file: none.pem, key_file: none.key}", "cannot load the certificates"),
        (TLS + "min_version: TLS10}", "min_version must be one of TLS12, TLS13"),
        (TLS + "client_ca_file: c}", "belong together"),
        (TLS + "client_auth_type: RequireAndVerifyClientCert}", "belong together"),
        (TLS + "client_auth_type: RequestClientCert}", "must be one of"),
        (TLS + "cipher_suites: [X]}", "not known here: cipher_suites"),
        ("http_server_config: {headers: {X-Other: x}}", "not known here: X-Other"),
        ('http_server_config: {headers: {X-Frame-Options: "a\\nb"}}', "X-Frame-Options cannot hold its value"),
        ("rate_limit: {}", "not known here: rate_limit"),
    ],
)
def test_a_wrong_web_config_is_told(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=r"config\.yml") as raised:
        WebConfig(write(tmp_path, text))
    assert message in str(raised.value)


def test_who_may_come_in(tmp_path: Path) -> None:
    config = WebConfig(write(tmp_path, f"basic_auth_users: {{prometheus: {HASH}}}"))
    assert config.admits(http_config.basic("prometheus", "secret"))
    assert config.admits(http_config.basic("prometheus", "secret"))
    for username, password in (
        ("prometheus", "wrong"),
        ("nobody", "secret"),
        ("", ""),
        ("nobody", ""),
        ("p", "x" * 200),
    ):
        assert not config.admits(http_config.basic(username, password))
    for authorization in (None, "", "Basic", "Basic !", "Bearer secret", "Basic /w==", "Basic cHJvbWV0aGV1cw=="):
        assert not config.admits(authorization)
    assert not config.admits(http_config.basic("prometheus", "sec\0ret"))


def test_without_a_file_everybody_may() -> None:
    config = WebConfig(None)
    assert config.admits(None)
    assert config.tls() is None


def test_the_file_is_read_anew(tmp_path: Path) -> None:
    path = write(tmp_path, f"basic_auth_users: {{prometheus: {HASH}}}")
    config = WebConfig(path)
    assert not config.admits(None)
    path.write_text("", encoding="utf-8")
    assert config.admits(None)


def pair(tmp_path: Path) -> tuple[Path, bytes, Path, bytes]:
    """The files of a certificate and its key, and what each is to hold."""
    issued = trustme.CA().issue_cert("localhost")
    return (
        tmp_path / "cert.pem",
        issued.cert_chain_pems[0].bytes(),
        tmp_path / "cert.key",
        issued.private_key_pem.bytes(),
    )


def test_a_file_of_the_same_time_is_read_anew(tmp_path: Path) -> None:
    """As the clock may have it that was set back, or whoever brings files with their times."""
    path = write(tmp_path, f"basic_auth_users: {{prometheus: {HASH}}}")
    config = WebConfig(path)
    assert not config.admits(None)
    times = path.stat()
    for text, admits in (("", True), (f"basic_auth_users: {{other: {HASH}}}", False), ("", True)):
        beside = write(tmp_path, text, "beside.yml")
        os.utime(beside, ns=(times.st_atime_ns, times.st_mtime_ns))
        beside.replace(path)
        assert config.admits(None) == admits


def test_a_pair_of_an_hour_ago_is_taken(tmp_path: Path) -> None:
    cert_file, cert, key_file, key = pair(tmp_path)
    cert_file.write_bytes(cert)
    key_file.write_bytes(key)
    config = WebConfig(write(tmp_path, "tls_server_config: {cert_file: cert.pem, key_file: cert.key}"))
    before = config.tls()
    _unused, cert, _unused, key = pair(tmp_path)
    for file, content in ((cert_file, cert), (key_file, key)):
        file.write_bytes(content)
        times = file.stat()
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns - 3600 * 10**9))
    assert config.tls() is not before


def test_what_is_written_while_the_files_are_read_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key, just after it was found that the old one is not that of the new certificate."""
    cert_file, cert, key_file, key = pair(tmp_path)
    cert_file.write_bytes(cert)
    key_file.write_bytes(key)
    config = WebConfig(write(tmp_path, "tls_server_config: {cert_file: cert.pem, key_file: cert.key}"))
    before = config.tls()
    _unused, cert, _unused, key = pair(tmp_path)
    cert_file.write_bytes(cert)
    load = ssl.SSLContext.load_cert_chain

    def slow(self: ssl.SSLContext, *arguments: Any) -> None:
        try:
            load(self, *arguments)
        finally:
            key_file.write_bytes(key)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(ssl.SSLContext, "load_cert_chain", slow)
        assert config.tls() is before
    assert config.tls() is not before


def test_a_client_certificate_that_is_verified_if_given(tmp_path: Path) -> None:
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    issued = ca.issue_cert("localhost")
    issued.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    issued.private_key_pem.write_to_path(str(tmp_path / "cert.key"))
    tls = "cert_file: cert.pem, key_file: cert.key, client_ca_file: ca.pem, client_auth_type: VerifyClientCertIfGiven"
    assert WebConfig(write(tmp_path, f"tls_server_config: {{{tls}}}")).tls() is not None

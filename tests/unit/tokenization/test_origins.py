# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
from __future__ import annotations

import pytest
from tokenization.origins import Hosts

HOSTS = Hosts(["Vault.example.org", "vault"])


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.1:5000",
        "10.1.2.3:80",
        "[::1]",
        "[fd00::1]:5000",
        "localhost",
        "LOCALHOST:5000",
        "vault",
        "vault.example.org:5000",
        "VAULT.EXAMPLE.ORG",
    ],
)
def test_what_the_service_is_called(host: str) -> None:
    assert HOSTS.refused([(b"host", host.encode())], "http") is None


@pytest.mark.parametrize(
    "host",
    [
        "",
        "attacker.example",
        "localhost.attacker.example",
        "127.0.0.1.attacker.example",
        "vault.example.org.attacker.example",
        "localhost@attacker.example",
        "attacker.example:127",
        "127.0.0.1:x",
        "127.0.0.1:5000:5000",
        "::1",
        "[127.0.0.1]",
        "[::1",
        "[attacker.example]",
        "2130706433",
        "\xff",
        "localhost\t",
    ],
)
def test_what_it_is_not_called(host: str) -> None:
    # The second time from what it remembers.
    for _unused in range(2):
        refused = HOSTS.refused([(b"host", host.encode("latin-1"))], "http")
        assert refused is not None
        assert refused[0] == 421


def test_each_of_several_has_to_be_right() -> None:
    headers = [(b"host", b"localhost"), (b"host", b"attacker.example"), (b"host", b"localhost")]
    assert HOSTS.refused(headers, "http") is not None


def test_what_is_no_browser_may_say_nothing() -> None:
    assert HOSTS.refused([(b"accept", b"*/*")], "http") is None


@pytest.mark.parametrize(
    ("scheme", "origin", "served"),
    [
        ("http", "http://localhost:5000", True),
        ("https", "https://LOCALHOST:5000", True),
        ("http", "https://localhost:5000", False),
        ("http", "http://localhost", False),
        ("http", "http://localhost:5001", False),
        ("http", "http://attacker.example", False),
        ("http", "null", False),
        ("http", "", False),
    ],
)
def test_origins(scheme: str, origin: str, served: bool) -> None:
    refused = HOSTS.refused([(b"origin", origin.encode()), (b"host", b"localhost:5000")], scheme)
    assert (refused is None) is served
    assert served or (refused is not None and refused[0] == 403)


def test_names_that_are_made_up_do_not_pile_up() -> None:
    hosts = Hosts([])
    for number in range(5000):
        assert hosts.refused([(b"host", b"%d.attacker.example" % number)], "http") is not None
    assert len(hosts._known) <= 1000
    assert hosts.refused([(b"host", b"localhost")], "http") is None

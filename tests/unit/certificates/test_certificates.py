# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The lab's authority and the certificates of its hosts, as Python's own TLS takes them."""

from __future__ import annotations

import datetime
import shutil
import socket
import ssl
import threading
from pathlib import Path

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils import _certificates as certificates

NOW = datetime.datetime.now(datetime.UTC)
NAMES = {"mon1": ["mon1", "127.0.0.1", "localhost", "::1"], "pod1": ["pod1.example.org", "192.0.2.11"]}


def files_of(*names: str) -> list[str]:
    return [f"{name}.{kind}" for name in names for kind in ("key", "crt")]


def days(number: int) -> datetime.datetime:
    return NOW + datetime.timedelta(days=number)


def modes(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}


def handshake(folder: Path, host: str, asked: str) -> str:
    """Return "" where a client that trusts the folder's authority takes what `host` shows, or what it objects to."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / f"{host}.crt", folder / f"{host}.key")
    client = ssl.create_default_context(cafile=folder / "authority.crt")
    # What Python 3.13 asks for by default.
    client.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
    ours, theirs = socket.socketpair()

    def serve() -> None:
        try:
            server.wrap_socket(theirs, server_side=True).close()
        except OSError:  # the client objected
            theirs.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        client.wrap_socket(ours, server_hostname=asked).close()
    except ssl.SSLCertVerificationError as error:
        return error.verify_message
    finally:
        ours.close()
        thread.join()
    return ""


def test_certificates_are_made_once(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "tls"
    assert certificates.make(folder, NAMES, NOW, False) == files_of("authority", "mon1", "pod1")
    assert modes(folder) == {
        name: 0o600 if name.endswith(".key") else 0o644
        for name in ("authority.key", "authority.crt", "mon1.key", "mon1.crt", "pod1.key", "pod1.crt")
    }
    assert folder.stat().st_mode & 0o777 == 0o700
    assert certificates.make(folder, NAMES, NOW, False) == []


@pytest.mark.parametrize("asked", NAMES["mon1"])
def test_a_client_that_trusts_the_authority_takes_every_name(tmp_path: Path, asked: str) -> None:
    certificates.make(tmp_path, NAMES, NOW, False)
    assert handshake(tmp_path, "mon1", asked) == ""


def test_a_client_refuses_other_names_and_other_authorities(tmp_path: Path) -> None:
    certificates.make(tmp_path, NAMES, NOW, False)
    assert "192.0.2.12" in handshake(tmp_path, "pod1", "192.0.2.12")
    certificates.make(tmp_path / "other", NAMES, NOW, False)
    shutil.copy(tmp_path / "other" / "authority.crt", tmp_path / "authority.crt")
    assert handshake(tmp_path, "mon1", "mon1") != ""


def test_nothing_is_written_in_check_mode(tmp_path: Path) -> None:
    folder = tmp_path / "tls"
    assert certificates.make(folder, NAMES, NOW, True) == files_of("authority", "mon1", "pod1")
    assert not folder.exists()
    certificates.make(folder, NAMES, NOW, False)
    before = {path: path.read_bytes() for path in folder.iterdir()}
    assert certificates.make(folder, {**NAMES, "new1": ["new1"]}, NOW, True) == files_of("new1")
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_a_certificate_is_renewed_before_it_ends(tmp_path: Path) -> None:
    certificates.make(tmp_path, NAMES, NOW, False)
    authority = (tmp_path / "authority.crt").read_bytes()
    assert certificates.make(tmp_path, NAMES, days(397 - 31), False) == []
    assert certificates.make(tmp_path, NAMES, days(397 - 29), False) == files_of("mon1", "pod1")
    assert (tmp_path / "authority.crt").read_bytes() == authority


def test_a_certificate_is_made_anew_for_other_names_another_key_or_another_authority(tmp_path: Path) -> None:
    certificates.make(tmp_path, NAMES, NOW, False)
    assert certificates.make(tmp_path, {**NAMES, "mon1": ["mon1", "192.0.2.14"]}, NOW, False) == files_of("mon1")
    shutil.copy(tmp_path / "mon1.key", tmp_path / "pod1.key")
    assert certificates.make(tmp_path, {"pod1": NAMES["pod1"]}, NOW, False) == files_of("pod1")
    certificates.make(tmp_path / "other", NAMES, NOW, False)
    for ending in ("crt", "key"):
        shutil.copy(tmp_path / "other" / f"mon1.{ending}", tmp_path)
    assert certificates.make(tmp_path, {"mon1": NAMES["mon1"]}, NOW, False) == files_of("mon1")


@pytest.mark.parametrize("lost", ["authority.crt", "authority.key"])
def test_half_an_authority_is_told_of_and_not_replaced(tmp_path: Path, lost: str) -> None:
    certificates.make(tmp_path, NAMES, NOW, False)
    (tmp_path / lost).unlink()
    with pytest.raises(certificates.CertificateError, match=f"{lost} is not there"):
        certificates.make(tmp_path, NAMES, NOW, False)
    assert not (tmp_path / lost).exists()


def test_an_authority_that_is_of_no_use_is_told_of(tmp_path: Path) -> None:
    certificates.make(tmp_path, NAMES, NOW, False)
    with pytest.raises(certificates.CertificateError, match="has ended"):
        certificates.make(tmp_path, NAMES, days(3650), False)
    shutil.copy(tmp_path / "mon1.key", tmp_path / "authority.key")
    with pytest.raises(certificates.CertificateError, match=r"is not the key of authority\.crt"):
        certificates.make(tmp_path, NAMES, NOW, False)
    (tmp_path / "authority.key").write_text("nonsense")
    with pytest.raises(certificates.CertificateError, match="can't be read as a private key"):
        certificates.make(tmp_path, NAMES, NOW, False)


def test_what_is_wrong_with_given_certificates_is_told(tmp_path: Path) -> None:
    certificates.make(tmp_path, NAMES, NOW, False)
    (tmp_path / "authority.key").unlink()
    assert certificates.faults(tmp_path, NAMES, NOW) == []
    wanted = {"mon1": ["mon1", "grafana.example.org"], "pod1": NAMES["pod1"], "new1": ["new1"]}
    shutil.copy(tmp_path / "mon1.key", tmp_path / "pod1.key")
    assert [fault.partition(": ")[0] for fault in certificates.faults(tmp_path, wanted, days(400))] == [
        f"{tmp_path}/mon1.crt has ended.",
        f"{tmp_path}/mon1.crt is not for grafana.example.org.",
        f"{tmp_path}/pod1.key is not the key of pod1.crt beside it.",
        f"{tmp_path}/pod1.crt has ended.",
        f"{tmp_path}/new1.crt can't be read as a certificate (PEM)",
    ]
    (tmp_path / "authority.crt").write_text("nonsense")
    assert "authority.crt can't be read" in certificates.faults(tmp_path, {}, NOW)[0]


def test_a_wildcard_stands_for_one_label(tmp_path: Path) -> None:
    certificates.make(tmp_path, {"any": ["*.example.org"]}, NOW, False)
    assert certificates.faults(tmp_path, {"any": ["mon1.example.org"]}, NOW) == []
    assert certificates.faults(tmp_path, {"any": ["a.mon1.example.org", "example.org"]}, NOW) == [
        f"{tmp_path}/any.crt is not for a.mon1.example.org, example.org."
    ]

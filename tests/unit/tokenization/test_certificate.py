# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
from __future__ import annotations

import logging
import ssl
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives import serialization
from tokenization.settings import SettingsError
from tokenization.tls import Certificate

CA = trustme.CA()


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return issue(tmp_path)


def issue(folder: Path) -> tuple[Path, Path]:
    cert, key = folder / "cert.pem", folder / "key.pem"
    issued = CA.issue_cert("localhost")
    cert.write_bytes(issued.cert_chain_pems[0].bytes())
    key.write_bytes(issued.private_key_pem.bytes())
    return cert, key


def test_tls_1_2_and_newer(files: tuple[Path, Path]) -> None:
    assert Certificate(*files).context.minimum_version == ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize("broken", [0, 1])
@pytest.mark.parametrize("content", [None, "", "not PEM"])
def test_a_file_that_is_missing_or_broken(files: tuple[Path, Path], broken: int, content: str | None) -> None:
    if content is None:
        files[broken].unlink()
    else:
        files[broken].write_text(content)
    with pytest.raises(SettingsError, match="TOKENIZATION_TLS_CERT_FILE and TOKENIZATION_TLS_KEY_FILE") as raised:
        Certificate(*files)
    assert str(files[broken]) in str(raised.value)


def test_a_pair_that_is_none(files: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    _unused, other_key = issue(tmp_path / "other")
    with pytest.raises(SettingsError, match=r"(?i)key.values.mismatch"):
        Certificate(files[0], other_key)


def test_a_key_with_a_password_is_not_asked_about(files: tuple[Path, Path]) -> None:
    key = serialization.load_pem_private_key(files[1].read_bytes(), None)
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    with pytest.raises(SettingsError, match="without a password"):
        Certificate(*files)


def test_files_that_did_not_change_are_not_read(files: tuple[Path, Path]) -> None:
    certificate = Certificate(*files)
    before = certificate.context
    certificate.take_what_changed()
    assert certificate.context is before


def test_a_new_pair_is_taken_and_a_broken_one_is_not(
    files: tuple[Path, Path], caplog: pytest.LogCaptureFixture
) -> None:
    certificate = Certificate(*files)
    old = certificate.context
    key = files[1].read_text()
    files[1].write_text("half a k")
    with caplog.at_level(logging.INFO):
        for _unused in range(2):
            certificate.take_what_changed()
    assert certificate.context is old
    assert [record.levelname for record in caplog.records] == ["ERROR"], "told once"
    files[1].write_text(key)
    certificate.take_what_changed()
    assert certificate.context is not old
    new = certificate.context
    issue(files[0].parent)
    certificate.take_what_changed()
    assert certificate.context is not new


def test_files_that_are_gone_for_a_while(files: tuple[Path, Path]) -> None:
    certificate = Certificate(*files)
    old = certificate.context
    files[0].rename(files[0].with_name("away"))
    certificate.take_what_changed()
    assert certificate.context is old
    files[0].with_name("away").rename(files[0])
    certificate.take_what_changed()
    assert certificate.context is not old

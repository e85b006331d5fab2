# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The certificate that new connections get, which may change while the service runs."""

from __future__ import annotations

import logging
import ssl
from datetime import UTC, datetime
from pathlib import Path

from tokenization.files import state
from tokenization.settings import SettingsError

log = logging.getLogger(__name__)


class Certificate:
    """The pair of files, and what TLS needs of them: `context`, for TLS 1.2 and newer.

    `begin` and `end` are when the certificate is valid, in Unix time.
    """

    def __init__(self, cert_file: Path, key_file: Path) -> None:
        """Read both files. Raises SettingsError."""
        self._files = cert_file, key_file
        self._seen = state(self._files)
        try:
            self.context = self._read()
        except (OSError, ValueError) as error:
            raise SettingsError(
                "TOKENIZATION_TLS_CERT_FILE and TOKENIZATION_TLS_KEY_FILE must hold a certificate and its key, in PEM, "
                f"without a password: {cert_file}, {key_file}: {error}"
            ) from error

    def take_what_changed(self) -> None:
        """Read the files again where they are not those that were read last. A broken pair leaves the old one."""
        now = state(self._files)
        if now == self._seen:
            return
        self._seen = now
        try:
            self.context = self._read()
        except (OSError, ValueError) as error:
            log.error("the new certificate is not taken, the old one stays", extra={"reason": str(error)})
        else:
            log.info("a new certificate is taken")

    def _read(self) -> ssl.SSLContext:
        """Return a context of them. Raises OSError (as ssl.SSLError is one), or ValueError for no path."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        # A key with a password is refused: OpenSSL would ask the terminal.
        context.load_cert_chain(*self._files, password=lambda: "")
        self.begin, self.end = validity(self._files[0].read_text("ascii"))
        return context


def validity(pem: str) -> tuple[float, float]:
    """Return when the first certificate of a chain begins and ends, in Unix time. Raises ValueError where it has none.

    RFC 5280, 4.1: Certificate is a sequence whose first part is a sequence of version, serial number, algorithm, issuer
    and validity, which is a sequence of two times. The version has tag 0, and may be left out.
    """
    der = ssl.PEM_cert_to_DER_cert(pem[pem.index(ssl.PEM_HEADER) : pem.index(ssl.PEM_FOOTER)] + ssl.PEM_FOOTER)
    ((_unused, certificate),) = _parts(der)
    parts = [part for part in _parts(_parts(certificate)[0][1]) if part[0] != _VERSION]
    begin, end = (_moment(*time) for time in _parts(parts[3][1]))
    return begin, end


_VERSION = 0xA0
_UTC_TIME = 0x17


def _parts(der: bytes) -> list[tuple[int, bytes]]:
    """Return tag and content of each element, as far as DER has them one after another (X.690, 8.1)."""
    found, at = [], 0
    while at < len(der):
        tag, length = der[at], der[at + 1]
        at += 2
        if length > 127:
            digits = length - 128
            length, at = int.from_bytes(der[at : at + digits]), at + digits
        found.append((tag, der[at : at + length]))
        at += length
    return found


def _moment(tag: int, text: bytes) -> float:
    """Return Unix time. Of a UTCTime, RFC 5280 says which century is meant."""
    digits = text.decode("ascii")
    if tag == _UTC_TIME:
        digits = ("19" if int(digits[:2]) >= 50 else "20") + digits
    return datetime.strptime(digits, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC).timestamp()

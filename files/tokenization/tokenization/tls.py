# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The certificate that new connections get, which may change while the service runs."""

from __future__ import annotations

import logging
import ssl
from pathlib import Path

from tokenization.files import state
from tokenization.settings import SettingsError

log = logging.getLogger(__name__)


class Certificate:
    """The pair of files, and what TLS needs of them: `context`, for TLS 1.2 and newer."""

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
        return context

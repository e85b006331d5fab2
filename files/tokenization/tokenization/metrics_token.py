# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The token that GET /metrics takes, which may change while the service runs."""

from __future__ import annotations

import logging
from pathlib import Path

from tokenization.files import state
from tokenization.settings import SettingsError, read_token

log = logging.getLogger(__name__)


class MetricsToken:
    def __init__(self, file: Path) -> None:
        """Read it. Raises SettingsError."""
        self._file = file
        self._seen = state([file])
        self._token = self._read()

    def current(self) -> bytes:
        """Return it, read again where the file is not the one that was read last. A broken one leaves the old token."""
        now = state([self._file])
        if now != self._seen:
            self._seen = now
            try:
                self._token = self._read()
            except SettingsError as error:
                log.error("the new metrics token is not taken, the old one stays", extra={"reason": str(error)})
            else:
                log.info("a new metrics token is taken")
        return self._token

    def _read(self) -> bytes:
        return read_token("TOKENIZATION_METRICS_TOKEN_FILE", self._file).encode()

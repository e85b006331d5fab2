# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Vaults that stated no version: what their records held, sealed anew when a service of today opens them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from nacl.exceptions import CryptoError
from nacl.public import Box, PrivateKey, PublicKey

from tokenization.keys import Keys
from tokenization.storage import Record, WrongVaultError

PUBLIC_KEY_BYTES = 32
# Of their boxes, 1,000 had the same sender. Agreeing on a key with it takes most of the time.
SENDERS = 10_000
# So many records are in memory at once.
RECORDS = 1000
# So long a service waits for another one that upgrades the vault.
WAIT_SECONDS = 600


class Version0:
    """Each record was a box to the public key, with its sender's public key before it.

    Who knew the public key could make one for any record. So none is opened but those that the upgrade finds.
    """

    def __init__(self, keys: Keys, where: str) -> None:
        """`where` names the vault in messages."""
        private = PrivateKey(keys.private_key)
        self.public_key = bytes(private.public_key)
        self._keys = keys
        self._where = where
        self._box = lru_cache(SENDERS)(lambda sender: Box(private, PublicKey(sender)))

    def resealed(self, records: Iterable[Record]) -> list[tuple[bytes, bytes]]:
        """Return the new `sealed` and the id of each that opens; the others are damaged, and stay so.

        Raises WrongVaultError for a record of a later version: somebody has set the vault back, to slip in boxes.
        """
        found = []
        for record in records:
            try:
                data = self._box(record.sealed[:PUBLIC_KEY_BYTES]).decrypt(record.sealed[PUBLIC_KEY_BYTES:])
            except CryptoError:
                self._refuse_if_later(record)
                continue
            found.append((self._keys.seal(record.id, record.nonce, data), record.id))
        return found

    def _refuse_if_later(self, record: Record) -> None:
        try:
            self._keys.open(*record)
        except CryptoError:
            return
        raise WrongVaultError(
            f"{self._where} was upgraded before, and something has set it back since: restore it from a backup"
        )

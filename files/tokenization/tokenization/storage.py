# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What the vault asks of a database. SQLite and PostgreSQL each answer it in a module of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class Record(NamedTuple):
    id: bytes
    nonce: bytes
    sealed: bytes


class StorageError(Exception):
    """The database could not do it: nothing of the call is stored, or nothing may be relied on."""


class WrongVaultError(StorageError):
    """The database is not this service's, is damaged, or belongs to another key: start nothing on it."""


class Storage(Protocol):
    """All calls raise StorageError and may be repeated: a database that is back is used again."""

    async def open(self, public_key: bytes) -> None:
        """Make the vault if there is none. Raises WrongVaultError unless it is sound and of this public key."""

    async def write(self, records: Sequence[Record]) -> int:
        """Write in one transaction, on disk when this returns, and return how many were new.

        Their ids differ; one that is there already is replaced.
        """

    async def read(self, record_id: bytes) -> Record | None: ...

    async def count(self) -> int: ...

    async def close(self) -> None: ...

# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What the vault asks of a database. SQLite and PostgreSQL each answer it in a module of their own.

Both state the version of their layout, which is keys.VERSION. A new version gives other names to the columns that hold
the sealed data and the count: of a service of before that still runs when a vault is upgraded, all calls fail.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from tokenization.keys import VERSION, Keys


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

    async def open(self, keys: Keys) -> None:
        """Make the vault if there is none, and upgrade it if it is older.

        Raises WrongVaultError unless it is sound, of these keys and not newer than this service.
        """

    async def write(self, records: Sequence[Record]) -> int:
        """Write in one transaction, on disk when this returns, and return how many were new.

        Their ids differ; one that is there already is replaced.
        """

    async def touch(self) -> None:
        """Write without changing anything, on disk when this returns."""

    async def read(self, record_id: bytes) -> Record | None: ...

    async def count(self) -> int: ...

    async def close(self) -> None: ...


def refuse_other_version(version: int, where: str) -> None:
    """Raise WrongVaultError unless it is that of this service; `where` names the vault."""
    if version != VERSION:
        raise WrongVaultError(
            f"{where} is of version {version}, and this service knows versions up to {VERSION}: "
            "start the newer service that wrote it"
        )


def refuse_other_key(same: bool, where: str) -> None:
    """Raise WrongVaultError unless it is the same."""
    if not same:
        raise WrongVaultError(f"{where} was sealed for another key: give the private key it was made with")

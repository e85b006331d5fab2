# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What only the holder of the private key can do: seal and open data, find a name's record, make and read tokens."""

from __future__ import annotations

import hashlib
import os

from nacl.bindings import (
    crypto_secretbox,
    crypto_secretbox_KEYBYTES,
    crypto_secretbox_NONCEBYTES,
    crypto_secretbox_open,
)

NONCE_BYTES = 16
# How records are sealed; with it, the layout of the database.
VERSION = 1
VERSION_BYTE = bytes([VERSION])


class Keys:
    """Everything follows from one private key of 32 bytes.

    Data is sealed with libsodium's secretbox (https://doc.libsodium.org/secret-key_cryptography/secretbox) under a
    random nonce of its own, which stands before it. Each record has another key: a keyed BLAKE2b hash of the version
    and of the record's id and nonce. So it opens in this record alone, and without the private key nobody makes another
    that opens.

    A record's id is a keyed BLAKE2b hash of its name, so that the database holds no names. A token is the id,
    encrypted under a random nonce: without the key, tokens are random numbers, also two of the same name.
    Neither is derived from the data.
    """

    def __init__(self, private_key: bytes) -> None:
        self.private_key = private_key
        # By it a vault knows its key, and tells nothing of it.
        self.fingerprint = hashlib.blake2b(key=private_key, person=b"fingerprint", digest_size=32).digest()
        self._records_key = hashlib.blake2b(key=private_key, person=b"records").digest()
        self._id_key = hashlib.blake2b(key=private_key, person=b"record ids").digest()
        self._token_key = hashlib.blake2b(key=private_key, person=b"tokens").digest()

    def seal(self, record_id: bytes, nonce: bytes, data: bytes) -> bytes:
        seal_nonce = os.urandom(crypto_secretbox_NONCEBYTES)
        return seal_nonce + crypto_secretbox(data, seal_nonce, self._seal_key(record_id, nonce))

    def open(self, record_id: bytes, nonce: bytes, sealed: bytes) -> bytes:
        """Return what was sealed for this record. Raises nacl.exceptions.CryptoError if nothing was, by this key."""
        seal_nonce, box = sealed[:crypto_secretbox_NONCEBYTES], sealed[crypto_secretbox_NONCEBYTES:]
        return crypto_secretbox_open(box, seal_nonce, self._seal_key(record_id, nonce))

    def record_id(self, name: str) -> bytes:
        """Return 16 bytes, the same for the same name."""
        return hashlib.blake2b(name.encode(), key=self._id_key, digest_size=16).digest()

    def new_nonce(self) -> bytes:
        return os.urandom(NONCE_BYTES)

    def token(self, record_id: bytes, nonce: bytes) -> str:
        """Return 64 hex digits."""
        return (nonce + self._crypt(record_id, nonce)).hex()

    def read_token(self, token: str) -> tuple[bytes, bytes]:
        """Return the record's id and nonce; any 64 hex digits give some."""
        raw = bytes.fromhex(token)
        nonce = raw[:NONCE_BYTES]
        return self._crypt(raw[NONCE_BYTES:], nonce), nonce

    def _crypt(self, record_id: bytes, nonce: bytes) -> bytes:
        pad = hashlib.blake2b(nonce, key=self._token_key, digest_size=16).digest()
        return (int.from_bytes(record_id) ^ int.from_bytes(pad)).to_bytes(16)

    def _seal_key(self, record_id: bytes, nonce: bytes) -> bytes:
        identity = VERSION_BYTE + record_id + nonce
        return hashlib.blake2b(identity, key=self._records_key, digest_size=crypto_secretbox_KEYBYTES).digest()

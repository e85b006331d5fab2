# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What only the holder of the private key can do: open data, find a name's record, make and read tokens."""

from __future__ import annotations

import hashlib
import os

from nacl.public import Box, PrivateKey, PublicKey

NONCE_BYTES = 16
PUBLIC_KEY_BYTES = 32
RECORDS_PER_SENDER = 1000


class Keys:
    """Everything follows from one X25519 private key of 32 bytes.

    Data is sealed as libsodium's sealed boxes do it (https://doc.libsodium.org/public-key_cryptography/sealed_boxes):
    a box to the public key from a sender that is thrown away, with the sender's public key before it. Making a sender
    and agreeing on a key with it takes nine tenths of a sealed box's time, so here a sender serves 1,000 records, each
    under a random nonce of 24 bytes. The sender's private key is never stored.

    A record's id is a keyed BLAKE2b hash of its name, so that the database holds no names. A token is the id,
    encrypted under a random nonce: without the key, tokens are random numbers, also two of the same name.
    Neither is derived from the data.
    """

    def __init__(self, private_key: bytes) -> None:
        private = PrivateKey(private_key)
        self.public_key = bytes(private.public_key)
        self._private = private
        self._uses_left = 0
        self._id_key = hashlib.blake2b(key=private_key, person=b"record ids").digest()
        self._token_key = hashlib.blake2b(key=private_key, person=b"tokens").digest()

    def seal(self, data: bytes) -> bytes:
        if self._uses_left == 0:
            sender = PrivateKey.generate()
            self._sender_public_key = bytes(sender.public_key)
            self._box = Box(sender, self._private.public_key)
            self._uses_left = RECORDS_PER_SENDER
        self._uses_left -= 1
        return self._sender_public_key + self._box.encrypt(data)

    def open(self, sealed: bytes) -> bytes:
        """Return what was sealed. Raises nacl.exceptions.CryptoError if not by this key, or if a bit has changed."""
        sender = PublicKey(sealed[:PUBLIC_KEY_BYTES])
        return Box(self._private, sender).decrypt(sealed[PUBLIC_KEY_BYTES:])

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

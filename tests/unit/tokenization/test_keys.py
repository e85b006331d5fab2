# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
from __future__ import annotations

import hashlib

import pytest
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox
from tokenization.keys import Keys

PRIVATE_KEY = bytes(range(32))
KEYS = Keys(PRIVATE_KEY)
ID, NONCE = KEYS.record_id("card"), b"n" * 16
OTHER = Keys(bytes(32))


def test_what_is_sealed_opens_with_the_private_key_alone() -> None:
    sealed = KEYS.seal(ID, NONCE, b"4111 1111")
    assert KEYS.open(ID, NONCE, sealed) == b"4111 1111"
    with pytest.raises(CryptoError):
        OTHER.open(ID, NONCE, sealed)


def test_the_same_data_seals_differently_each_time() -> None:
    assert KEYS.seal(ID, NONCE, b"x") != KEYS.seal(ID, NONCE, b"x")


@pytest.mark.parametrize("data", [b"", b"4111 1111", b"x" * 65536], ids=["none", "short", "long"])
def test_libsodium_opens_it_as_its_secretbox(data: bytes) -> None:
    records_key = hashlib.blake2b(key=PRIVATE_KEY, person=b"records").digest()
    key = hashlib.blake2b(b"\x01" + ID + NONCE, key=records_key, digest_size=32).digest()
    assert SecretBox(key).decrypt(KEYS.seal(ID, NONCE, data)) == data


@pytest.mark.parametrize(
    ("record_id", "nonce"), [(bytes(16), NONCE), (ID, bytes(16)), (NONCE, ID)], ids=["id", "nonce", "both"]
)
def test_it_opens_in_its_record_alone(record_id: bytes, nonce: bytes) -> None:
    with pytest.raises(CryptoError):
        KEYS.open(record_id, nonce, KEYS.seal(ID, NONCE, b"4111 1111"))


def test_one_changed_bit_is_noticed() -> None:
    sealed = KEYS.seal(ID, NONCE, b"4111 1111")
    for at in range(len(sealed)):
        changed = bytearray(sealed)
        changed[at] ^= 1
        with pytest.raises(CryptoError):
            KEYS.open(ID, NONCE, bytes(changed))


def test_what_is_cut_off_is_noticed() -> None:
    sealed = KEYS.seal(ID, NONCE, b"4111 1111")
    for length in range(len(sealed)):
        with pytest.raises(CryptoError):
            KEYS.open(ID, NONCE, sealed[:length])


def test_a_name_has_one_id_for_each_key() -> None:
    assert KEYS.record_id("card") == KEYS.record_id("card") != KEYS.record_id("Card")
    assert KEYS.record_id("card") != OTHER.record_id("card")


def test_a_token_leads_back_to_its_record() -> None:
    record_id, nonce = KEYS.record_id("card"), KEYS.new_nonce()
    token = KEYS.token(record_id, nonce)
    assert len(token) == 64
    assert KEYS.read_token(token) == (record_id, nonce)
    assert OTHER.read_token(token) != (record_id, nonce)


def test_tokens_of_one_name_share_nothing() -> None:
    one, two = (KEYS.token(KEYS.record_id("card"), KEYS.new_nonce()) for _unused in range(2))
    same = sum(a == b for a, b in zip(bytes.fromhex(one), bytes.fromhex(two), strict=True))
    assert same < 8, "two random sequences of 32 bytes"

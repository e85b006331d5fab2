# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
from __future__ import annotations

import pytest
from nacl.exceptions import CryptoError
from tokenization.keys import Keys

KEYS = Keys(bytes(range(32)))
OTHER = Keys(bytes(32))


def test_what_is_sealed_opens_with_the_private_key_alone() -> None:
    sealed = KEYS.seal(b"4111 1111")
    assert KEYS.open(sealed) == b"4111 1111"
    with pytest.raises(CryptoError):
        OTHER.open(sealed)


def test_the_same_data_seals_differently_each_time() -> None:
    assert KEYS.seal(b"x") != KEYS.seal(b"x")


def test_one_changed_bit_is_noticed() -> None:
    sealed = bytearray(KEYS.seal(b"4111 1111"))
    sealed[-1] ^= 1
    with pytest.raises(CryptoError):
        KEYS.open(bytes(sealed))


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

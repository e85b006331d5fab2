# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""Keys of CURVE, ZeroMQ's encryption, made where there is no ZeroMQ: those of X25519, written in Z85."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from . import _private_files

# ansible-core brings it; ansible-test's sanity tests do without.
with suppress(ImportError):
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

# https://rfc.zeromq.org/spec/32/
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"


def make_pairs(folder: Path, names: Iterable[str], is_tried: bool) -> list[str]:
    """Have NAME.key and NAME.pub of each name in the folder, and return the names of the files that are made.

    Of a pair of which one is missing both are made anew. Nothing is written where that `is_tried` only. Raises
    FileError.
    """
    made = []
    for name in names:
        paths = folder / f"{name}.key", folder / f"{name}.pub"
        if all(path.exists() for path in paths):
            continue
        made += [path.name for path in paths]
        if not is_tried:
            for path, text in zip(paths, make_pair()):
                _private_files.write(path, text.encode())
    return made


def make_pair() -> tuple[str, str]:
    """Return a new secret key and its public key, each of 40 characters."""
    key = X25519PrivateKey.generate()
    secret = key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    return z85(secret), z85(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))


def z85(data: bytes) -> str:
    """Return bytes, of which there are a multiple of four, as text."""
    words = struct.unpack(f">{len(data) // 4}I", data)
    return "".join(_DIGITS[word // 85**place % 85] for word in words for place in (4, 3, 2, 1, 0))

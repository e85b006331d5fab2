# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""CURVE's keys, compared with what ZeroMQ makes of them."""

from __future__ import annotations

from pathlib import Path

import zmq
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._curve import make_pair, make_pairs, z85


def test_bytes_are_written_as_zeromq_specifies() -> None:
    # The example of https://rfc.zeromq.org/spec/32/.
    assert z85(bytes.fromhex("864fd26fb559f75b")) == "HelloWorld"
    assert z85(b"") == ""
    assert z85(b"\xff" * 4) == "%nSc0"


def test_a_public_key_is_the_one_that_zeromq_finds() -> None:
    pairs = [make_pair() for _unused in range(20)]
    assert len(set(pairs)) == 20
    for secret, public in pairs:
        assert len(secret) == len(public) == 40
        assert zmq.curve_public(secret.encode()) == public.encode()


def test_a_pair_is_made_once_and_as_a_whole(tmp_path: Path) -> None:
    assert make_pairs(tmp_path, ["master", "worker"], True) == ["master.key", "master.pub", "worker.key", "worker.pub"]
    assert list(tmp_path.iterdir()) == []
    make_pairs(tmp_path, ["master", "worker"], False)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    assert make_pairs(tmp_path, ["master", "worker"], False) == []
    master = (tmp_path / "master.key").read_bytes()
    (tmp_path / "worker.pub").unlink()
    assert make_pairs(tmp_path, ["master", "worker"], False) == ["worker.key", "worker.pub"]
    assert (tmp_path / "master.key").read_bytes() == master
    assert zmq.curve_public((tmp_path / "worker.key").read_bytes()) == (tmp_path / "worker.pub").read_bytes()

# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A bundle is used only where it is as it was made."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._bundle import MANIFEST, faults, manifest


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    for name in ("images/grafana.tar.gz", "images/locust.tar.gz", "packages/bookworm.tar"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / MANIFEST).write_text(manifest(str(tmp_path)))
    return tmp_path


def test_a_bundle_is_as_it_was_made(bundle: Path) -> None:
    assert faults(str(bundle)) == []
    # Also to the tool that everybody has.
    subprocess.run(["sha256sum", "--check", "--strict", MANIFEST], cwd=bundle, check=True)


def test_all_that_is_missing_altered_or_added_is_named(bundle: Path) -> None:
    (bundle / "images/locust.tar.gz").unlink()
    (bundle / "packages/bookworm.tar").write_text("of somebody else")
    (bundle / "images/prometheus.tar").touch()
    (bundle / "packages/.hidden").symlink_to(bundle / "images")
    assert faults(str(bundle)) == [
        "images/locust.tar.gz is missing",
        "packages/bookworm.tar was altered",
        "images/prometheus.tar was added",
        "packages/.hidden was added",
    ]


def test_a_bundle_that_is_made_anew_is_known(bundle: Path) -> None:
    (bundle / "packages/trixie.tar").touch()
    (bundle / MANIFEST).write_text(manifest(str(bundle)))
    assert faults(str(bundle)) == []


def test_a_manifest_that_was_altered_with_the_bundle_is_known_by_its_own_sum(bundle: Path) -> None:
    known = hashlib.sha256((bundle / MANIFEST).read_bytes()).hexdigest()
    assert faults(str(bundle), known) == []
    (bundle / "packages/bookworm.tar").write_text("of somebody else")
    (bundle / MANIFEST).write_text(manifest(str(bundle)))
    assert faults(str(bundle)) == []
    assert faults(str(bundle), known) == ["SHA256SUMS was altered: monitor_lab_bundle_sha256 is another's"]


def test_a_bundle_without_a_manifest_is_refused(bundle: Path) -> None:
    (bundle / MANIFEST).unlink()
    assert faults(str(bundle)) == ["it has no SHA256SUMS, so it is of an older version, or not whole"]


@pytest.mark.parametrize("line", [b"no sum", b"0123  images/locust.tar.gz", b""])
def test_a_manifest_that_is_none_is_refused(bundle: Path, line: bytes) -> None:
    (bundle / MANIFEST).write_bytes(b"\n" + line + b"\n")
    assert faults(str(bundle)) == ["SHA256SUMS has a line that is no checksum"]


def test_what_cannot_be_read_is_told(bundle: Path) -> None:
    (bundle / MANIFEST).write_bytes(b"\xff\n")
    (fault,) = faults(str(bundle))
    assert fault.startswith("it cannot be read: ")

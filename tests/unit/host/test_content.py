# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
from __future__ import annotations

import multiprocessing
import tarfile
from pathlib import Path

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._lab.content import content_hash, pack


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "image"
    for name in ("Dockerfile", "package/__init__.py", "package/__pycache__/x.pyc", ".cache/y", "wheels/old.whl"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


def test_the_hash_changes_with_names_contents_and_text(folder: Path) -> None:
    first = content_hash([folder])
    assert len(first) == 12
    assert content_hash([folder], "x") != first
    (folder / "Dockerfile").write_text("changed")
    changed = content_hash([folder])
    assert changed != first
    (folder / "Dockerfile").rename(folder / "Containerfile")
    assert content_hash([folder]) not in (first, changed)


def test_what_tools_leave_behind_does_not_count(folder: Path) -> None:
    first = content_hash([folder])
    (folder / "package" / "__pycache__" / "x.pyc").write_text("another")
    (folder / ".cache" / "z").write_text("more")
    assert content_hash([folder]) == first


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        content_hash([tmp_path / "nowhere"])


def test_a_context_holds_what_the_hash_covers_and_the_wheels(folder: Path, tmp_path: Path) -> None:
    wheels = tmp_path / "downloaded"
    wheels.mkdir()
    (wheels / "a.whl").write_text("wheel")
    for requirements in (None, tmp_path / "mine.txt"):
        (tmp_path / "mine.txt").write_text("faker\n")
        destination = tmp_path / "context.tar.gz"
        pack(folder, wheels, requirements, destination)
        with tarfile.open(destination) as archive:
            assert sorted(archive.getnames()) == [
                "Dockerfile",
                "package/__init__.py",
                "requirements-user.txt",
                "wheels/a.whl",
            ]
            user = archive.extractfile("requirements-user.txt")
            assert user
            assert user.read() == (b"faker\n" if requirements else b"")


def test_a_library_goes_into_a_folder_of_its_name(folder: Path, tmp_path: Path) -> None:
    for name in ("wheels", "library"):
        (tmp_path / name).mkdir()
    (tmp_path / "library" / "a.py").write_text("a = 1\n")
    pack(folder, tmp_path / "wheels", None, tmp_path / "context.tar.gz", [tmp_path / "library"])
    with tarfile.open(tmp_path / "context.tar.gz") as archive:
        assert "library/a.py" in archive.getnames()


def test_an_interrupted_packing_leaves_no_archive(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        pack(folder, tmp_path / "no wheels", None, tmp_path / "context.tar.gz")
    assert not (tmp_path / "context.tar.gz").exists()


def test_two_may_pack_the_same_at_once(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "downloaded").mkdir()
    destination = tmp_path / "context.tar.gz"
    packers = [
        multiprocessing.Process(target=pack, args=(folder, tmp_path / "downloaded", None, destination))
        for _turn in range(8)
    ]
    for packer in packers:
        packer.start()
    for packer in packers:
        packer.join()
    assert [packer.exitcode for packer in packers] == [0] * 8
    assert tarfile.is_tarfile(destination)
    assert list(tmp_path.glob("*.part")) == []

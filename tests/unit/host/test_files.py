# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Files and folders are put in place as a whole or, where one is refused, not at all; links are not followed."""

from __future__ import annotations

import contextlib
import os
import tarfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._lab.files import (
    SHOWN,
    Change,
    FilesError,
    changes,
    diff,
    pack,
    put_in_place,
    unpack,
    validate,
    wanted_files,
)

OWN = {"owner": os.getuid(), "group": os.getgid()}
CONTENTS = {
    "text": b"a: 1\n",
    "empty": b"",
    "binary": bytes(range(256)),
    "long": b"0123456789abcdef" * 2**16,
    "words": "Grüße, 世界\n".encode(),
}


def file(path: Path, content: bytes = b"", **more: Any) -> dict[str, Any]:
    return {"path": str(path), "state": "file", "mode": "0644", "secret": False, **OWN, "content": content, **more}


def folder(path: Path, mode: str = "0755", **more: Any) -> dict[str, Any]:
    return {"path": str(path), "state": "directory", "mode": mode, "secret": False, **OWN, **more}


def due(*files: dict[str, Any], removed: tuple[Path, ...] = ()) -> list[Change]:
    contents = {number: file["content"] for number, file in enumerate(files) if file["state"] == "file"}
    arguments = [{"validate": None, **file} for file in files]
    return changes(wanted_files(arguments, contents), [str(path) for path in removed])


def put(*files: dict[str, Any], removed: tuple[Path, ...] = ()) -> list[str]:
    found = due(*files, removed=removed)
    put_in_place([str(path) for path in removed], found)
    assert due(*files) == []
    return [change.wanted.path for change in found]


def tree(path: Path) -> dict[str, tuple[int, bytes | None]]:
    """The mode and content of all that lies below."""
    return {
        str(each.relative_to(path)): (each.lstat().st_mode, each.read_bytes() if each.is_file() else None)
        for each in sorted(path.rglob("*"))
    }


def test_contents_are_packed_by_their_numbers(tmp_path: Path) -> None:
    contents = dict(enumerate(CONTENTS.values(), start=3))
    packed = pack(contents)
    (tmp_path / "contents.tar").write_bytes(packed)
    assert unpack(str(tmp_path / "contents.tar")) == contents
    with tarfile.open(fileobj=BytesIO(packed)) as archive:
        assert archive.getnames() == ["3", "4", "5", "6", "7"]


def test_all_are_as_wanted_and_nothing_else_is_left(tmp_path: Path) -> None:
    made = tmp_path / "missing" / "lab"
    files = [file(made / name, content, mode="0640") for name, content in CONTENTS.items()]
    keys = [folder(made / "keys", "0700"), file(made / "keys" / "token", b"geheim", mode="0400", secret=True)]
    wanted = [folder(made, "0750"), *files, *keys]
    assert put(*wanted) == [each["path"] for each in wanted]
    assert {name: (made / name).read_bytes() for name in CONTENTS} == CONTENTS
    assert sorted(path.name for path in made.iterdir()) == sorted([*CONTENTS, "keys"])
    assert [path.name for path in (made / "keys").iterdir()] == ["token"]
    modes = {path: path.stat().st_mode & 0o7777 for path in (made.parent, made, made / "text", made / "keys/token")}
    # A folder that was missing is as the one that was asked for.
    assert list(modes.values()) == [0o750, 0o750, 0o640, 0o400]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_owners_are_set_and_put_right(tmp_path: Path) -> None:
    wanted = [folder(tmp_path / "a" / "b", owner=1234, group=5), file(tmp_path / "a" / "b" / "c", owner=1235, group=6)]
    put(*wanted)
    owners = {path.name: (path.stat().st_uid, path.stat().st_gid) for path in tmp_path.rglob("*")}
    assert owners == {"a": (1234, 5), "b": (1234, 5), "c": (1235, 6)}
    inode = (tmp_path / "a/b/c").stat().st_ino
    for path in tmp_path.rglob("*"):
        os.chown(path, 0, 0)
    # Nobody asked for the folder in between.
    assert put(*wanted) == [each["path"] for each in wanted]
    owners = {path.name: (path.stat().st_uid, path.stat().st_gid) for path in tmp_path.rglob("*")}
    assert owners == {"a": (0, 0), "b": (1234, 5), "c": (1235, 6)}
    assert (tmp_path / "a/b/c").stat().st_ino == inode


def test_a_mode_is_put_right_and_the_file_stays_itself(tmp_path: Path) -> None:
    put(file(tmp_path / "a", b"a"), file(tmp_path / "b", b"b"), folder(tmp_path / "c"))
    inode = (tmp_path / "a").stat().st_ino
    for name in ("a", "c"):
        (tmp_path / name).chmod(0o4777)
    assert put(file(tmp_path / "a", b"a"), file(tmp_path / "b", b"b"), folder(tmp_path / "c")) == [
        str(tmp_path / "a"),
        str(tmp_path / "c"),
    ]
    assert (tmp_path / "a").stat().st_ino == inode


def test_another_content_is_put_in_place_at_once(tmp_path: Path) -> None:
    put(file(tmp_path / "a", b"before"))
    with (tmp_path / "a").open("rb") as reader:
        assert put(file(tmp_path / "a", b"after")) == [str(tmp_path / "a")]
        # Whoever reads it meanwhile has the whole of the one before.
        assert reader.read() == b"before"


def test_nobody_else_can_open_what_is_not_yet_as_wanted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    modes = []
    set_mode = os.fchmod

    def fchmod(descriptor: int, mode: int) -> None:
        status = os.fstat(descriptor)
        modes.append((status.st_mode & 0o777, status.st_size if mode == 0o444 else None))
        set_mode(descriptor, mode)

    monkeypatch.setattr(os, "fchmod", fchmod)
    before = os.umask(0)
    try:
        put(folder(tmp_path / "a" / "b", "0777"), file(tmp_path / "a" / "b" / "c", b"geheim", mode="0444"))
    finally:
        os.umask(before)
    assert modes == [(0o700, None), (0o700, None), (0o600, len(b"geheim"))]


@pytest.mark.parametrize("is_removed", [True, False])
def test_a_link_in_the_place_of_a_file_is_replaced_and_not_followed(is_removed: bool, tmp_path: Path) -> None:
    (tmp_path / "target").write_text("somebody's")
    (tmp_path / "target").chmod(0o600)
    # What it leads to has the wanted content.
    (tmp_path / "a").symlink_to("target")
    put(file(tmp_path / "a", b"somebody's"), removed=(tmp_path / "a",) if is_removed else ())
    assert not (tmp_path / "a").is_symlink()
    assert tree(tmp_path) == {"a": (0o100644, b"somebody's"), "target": (0o100600, b"somebody's")}


def test_a_link_in_the_place_of_a_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir(mode=0o700)
    (tmp_path / "a").symlink_to("target")
    with pytest.raises(FilesError, match=r"/a: File exists$"):
        put(folder(tmp_path / "a"))
    put(folder(tmp_path / "a"), removed=(tmp_path / "a",))
    assert tree(tmp_path) == {"a": (0o040755, None), "target": (0o040700, None)}


@pytest.mark.parametrize("put_there", [lambda path: path.symlink_to("target"), os.mkfifo])
def test_what_somebody_puts_there_meanwhile_is_neither_followed_nor_waited_for(
    put_there: Callable[[Path], object], tmp_path: Path
) -> None:
    (tmp_path / "target").touch(mode=0o600)
    (tmp_path / "a").touch(mode=0o600)
    (change,) = due(file(tmp_path / "a", mode="0666"))
    (tmp_path / "a").unlink()
    put_there(tmp_path / "a")
    with contextlib.suppress(FilesError):
        put_in_place([], [change])
    assert (tmp_path / "target").stat().st_mode & 0o777 == 0o600


def test_what_is_removed_makes_room(tmp_path: Path) -> None:
    (tmp_path / "a" / "below").mkdir(parents=True)
    (tmp_path / "a" / "below" / "file").touch()
    (tmp_path / "b").touch()
    (tmp_path / "kept").touch()
    (tmp_path / "link").symlink_to("kept")
    removed = tuple(tmp_path / name for name in ("a", "b", "link"))
    put(file(tmp_path / "a", b"a"), folder(tmp_path / "b"), file(tmp_path / "b" / "c"), removed=removed)
    assert {name: content for name, (_mode, content) in tree(tmp_path).items()} == {
        "a": b"a",
        "b": None,
        "b/c": b"",
        "kept": b"",
    }


def test_what_cannot_be_written_is_named_and_leaves_nothing_half(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(FilesError, match=r"/a: Is a directory$"):
        put(file(tmp_path / "a", b"a"))
    with pytest.raises(FilesError, match=r"/missing/a: No such file or directory$"):
        put(file(tmp_path / "missing" / "a", b"a"))
    assert list(tree(tmp_path)) == ["a"]
    with pytest.raises(FilesError, match=r"/a: rw is no mode"):
        put(file(tmp_path / "a", mode="rw"))


REFUSED = "the one that is\nrefused\n"


def said_of(tmp_path: Path, *files: dict[str, Any]) -> list[str]:
    """What the commands of files were asked; the temporary file is called FILE, and one that says REFUSED refuses."""
    private = tmp_path / "private"
    private.mkdir()
    asked: list[str] = []

    def run(command: str) -> tuple[int, str]:
        (path,) = private.iterdir()
        asked.append(f"{command.replace(str(path), 'FILE')} {path.stat().st_mode & 0o777:o} {path.read_text()}")
        return int("REFUSED" in command), REFUSED

    try:
        validate(due(*files), str(private), run)
    finally:
        assert list(private.iterdir()) == []
    return asked


def test_contents_are_validated_as_they_will_be(tmp_path: Path) -> None:
    put(file(tmp_path / "same", b"same", mode="0600"))
    assert said_of(
        tmp_path,
        folder(tmp_path / "missing"),
        file(tmp_path / "missing" / "a", b"a", mode="0444", validate="check %s --strict"),
        file(tmp_path / "b", b"b"),
        # Its mode alone is another.
        file(tmp_path / "same", b"same", validate="check %s"),
    ) == ["check FILE --strict 444 a"]
    assert sorted(tree(tmp_path)) == ["private", "same"]


def test_a_content_that_is_refused_is_told_with_what_was_said(tmp_path: Path) -> None:
    with pytest.raises(FilesError) as refused:
        said_of(tmp_path, file(tmp_path / "a"), file(tmp_path / "b", b"b", validate="REFUSED %s"))
    assert str(refused.value) == (f"{tmp_path}/b failed to validate: the one that is | refused. Nothing was changed.")


def test_what_is_said_of_a_secret_is_not_told(tmp_path: Path) -> None:
    with pytest.raises(FilesError) as refused:
        said_of(tmp_path, file(tmp_path / "b", b"b", validate="REFUSED %s", secret=True))
    assert str(refused.value) == f"{tmp_path}/b failed to validate: it ended with 1. Nothing was changed."


def test_a_command_has_a_place_for_the_file(tmp_path: Path) -> None:
    with pytest.raises(FilesError, match=r"/b: validate has no %s, which is its place: check$"):
        said_of(tmp_path, file(tmp_path / "b", validate="check"))


def shown(*files: dict[str, Any], removed: tuple[Path, ...] = ()) -> list[dict[str, Any]]:
    return diff([str(path) for path in removed], due(*files, removed=removed))


def test_a_difference_of_text_is_shown(tmp_path: Path) -> None:
    put(file(tmp_path / "a", "grün\n".encode()))
    header = {"before_header": str(tmp_path / "a"), "after_header": str(tmp_path / "a")}
    assert shown(file(tmp_path / "a", b"blau\n")) == [{**header, "before": "grün\n", "after": "blau\n"}]
    # Removed first, it is another file.
    assert shown(file(tmp_path / "a", b"b"), removed=(tmp_path / "a",)) == [
        {
            "before": {"path": str(tmp_path / "a"), "state": "present"},
            "after": {"path": str(tmp_path / "a"), "state": "absent"},
        },
        {**header, "before": "", "after": "b"},
    ]


def test_a_difference_of_attributes_is_shown(tmp_path: Path) -> None:
    put(file(tmp_path / "a", b"geheim", mode="0600"))
    path = {"path": str(tmp_path / "a")}
    assert shown(file(tmp_path / "a", b"geheim", secret=True)) == [
        {"before": {**path, **OWN, "mode": "0600"}, "after": {**path, **OWN, "mode": "0644"}}
    ]
    path = {"path": str(tmp_path / "b")}
    assert shown(folder(tmp_path / "b")) == [
        {"before": {**path, "state": "absent"}, "after": {**path, **OWN, "mode": "0755"}}
    ]


@pytest.mark.parametrize(
    ("before", "after", "more"),
    [
        (b"geheim", b"heimlich", {"secret": True}),
        (None, b"geheim", {"secret": True}),
        (b"geheim\0", b"open", {}),
        (b"open", b"geheim\xff", {}),
        (b"open", b"geheim" * SHOWN, {}),
    ],
)
def test_no_secret_and_no_binary_content_is_shown(
    before: bytes | None, after: bytes, more: dict[str, Any], tmp_path: Path
) -> None:
    if before is not None:
        put(file(tmp_path / "a", before))
    (found,) = shown(file(tmp_path / "a", after, **more))
    assert found.keys() == {"prepared"}
    assert found["prepared"].startswith(f"{tmp_path}/a has another content, which is ")
    assert "geheim" not in str(found)


def test_what_may_not_be_read_is_taken_for_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(file(tmp_path / "a", b"a"))
    really_open: Callable[..., int] = os.open

    def refuse(path: str, flags: int, *mode: int) -> int:
        if path == str(tmp_path / "a"):
            raise PermissionError(13, "Permission denied")
        return really_open(path, flags, *mode)

    monkeypatch.setattr(os, "open", refuse)
    (change,) = due(file(tmp_path / "a", b"a"))
    put_in_place([], [change])
    assert (tmp_path / "a").read_bytes() == b"a"

# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""Puts files and folders in place on a host, all in one call; their contents come in an archive of their own.

Links are never followed: what is written, read or given to somebody is at its path itself.
"""

from __future__ import annotations

import io
import os
import shutil
import stat
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

from .programs import last_words

Run = Callable[[str], tuple[int, str]]
"""Runs a command, and returns its exit code and what it printed."""

# What ansible.builtin.copy shows of a file at most, where Ansible is told nothing else.
SHOWN = 104448

ARGUMENTS: dict[str, Any] = {
    "files": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            # It is the host's, and would be expanded on the controller.
            "path": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["file", "directory"], "default": "file"},
            "content": {"type": "str"},
            "src": {"type": "path"},
            "owner": {"type": "int", "default": 0},
            "group": {"type": "int", "default": 0},
            "mode": {"type": "str"},
            "secret": {"type": "bool", "default": False},
            "whole": {"type": "bool", "default": False},
            "wanted": {"type": "bool", "default": True},
            "validate": {"type": "str"},
        },
    },
    "seen": {"type": "dict", "default": {}},
}
"""What a task may say."""


class FilesError(Exception):
    """A file was refused or could not be put in place; the message says which, and why."""


@dataclass(frozen=True)
class Attributes:
    owner: int
    group: int
    mode: int


@dataclass(frozen=True)
class Wanted:
    """What is to be at a path: a file with its content, or a folder, which has none."""

    path: str
    attributes: Attributes
    content: Optional[bytes]
    secret: bool
    validate: Optional[str]


@dataclass(frozen=True)
class Seen:
    """What is at a path: a file or a folder, whichever is wanted there. Of a file that may not be read, no content."""

    attributes: Attributes
    content: Optional[bytes]


@dataclass(frozen=True)
class Change:
    """What is wanted, and what is in its place; None where that is nothing, or of another kind."""

    wanted: Wanted
    before: Optional[Seen]

    @property
    def is_of_content(self) -> bool:
        return self.before is None or self.before.content != self.wanted.content

    @property
    def is_of_attributes(self) -> bool:
        return self.before is None or self.before.attributes != self.wanted.attributes


def pack(contents: Mapping[int, bytes]) -> bytes:
    """Return a tar that has each content under its number, and tells nothing else of it."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for number, content in contents.items():
            member = tarfile.TarInfo(str(number))
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def unpack(path: str) -> dict[int, bytes]:
    """Return the contents that pack() packed."""
    with tarfile.open(path, "r:") as archive:
        return {int(member.name): file.read() for member in archive if (file := archive.extractfile(member))}


def wanted_files(files: Iterable[Mapping[str, Any]], contents: Mapping[int, bytes]) -> list[Wanted]:
    """Read the module's files, each of which has its content under its number among them. Raises FilesError."""
    return [
        Wanted(
            file["path"],
            Attributes(file["owner"], file["group"], _mode(file)),
            contents[number] if file["state"] == "file" else None,
            file["secret"],
            file["validate"],
        )
        for number, file in enumerate(files)
    ]


def _mode(file: Mapping[str, Any]) -> int:
    try:
        return int(file["mode"], 8)
    except ValueError as error:
        raise FilesError(f"{file['path']}: {file['mode']} is no mode; it is octal digits such as 0644.") from error


def changes(files: Iterable[Wanted], removed: Sequence[str]) -> list[Change]:
    """Return what has to be changed once the paths are removed. Raises FilesError."""
    found = []
    for file in files:
        is_gone = any(file.path == path or file.path.startswith(f"{path}/") for path in removed)
        with _told(file.path):
            change = Change(file, None if is_gone else _seen(file))
        if change.is_of_content or change.is_of_attributes:
            found.append(change)
    return found


def _seen(file: Wanted) -> Optional[Seen]:
    try:
        status = os.lstat(file.path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    is_of_kind = stat.S_ISDIR if file.content is None else stat.S_ISREG
    if not is_of_kind(status.st_mode):
        return None
    content = None if file.content is None else _content(file.path)
    return Seen(Attributes(status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)), content)


def _content(path: str) -> Optional[bytes]:
    try:
        with _opened(path) as descriptor, os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read()
    except PermissionError:
        return None


def validate(due: Iterable[Change], folder: str, run: Run) -> None:
    """Have the commands of files say whether their new contents are right, before any is put in place.

    They are read from the folder, which is to be nobody else's. Raises FilesError.
    """
    for change in due:
        file = change.wanted
        if file.validate is None or not change.is_of_content:
            continue
        if "%s" not in file.validate:
            raise FilesError(f"{file.path}: validate has no %s, which is its place: {file.validate}")
        with _told(file.path), _written(file, folder) as path:
            code, said = run(file.validate.replace("%s", str(path)))
        if code != 0:
            # Such a command says what it stumbles over.
            reason = f"it ended with {code}" if file.secret or not said.strip() else last_words(said.strip())
            raise FilesError(f"{file.path} failed to validate: {reason}. Nothing was changed.")


def put_in_place(removed: Iterable[str], due: Iterable[Change]) -> None:
    """Remove what is to be gone, then write what is due, each file at once. Raises FilesError."""
    for path in removed:
        with _told(path):
            _remove(path)
    for change in due:
        with _told(change.wanted.path):
            _put(change)


def _remove(path: str) -> None:
    if Path(path).is_dir() and not Path(path).is_symlink():
        shutil.rmtree(path)
    else:
        Path(path).unlink()


def _put(change: Change) -> None:
    file = change.wanted
    if file.content is None and change.before is None:
        _make(file)
    elif change.is_of_content:
        with _written(file, str(Path(file.path).parent)) as path:
            path.replace(file.path)
    else:
        with _opened(file.path) as descriptor:
            _set(descriptor, file.attributes)


def _make(folder: Wanted) -> None:
    """Make a folder, and like it those that it lies in, as far as they are missing."""
    path = Path(folder.path)
    for each in (*(parent for parent in reversed(path.parents) if not parent.exists()), path):
        each.mkdir(mode=0o700)
        with _opened(str(each)) as descriptor:
            _set(descriptor, folder.attributes)


@contextmanager
def _written(file: Wanted, folder: str) -> Iterator[Path]:
    """Write a file under another name, which is gone at the end; nobody else reads it before it is whole."""
    # A name that no program looks for in its folder.
    descriptor, name = tempfile.mkstemp(prefix=".monitor_lab-", dir=folder)
    path = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(file.content or b"")
            opened.flush()
            _set(descriptor, file.attributes)
        yield path
    finally:
        path.unlink(missing_ok=True)


@contextmanager
def _opened(path: str) -> Iterator[int]:
    # Neither a link nor a pipe that somebody else has put there meanwhile.
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _set(descriptor: int, attributes: Attributes) -> None:
    # In this order: a change of owner takes some bits of the mode away.
    os.fchown(descriptor, attributes.owner, attributes.group)
    os.fchmod(descriptor, attributes.mode)


@contextmanager
def _told(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise FilesError(f"{path}: {error.strerror}") from error


def diff(removed: Iterable[str], due: Iterable[Change]) -> list[dict[str, Any]]:
    """Return what changes, as Ansible shows it; of secrets and of what is no text, no content."""
    found = [
        {"before": {"path": path, "state": "present"}, "after": {"path": path, "state": "absent"}} for path in removed
    ]
    for change in due:
        if change.wanted.content is not None and change.is_of_content:
            found.append(_content_diff(change))
        if change.is_of_attributes and (change.before or change.wanted.content is None):
            found.append(_attributes_diff(change))
    return found


def _content_diff(change: Change) -> dict[str, Any]:
    path = change.wanted.path
    before = _text(change.before.content) if change.before else ""
    after = _text(change.wanted.content)
    if change.wanted.secret:
        return {"prepared": f"{path} has another content, which is secret\n"}
    if before is None or after is None:
        return {"prepared": f"{path} has another content, which is no text or a long one\n"}
    return {"before_header": path, "before": before, "after_header": path, "after": after}


def _text(content: Optional[bytes]) -> Optional[str]:
    if content is None or len(content) > SHOWN or b"\0" in content:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None


def _attributes_diff(change: Change) -> dict[str, Any]:
    path = change.wanted.path
    before = _shown(change.before.attributes) if change.before else {"state": "absent"}
    return {"before": {"path": path, **before}, "after": {"path": path, **_shown(change.wanted.attributes)}}


def _shown(attributes: Attributes) -> dict[str, Any]:
    return {"owner": attributes.owner, "group": attributes.group, "mode": f"{attributes.mode:04o}"}

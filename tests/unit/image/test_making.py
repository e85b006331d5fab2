# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""How images are made side by side, and what is told where one cannot be made."""

from __future__ import annotations

import hashlib
import tarfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._lab.images import (
    Context,
    Image,
    ImageError,
    build,
    locked_versions,
    make_contexts,
)
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._lab.programs import ProgramError, last_words, run

from tests.checks.tree import CHECKOUT

LOCK = """\
# Made by hand
zope.event==6.2 \\
    --hash=sha256:1 \\
    --hash=sha256:2
locust==2.47.0 ; python_version >= "3.11" \\
    --hash=sha256:3
"""
WHEELS = ["manylinux2014_x86_64"]


class Programs:
    """Stands in for programs: remembers what was called, and fails where a word is in the command."""

    def __init__(self, *failing: str) -> None:
        self.failing = failing
        self.calls: list[str] = []

    def __call__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str] | None = None,
        standard_input: Path | None = None,
    ) -> None:
        call = " ".join(command)
        self.calls.append(call)
        options = dict(argument.split("=", 1) for argument in command if argument.startswith("--") and "=" in argument)
        if "--dest" in options:
            # As pip does: what is asked for, and of a locked version what is asked for by the constraints.
            asked = locked_versions(Path(options["--requirement"]))
            for name, version in asked.items():
                (Path(options["--dest"]) / f"{name}-{version}-py3-none-any.whl").write_text(name)
        if any(word in call for word in self.failing):
            raise ProgramError(f"no {command[-1]}")

    def called(self, word: str) -> list[str]:
        return [call for call in self.calls if word in call]


def image(name: str, *packages: str) -> Image:
    base = f"localhost/monitor-lab/debian:{'-'.join(packages)}" if packages else "python:3"
    return Image(name, f"localhost/monitor-lab/{name}:1", "1", Path(f"/{name}.tar.gz"), base, packages, "bookworm")


def context(tmp_path: Path, name: str, requirements: Path | None = None) -> Context:
    folder = tmp_path / name
    folder.mkdir()
    (folder / "Dockerfile").touch()
    (folder / "requirements.txt").write_text(LOCK)
    (tmp_path / "pip.txt").write_text("pip==26.3 --hash=sha256:1\n")
    return Context(name, folder, tmp_path / "pip.txt", requirements, tmp_path / "contexts" / f"{name}.tar.gz")


def test_contexts_hold_their_own_wheels_and_pip(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("faker==1.0\nZope_Event==6.2\n")
    contexts = [context(tmp_path, "a"), context(tmp_path, "b", tmp_path / "mine.txt")]
    programs = Programs()
    make_contexts(contexts, WHEELS, programs)
    locked = {f"wheels/{name}-py3-none-any.whl" for name in ("pip-26.3", "zope.event-6.2", "locust-2.47.0")}
    for one, further in zip(contexts, (set(), {"wheels/faker-1.0-py3-none-any.whl"}), strict=True):
        with tarfile.open(one.archive) as archive:
            assert {name for name in archive.getnames() if name.startswith("wheels/")} == locked | further
    assert len(programs.called("--platform=manylinux2014_x86_64")) == 5
    assert sorted(path.name for path in (tmp_path / "contexts").iterdir()) == ["a.tar.gz", "b.tar.gz"]


def test_what_is_locked_has_the_lock_s_hashes_and_what_else_a_user_wants_those_of_its_download(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("faker==1.0\nZope_Event==6.2\n")
    one = context(tmp_path, "a", tmp_path / "mine.txt")
    programs = Programs()
    make_contexts([one], WHEELS, programs)
    for file in (one.folder / "requirements.txt", one.pip):
        (call,) = programs.called(f"--requirement={file}")
        assert "--require-hashes" in call
    # pip would want hashes of all or of none.
    (call,) = programs.called(f"--requirement={tmp_path}/mine.txt")
    assert "--require-hashes" not in call and "--constraint=" in call
    with tarfile.open(one.archive) as archive:
        user = archive.extractfile("requirements-user.txt")
        assert user
        digest = hashlib.sha256(b"faker").hexdigest()
        assert user.read().decode() == f"faker==1.0 --hash=sha256:{digest}\n"


def test_what_is_locked_is_read_from_the_lock(tmp_path: Path) -> None:
    (tmp_path / "lock.txt").write_text(LOCK)
    assert locked_versions(tmp_path / "lock.txt") == {"zope.event": "6.2", "locust": "2.47.0"}


def test_every_lock_has_hashes() -> None:
    locks = [*CHECKOUT.glob("requirements*.txt"), *CHECKOUT.glob("files/*/requirements.txt")]
    assert len(locks) == 8
    for lock in locks:
        lines = [line for line in lock.read_text().splitlines() if not line.startswith("#")]
        versions = [number for number, line in enumerate(lines) if not line.startswith(" ")]
        assert versions and all("==" in lines[number] for number in versions)
        assert all("--hash=sha256:" in lines[number + 1] for number in versions), lock


def test_wheels_that_cannot_be_had_are_named_and_nothing_is_left(tmp_path: Path) -> None:
    programs = Programs("a/requirements.txt")
    contexts = [context(tmp_path, "a"), context(tmp_path, "b")]
    with pytest.raises(ImageError, match=r"^The wheels for the image a could not be had on the controller: no .*a/req"):
        make_contexts(contexts, WHEELS, programs)
    # The other one is whole, and will not be made again.
    assert [path.name for path in (tmp_path / "contexts").iterdir()] == ["b.tar.gz"]


def test_what_needs_no_python_needs_no_wheels(tmp_path: Path) -> None:
    one = context(tmp_path, "prometheus")
    (one.folder / "requirements.txt").unlink()
    programs = Programs()
    make_contexts([one], WHEELS, programs)
    assert programs.calls == []
    assert one.archive.exists()


def test_a_base_is_made_once_for_all_that_are_built_from_it(tmp_path: Path) -> None:
    images = [image("a", "python3"), image("b", "python3"), image("c", "prometheus"), image("d")]
    programs = Programs("inspect")
    build(images, tmp_path / "builds", ["through"], programs)
    assert len(programs.called("through unshare --mount mmdebstrap")) == 2
    assert len(programs.called("docker import")) == 2
    assert len(programs.called("docker build")) == 4
    for one in images:
        (built,) = programs.called(f"--tag={one.reference} ")
        assert f"--build-arg=BASE={one.base} " in built
    # Stages are removed when all is done.
    assert programs.calls[-1].startswith("docker image prune")


def test_a_base_that_is_there_is_not_made(tmp_path: Path) -> None:
    programs = Programs()
    build([image("a", "python3")], tmp_path, (), programs)
    assert programs.called("mmdebstrap") == []


def test_a_base_that_cannot_be_made_is_told_once_and_the_rest_is_built(tmp_path: Path) -> None:
    programs = Programs("inspect", "--include=python3")
    with pytest.raises(ImageError) as raised:
        build([image("a", "python3"), image("b", "python3"), image("c", "prometheus")], tmp_path, (), programs)
    assert str(raised.value).count("A base of Debian bookworm for the image") == 1
    assert "Check the host's way to Debian's mirrors" in str(raised.value)
    assert len(programs.called("docker build")) == 1
    assert len(programs.called("docker image prune")) == 1


def test_each_image_that_cannot_be_built_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImageError) as raised:
        build([image("a"), image("b"), image("c")], tmp_path, (), Programs("/a:1", "/c:1"))
    assert [name for name in "abc" if f"The image {name} could not be built: " in str(raised.value)] == ["a", "c"]


def test_builds_go_on_at_the_same_time(tmp_path: Path) -> None:
    together = threading.Barrier(3, timeout=30)

    def meet(command: Sequence[str], **_others: object) -> None:
        if command[1] == "build":
            together.wait()

    build([image("a"), image("b"), image("c")], tmp_path, (), meet)


def test_a_program_that_fails_is_quoted(tmp_path: Path) -> None:
    (tmp_path / "input").write_text("1\n 2\n3 \n4\n5\n")
    with pytest.raises(ProgramError, match=r"^2 \| 3 \| 4 \| 5$"):
        run(["sh", "-c", "cat; exit 3"], standard_input=tmp_path / "input")
    with pytest.raises(ProgramError, match="sh ended with 4"):
        run(["sh", "-c", "exit 4"])
    with pytest.raises(ProgramError, match="no such program"):
        run(["/no such program"])
    run(["sh", "-c", 'test "$NAME" = value'], environment={"NAME": "value"})
    assert last_words("") == ""

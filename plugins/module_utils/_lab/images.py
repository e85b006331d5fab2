# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""Makes images side by side: on the controller what they are built from, on a host their bases and themselves.

A base of Debian packages is known by this file's content, too.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Optional

from .content import pack
from .programs import ProgramError, run

Run = Callable[..., None]
"""programs.run, or what takes its place in a test."""

# Wheels for the Python of the image, whatever the controller is.
PIP = (
    *("-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--only-binary=:all:"),
    *("--python-version=3.11", "--implementation=cp", "--abi=cp311", "--abi=abi3", "--abi=none"),
)
MMDEBSTRAP = (
    # A mount namespace of its own: what an interrupted mmdebstrap leaves mounted goes with it.
    *("unshare", "--mount", "mmdebstrap", "--quiet"),
    # With /usr merged beforehand, as debootstrap does it: else a package does that, and needs all of Perl.
    *("--variant=essential", "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr"),
    "--dpkgopt=path-exclude=/usr/share/doc/*",
    "--dpkgopt=path-exclude=/usr/share/locale/*",
    "--dpkgopt=path-exclude=/usr/share/man/*",
    # Sources of a library of Prometheus' pages: half of its base, and no page reads them.
    "--dpkgopt=path-exclude=/usr/share/javascript/moment-timezone/data/*",
    '--customize-hook=rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/*',
)
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
STAGE = "label=monitor_lab.stage=build"


class ImageError(Exception):
    """Images could not be made; the message says which, why, and what to do."""


@dataclass(frozen=True)
class Context:
    """What the build of an image takes, and the archive that it becomes."""

    name: str
    folder: Path
    pip: Path
    requirements: Optional[Path]
    archive: Path
    libraries: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Image:
    """An image to build: from a published base, or from one that is made of Debian packages where any are named."""

    name: str
    reference: str
    content: str
    archive: Path
    base: str
    packages: tuple[str, ...]
    suite: str


def side_by_side(tasks: Iterable[Callable[[], object]]) -> None:
    """Do all at the same time, and wait for all. Raises ImageError with what each that failed says, each thing once."""
    calls = list(tasks)
    with ThreadPoolExecutor(max_workers=max(1, len(calls))) as pool:
        futures = [pool.submit(call) for call in calls]
    errors = [future.exception() for future in futures]
    for error in errors:
        if error and not isinstance(error, ImageError):
            raise error
    if messages := list(dict.fromkeys(str(error) for error in errors if error)):
        raise ImageError(" ".join(messages))


def make_contexts(contexts: Sequence[Context], platforms: Sequence[str], run: Run = run) -> None:
    """Download the wheels of each and pack it with them. Raises ImageError and OSError, and nothing is left then."""
    if not contexts:
        return
    folder = contexts[0].archive.parent
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="staging-", dir=str(folder)) as staging:
        side_by_side([partial(_make_context, context, Path(staging), platforms, run) for context in contexts])


def _make_context(context: Context, staging: Path, platforms: Sequence[str], run: Run) -> None:
    wheels, more = staging / context.name, staging / f"{context.name}-user"
    wheels.mkdir()
    more.mkdir()
    locked = context.folder / "requirements.txt"
    user = None
    if locked.exists():
        # pip for the image itself too: a base of Debian packages has none.
        downloads = [
            partial(_download, wheels, platforms, ["--require-hashes", f"--requirement={file}"], run)
            for file in (locked, context.pip)
        ]
        if context.requirements:
            # By itself, since pip wants hashes of all or of none. What is locked stays as it is.
            versions = staging / f"{context.name}-locked.txt"
            versions.write_text("".join(f"{name}=={version}\n" for name, version in locked_versions(locked).items()))
            asked = [f"--constraint={versions}", f"--requirement={context.requirements}"]
            downloads.append(partial(_download, more, platforms, asked, run))
        try:
            side_by_side(downloads)
        except ProgramError as error:
            raise ImageError(
                f"The wheels for the image {context.name} could not be had on the controller: {error} -- Check the "
                "way to the Python package index (a proxy, pip's configuration) and the requirements, then run again. "
                "Nothing that runs was touched."
            ) from error
        if context.requirements:
            user = staging / f"{context.name}-user.txt"
            user.write_text(_add(more, wheels, locked_versions(locked)))
    pack(context.folder, wheels, user, context.archive, context.libraries)


def _download(wheels: Path, platforms: Sequence[str], asked: Sequence[str], run: Run) -> None:
    options = [f"--dest={wheels}", *(f"--platform={platform}" for platform in platforms)]
    run([sys.executable, *PIP, *options, *asked])


def locked_versions(requirements: Path) -> dict[str, str]:
    """Return distribution → version of a file in which each is given as `name==version`."""
    return dict(re.findall(r"^([\w.-]+)==([^\s;]+)", requirements.read_text(), re.MULTILINE))


def _add(more: Path, wheels: Path, locked: Iterable[str]) -> str:
    """Move to the wheels what is not locked; return requirements for these, with the hashes of what was downloaded."""
    names = {_distribution(name) for name in locked}
    lines = []
    for wheel in sorted(more.iterdir()):
        name, version = wheel.name.split("-")[:2]
        if _distribution(name) not in names:
            digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
            lines.append(f"{name}=={version} --hash=sha256:{digest}\n")
            wheel.replace(wheels / wheel.name)
    return "".join(lines)


def _distribution(name: str) -> str:
    # https://packaging.python.org/en/latest/specifications/name-normalization/
    return re.sub(r"[-_.]+", "-", name).lower()


def build(images: Sequence[Image], folder: Path, prefix: Sequence[str] = (), run: Run = run) -> None:
    """Make the bases that are not there, and all images. Raises ImageError; no stage of a build is left then either.

    The programs that reach Debian's mirrors are called after the prefix.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = {image.base: image for image in images if image.packages}
    with ThreadPoolExecutor(max_workers=max(1, len(made))) as pool:
        bases = {
            base: pool.submit(_have_base, image, folder / f"base-{number}", prefix, run)
            for number, (base, image) in enumerate(made.items())
        }
        try:
            side_by_side([partial(_build, image, bases.get(image.base), run) for image in images])
        finally:
            run(["docker", "image", "prune", "--force", f"--filter={STAGE}"])


def _have_base(image: Image, folder: Path, prefix: Sequence[str], run: Run) -> None:
    try:
        run(["docker", "image", "inspect", image.base])
        return
    except ProgramError:
        folder.mkdir(mode=0o700, exist_ok=True)
    archive = folder / "base.tar"
    try:
        run(
            [*prefix, *MMDEBSTRAP, f"--include={','.join(image.packages)}", image.suite, str(archive)],
            # Programs are run below it, which a host may forbid in /tmp.
            environment={**os.environ, "TMPDIR": str(folder)},
        )
    except ProgramError as error:
        raise ImageError(
            f"A base of Debian {image.suite} for the image {image.name} could not be made: {error} -- Check the host's "
            "way to Debian's mirrors (a proxy, name resolution), then run again. Nothing that runs was touched."
        ) from error
    run(["docker", "import", f"--change=ENV {PATH}", str(archive), image.base])


def _build(image: Image, base: Optional[Future[None]], run: Run) -> None:
    if base:
        base.result()
    arguments = (f"--build-arg=BASE={image.base}", f"--label=monitor_lab.content={image.content}")
    try:
        run(
            ["docker", "build", "--network=none", "--force-rm", *arguments, f"--tag={image.reference}", "-"],
            # Debian's Docker has the classic builder only, which leaves a stage's label to find it by.
            environment={**os.environ, "DOCKER_BUILDKIT": "0"},
            standard_input=image.archive,
        )
    except ProgramError as error:
        raise ImageError(
            f"The image {image.name} could not be built: {error}. Nothing that runs was touched."
        ) from error


def context_of(arguments: Mapping[str, Any]) -> Context:
    """Read one context from a module's arguments."""
    requirements = arguments["requirements"]
    return Context(
        arguments["name"],
        Path(arguments["folder"]),
        Path(arguments["pip"]),
        Path(requirements) if requirements else None,
        Path(arguments["archive"]),
        tuple(map(Path, arguments["libraries"])),
    )

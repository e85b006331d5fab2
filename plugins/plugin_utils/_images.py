# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""What an image is called, which host builds it for which others, and what its wheels must run on."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleUndefinedVariable
from jinja2 import UndefinedError

from ..module_utils._lab.content import content_hash
from ._values import kind_of

Hostvars = Mapping[str, Mapping[str, Any]]
"""Host → its variables, as Ansible's `hostvars`."""

# Of the Debian that an image is made from where no registry answers.
SUITE = "bookworm"
GLIBC_OF_BOOKWORM = 36
OLDEST_MANYLINUX_GLIBC = 17
# What the builds install wheels with.
PIP = Path(__file__).parents[2] / "files" / "pip" / "requirements.txt"


def whole_image(wanted: Mapping[str, Any], archives_dir: str, registry: str) -> dict[str, Any]:
    """Return the argument C(image_wanted) of the role C(image) with what it leaves out, and what follows from it.

    That is C(suite), C(archive) (the one that was supplied in the folder `archives_dir`, or ""), C(content) (a hash of
    all that the image is made from, and of nothing else), the names C(pulled) and C(made), "" where it is not to be had
    so, and C(from), the published image to build from.
    """
    whole: dict[str, Any] = {
        "engine": "docker",
        "upstream": "",
        "folder": "",
        "base": "",
        "packages": [],
        "libraries": [],
        "requirements": "",
        "suite": SUITE,
        **wanted,
    }
    supplied = sorted(Path(archives_dir).glob(f"{wanted['name']}.tar*")) if archives_dir else []
    content = ""
    if supplied:
        content = content_hash(supplied[:1])
    elif whole["folder"]:
        pip = PIP if Path(whole["folder"], "requirements.txt").exists() else ""
        folders = (whole["folder"], *whole["libraries"])
        sources = [Path(source) for source in (*folders, pip, whole["requirements"]) if source]
        content = content_hash(sources, json.dumps([whole["base"], list(whole["packages"]), SUITE]))
    return {
        **whole,
        "pip": str(PIP),
        "archive": str(supplied[0]) if supplied else "",
        "content": content,
        "pulled": published(whole["upstream"], registry),
        "made": f"localhost/monitor-lab/{whole['name']}:{content}" if content else "",
        "from": published(whole["base"], registry),
    }


def published(image: str, registry: str) -> str:
    """Return what a published image is called where it comes from `registry`; "" for none.

    Another registry has Docker Hub's images under their full names. Of a tag and a digest the digest alone is left: it
    says all, and an engine lists what was pulled by one without a tag.
    """
    name, at, digest = image.partition("@")
    if at:
        name = re.sub(r":[^:/]*$", "", name)
    if name and registry not in ("docker.io", ""):
        name = f"{registry}/{'' if '/' in name else 'library/'}{name}"
    return f"{name}{at}{digest}"


def pins(images: Iterable[Mapping[str, Any]], registry: str) -> list[dict[str, str]]:
    """Return what a user can pin of the images, as the role C(image) takes them, each variable once.

    That is C(variable), C(value) (what it has now, without a digest beside a tag) and C(asked) (what `registry` is to
    be asked for; "" where a digest alone says all).
    """
    found: dict[str, dict[str, str]] = {}
    for image in images:
        for key, variable in image.get("variables", {}).items():
            if reference := image.get(key, ""):
                name, at, _unused = reference.partition("@")
                has_tag = ":" in name.rpartition("/")[2]
                if at and not has_tag:
                    found[variable] = {"variable": variable, "value": reference, "asked": ""}
                    continue
                value = name if kind_of(variable) == "image" else name.rpartition(":")[2]
                found[variable] = {"variable": variable, "value": value, "asked": published(name, registry)}
    return list(found.values())


def image_there(wanted: Mapping[str, Any], looked: Mapping[str, Any], archives_dir: str, registry: str) -> str:
    """Return the name by which the image's engine on a host has it, "" where it has none.

    `looked` is what M(devsecops.monitor_lab.lab_host_info) returned; the others are those of whole_image().
    """
    whole = whole_image(wanted, archives_dir, registry)
    images = (looked[whole["engine"]] or {}).get("images", {})
    return next((name for name in (whole["pulled"], whole["made"]) if name and name in images), "")


def image_builder(hosts: Iterable[str], hostvars: Hostvars, host: str, proxy: str) -> str:
    """Return the host that builds what `host` lacks: the first with an engine that has its architecture and its proxy.

    With the same way out, what this host can have of a registry, that one can.
    """
    return next(
        (
            other
            for other in _of_one_architecture(hosts, hostvars, host)
            if _goes_through(hostvars[other], proxy) and (hostvars[other].get("monitor_lab_host") or {}).get("docker")
        ),
        host,
    )


def _goes_through(variables: Mapping[str, Any], proxy: str) -> bool:
    """Tell whether a host has this proxy. Of one whose template names C(hostvars), Ansible can't say."""
    try:
        return bool(variables.get("monitor_lab_proxy", "") == proxy)
    except (AnsibleUndefinedVariable, UndefinedError):
        return False


def image_lacking(hosts: Iterable[str], hostvars: Hostvars, host: str, image: str) -> list[str]:
    """Return the hosts that lack the image as `host` does, and can run what is made for it; `host` is one of them."""
    found = hostvars[host]["image_found"][image]
    return [
        other
        for other in _of_one_architecture(hosts, hostvars, host)
        if hostvars[other].get("image_found", {}).get(image) == found
    ]


def images_to_build(hosts: Iterable[str], hostvars: Hostvars, host: str) -> list[dict[str, Any]]:
    """Return what a host has to build for all: what any lacks, and neither its Docker nor the controller has."""
    there = (hostvars[host]["monitor_lab_host"]["docker"] or {}).get("images", {})
    builds = {
        build["reference"]: build
        for other in hosts
        for build in hostvars[other].get("image_builds", [])
        if build["builder"] == host and build["reference"] not in there and not Path(build["kept"]).exists()
    }
    return list(builds.values())


def _of_one_architecture(hosts: Iterable[str], hostvars: Hostvars, host: str) -> Iterator[str]:
    wanted = hostvars[host]["ansible_facts"]["architecture"]
    return (other for other in hosts if hostvars[other].get("ansible_facts", {}).get("architecture") == wanted)


def wheel_platforms(architecture: str) -> list[str]:
    """Platforms of the wheels that CPython of Debian 12 can use, the newest first (PEP 600)."""
    versions = range(GLIBC_OF_BOOKWORM, OLDEST_MANYLINUX_GLIBC - 1, -1)
    return [*(f"manylinux_2_{version}_{architecture}" for version in versions), f"manylinux2014_{architecture}"]


def postgresql_major(reference: str, upstream: str, built: str) -> str:
    """Return PostgreSQL's major version in the image `reference`; "" where it is not to be known.

    It is `built` in one that the lab has made, and else what the tag of the published image `upstream` begins with.
    """
    if reference.startswith("localhost/monitor-lab/"):
        return built
    tagged = re.fullmatch(r"[^@]*:([0-9]+)(?![0-9])[^/@]*(@.*)?", upstream)
    return tagged[1] if tagged else ""

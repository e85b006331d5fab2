# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Which host builds for which, and what its wheels must run on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils import _images

DOCKER = {"version": "26.1.5", "images": {}, "containers": {}}
BUILD = {"reference": "localhost/monitor-lab/locust:5f1c8b0a9d3e", "way": "build"}


def host(architecture: str = "x86_64", docker: bool = True, proxy: str | None = None, **found: Any) -> dict[str, Any]:
    engine = DOCKER if docker else None
    variables = {"ansible_facts": {"architecture": architecture}, "monitor_lab_host": {"docker": engine}}
    if proxy is not None:
        variables["monitor_lab_proxy"] = proxy
    return variables | ({"image_found": found} if found else {})


def test_the_first_host_with_an_engine_builds() -> None:
    hosts = {"bare": host(docker=False), "first": host(), "second": host()}
    assert _images.image_builder(hosts, hosts, "second", "") == "first"
    # None looked at: each for itself.
    assert _images.image_builder(["a", "b"], {"a": {}, "b": host(docker=False)}, "b", "") == "b"


def test_a_host_of_another_architecture_does_not_build() -> None:
    hosts = {"arm": host("aarch64"), "other_arm": host("aarch64"), "intel": host()}
    assert _images.image_builder(hosts, hosts, "intel", "") == "intel"
    assert _images.image_builder(hosts, hosts, "other_arm", "") == "arm"


def test_a_host_with_another_way_out_does_not_build() -> None:
    proxy = "http://proxy.test:3128"
    hosts = {"open": host(), "proxied": host(proxy=proxy), "empty": host(proxy=""), "also": host(proxy=proxy)}
    assert _images.image_builder(hosts, hosts, "also", proxy) == "proxied"
    assert _images.image_builder(hosts, hosts, "empty", "") == "open"


def test_those_that_lack_the_same_image() -> None:
    hosts = {
        "has": host(locust={**BUILD, "way": "there"}),
        "asked_for_another": host(grafana=BUILD),
        "never_asked": host(),
        "first": host(locust=BUILD),
        "newer": host(locust={**BUILD, "reference": "localhost/monitor-lab/locust:000000000000"}),
        "second": host(locust=BUILD),
    }
    assert _images.image_lacking(hosts, hosts, "second", "locust") == ["first", "second"]


def test_each_architecture_has_one_that_lacks_it_first() -> None:
    hosts = {"intel": host(locust=BUILD), "arm": host("aarch64", locust=BUILD)}
    assert _images.image_lacking(hosts, hosts, "arm", "locust") == ["arm"]


def test_the_platforms_of_wheels() -> None:
    platforms = _images.wheel_platforms("aarch64")
    assert platforms[:2] == ["manylinux_2_36_aarch64", "manylinux_2_35_aarch64"]
    assert platforms[-2:] == ["manylinux_2_17_aarch64", "manylinux2014_aarch64"]


def build(name: str, kept: Path, builder: str = "first") -> dict[str, Any]:
    return {"name": name, "reference": f"localhost/monitor-lab/{name}:1", "builder": builder, "kept": str(kept / name)}


def test_what_a_host_builds_for_all(tmp_path: Path) -> None:
    (tmp_path / "kept").touch()
    there = {"version": "26.1.5", "images": {"localhost/monitor-lab/there:1": {}}}
    hosts: dict[str, dict[str, Any]] = {
        "first": {
            "monitor_lab_host": {"docker": there},
            "image_builds": [build("locust", tmp_path), build("there", tmp_path)],
        },
        "bare": {"monitor_lab_host": {"docker": None}},
        "second": {
            **host("aarch64"),
            "image_builds": [build("locust", tmp_path), build("kept", tmp_path), build("arm", tmp_path, "second")],
        },
    }
    assert [each["name"] for each in _images.images_to_build(hosts, hosts, "first")] == ["locust"]
    assert [each["name"] for each in _images.images_to_build(hosts, hosts, "second")] == ["arm"]
    assert _images.images_to_build(hosts, hosts, "bare") == []

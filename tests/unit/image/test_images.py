# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Which host builds for which, and what its wheels must run on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
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


DIGEST = f"sha256:{'0123456789abcdef' * 4}"


@pytest.mark.parametrize(
    ("image", "registry", "name"),
    [
        ("", "registry.test:5000", ""),
        ("python:3", "docker.io", "python:3"),
        ("prom/prometheus:v3", "registry.test:5000", "registry.test:5000/prom/prometheus:v3"),
        # A registry has Docker Hub's own images under their full names.
        ("postgres:17", "registry.test", "registry.test/library/postgres:17"),
        (f"prom/prometheus:v3@{DIGEST}", "", f"prom/prometheus@{DIGEST}"),
        (f"localhost:5000/image@{DIGEST}", "docker.io", f"localhost:5000/image@{DIGEST}"),
        (f"python:3@{DIGEST}", "registry.test:5000/hub", f"registry.test:5000/hub/library/python@{DIGEST}"),
    ],
)
def test_what_a_published_image_is_called(image: str, registry: str, name: str) -> None:
    assert _images.published(image, registry) == name


def test_what_was_pulled_by_its_digest_is_there(tmp_path: Path) -> None:
    wanted = {"name": "prometheus", "upstream": f"prom/prometheus:v3@{DIGEST}"}
    pulled = f"prom/prometheus@{DIGEST}"
    for images, there in (({pulled: "sha256:1"}, pulled), ({"prom/prometheus:v3": "sha256:1"}, "")):
        looked = {"docker": {"images": images}}
        assert _images.image_there(wanted, looked, "", "docker.io") == there
    # An archive is known by its own content.
    (tmp_path / "prometheus.tar").write_text("archive")
    whole = _images.whole_image(wanted, str(tmp_path), "docker.io")
    assert whole["made"].startswith("localhost/monitor-lab/prometheus:") and "@" not in whole["made"]


def test_an_image_is_another_one_from_another_base(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").touch()
    images = [{"name": "a", "folder": str(tmp_path), "base": base} for base in ("python:3", f"python:3@{DIGEST}")]
    tagged, pinned = (_images.whole_image(image, "", "docker.io") for image in images)
    assert tagged["made"] != pinned["made"]
    assert pinned["from"] == f"python@{DIGEST}"


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


def test_what_a_user_can_pin() -> None:
    python = {
        "base": "python:3.11-slim",
        "variables": {"upstream": "locust_version", "base": "monitor_lab_python_image"},
    }
    images: list[dict[str, Any]] = [
        {"name": "tokenization", **python},
        # Pinned before: its tag is asked for anew.
        {"name": "locust", "upstream": f"locustio/locust:2.47.0@{DIGEST}", **python},
        {"name": "exporter", "upstream": "", "variables": {"upstream": "locust_exporter_image"}},
        {
            "name": "postgres",
            "upstream": f"postgres@{DIGEST}",
            "variables": {"upstream": "tokenization_postgres_image"},
        },
        {"name": "made_up", "folder": "/made_up"},
    ]
    assert _images.pins(images, "registry.test:5000") == [
        {
            "variable": "monitor_lab_python_image",
            "value": "python:3.11-slim",
            "asked": "registry.test:5000/library/python:3.11-slim",
        },
        {"variable": "locust_version", "value": "2.47.0", "asked": "registry.test:5000/locustio/locust:2.47.0"},
        {"variable": "tokenization_postgres_image", "value": f"postgres@{DIGEST}", "asked": ""},
    ]


@pytest.mark.parametrize(
    ("reference", "upstream", "major"),
    [
        ("localhost/monitor-lab/postgres:5f1c8b0a9d3e", "postgres:17.7-bookworm", "15"),
        ("postgres:17.7-bookworm", "postgres:17.7-bookworm", "17"),
        ("lab.test:5000/library/postgres:16", "lab.test:5000/library/postgres:16", "16"),
        ("postgres@sha256:0123", "postgres:18.1@sha256:0123", "18"),
        ("lab.test:5000/postgres@sha256:0123", "lab.test:5000/postgres@sha256:0123", ""),
        ("postgres:latest", "postgres:latest", ""),
    ],
)
def test_postgresql_s_version_is_that_of_its_tag(reference: str, upstream: str, major: str) -> None:
    assert _images.postgresql_major(reference, upstream, "15") == major

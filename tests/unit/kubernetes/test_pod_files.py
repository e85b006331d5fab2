# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Files become ConfigMaps and Secrets of which a pod makes the same files again."""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.devsecops.monitor_lab.plugins.filter.pod_files import FilterModule
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._pod_files import MOST_BYTES, pod_files
from hypothesis import given
from hypothesis import strategies as st

CONTENT = st.text(max_size=5) | st.sampled_from(["x" * (MOST_BYTES // 2), "y" * (MOST_BYTES // 3)])
FILES = st.dictionaries(
    st.from_regex(r"[a-z é]{1,3}(/[a-z é]{1,3})?", fullmatch=True), st.tuples(CONTENT, st.booleans()), max_size=8
)


def made(contents: dict[str, tuple[str, bool]]) -> dict[str, Any]:
    wanted = [
        {"path": f"/etc/load/{name}", "content": text, "secret": is_secret}
        for name, (text, is_secret) in contents.items()
    ]
    return pod_files([{"path": "/etc/load", "state": "directory"}, *wanted], "/etc/load", "app", "lab")


def seen(found: dict[str, Any]) -> dict[str, tuple[str, bool]]:
    """What a pod has below the folder: path → content, and whether it comes from a Secret."""
    of = {(one["kind"], one["metadata"]["name"]): one for one in [*found["objects"], *found["secrets"]]}
    files = {}
    for source in found["sources"]:
        ((kind, named),) = source.items()
        one = of[kind[0].upper() + kind[1:], named["name"]]
        for item in named["items"]:
            data = one["data" if kind == "secret" else "binaryData"]
            content = base64.b64decode(data[item["key"]]).decode()
            files[item["path"]] = (content, kind == "secret")
    return files


@given(FILES)
def test_a_pod_has_what_a_host_has(contents: dict[str, tuple[str, bool]]) -> None:
    found = made(contents)
    assert seen(found) == contents
    for one in [*found["objects"], *found["secrets"]]:
        assert one["metadata"]["labels"] == {"app": "app", "monitor-lab-content": found["hash"]}
        data = one["data" if one["kind"] == "Secret" else "binaryData"]
        # https://kubernetes.io/docs/concepts/configuration/configmap/: 1 MiB, and what a key may be.
        assert sum(len(key) + len(base64.b64decode(value)) for key, value in data.items()) <= 2**20
        assert all(re.fullmatch(r"[-._a-zA-Z0-9]{1,253}", key) for key in data)
    names = [(one["kind"], one["metadata"]["name"]) for one in [*found["objects"], *found["secrets"]]]
    assert len(set(names)) == len(names)


def test_another_content_has_another_name() -> None:
    first, second = made({"a": ("1", False)}), made({"a": ("2", False)})
    assert first["hash"] != second["hash"]
    assert first["objects"][0]["metadata"]["name"] == f"app-{first['hash']}-0"
    assert made({"a": ("1", True)})["hash"] != first["hash"]
    assert made({"a": ("1", False)}) == first


def test_what_looks_like_a_template_is_none() -> None:
    """Ansible before 2.19 works out what is in a variable, again."""
    found = made({"a": ("f'{{nothing}}'", False)})
    assert "{{" not in str(found)
    assert seen(found) == {"a": ("f'{{nothing}}'", False)}


def test_what_is_no_text_is_encoded(tmp_path: Any) -> None:
    (tmp_path / "picture").write_bytes(b"\xff\xd8")
    found = pod_files([{"path": "/etc/load/picture", "src": str(tmp_path / "picture")}], "/etc/load", "app", "lab")
    assert found["objects"][0]["binaryData"] == {"0-picture": base64.b64encode(b"\xff\xd8").decode()}


def test_a_file_that_no_cluster_takes_is_named() -> None:
    wanted = [{"path": "/etc/load/load/data.csv", "content": "x" * (MOST_BYTES + 1)}]
    with pytest.raises(
        AnsibleFilterError, match=r"locust_file: load/data.csv has 1000001 bytes, and a cluster's ConfigMap"
    ):
        FilterModule().filters()["pod_files"](wanted, "/etc/load", "app", "lab")

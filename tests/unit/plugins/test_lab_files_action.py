# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What goes to a host for files: those that differ, and contents in an archive alone."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleActionFail
from ansible_collections.devsecops.monitor_lab.plugins.action.lab_files import ActionModule
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._lab.files import unpack

SEEN = {
    "/etc/lab": {"kind": "directory", "owner": 0, "group": 0, "mode": "0755"},
    "/etc/lab/link": {"kind": "link", "owner": 0, "group": 0, "mode": "0777"},
    "/etc/lab/more": {"kind": "file", "owner": 0, "group": 0, "mode": "0644", "sha256": ""},
}
FOLDER = {"path": "/etc/lab", "state": "directory", "whole": True}
NOTHING = {"changed": False, "changed_files": [], "changed_folders": [], "removed": []}


class Host(ActionModule):
    """Takes what would go to a host: calls in their order, the arguments of the module, and the archive."""

    # The loader gives it its name.
    _load_name = "lab_files"

    def __init__(self, folder: Path, **arguments: Any) -> None:
        task = SimpleNamespace(args=arguments, async_val=0, check_mode=False)
        shell = SimpleNamespace(tmpdir=None, join_path=lambda *parts: "/".join(parts))
        super().__init__(task, SimpleNamespace(_shell=shell), None, None, None, None)
        self.calls: list[str] = []
        self.module: dict[str, Any] = {}
        self.archive = folder / "contents.tar"
        self.answer: dict[str, Any] = {"changed": True}

    def _make_tmp_path(self, remote_user: Any = None) -> str:
        self.calls.append("folder")
        return str(self.archive.parent)

    def _transfer_data(self, remote_path: str, data: bytes) -> str:
        self.calls.append("archive")
        assert remote_path == str(self.archive)
        self.archive.write_bytes(data)
        return remote_path

    def _fixup_perms2(self, remote_paths: Any, remote_user: Any = None, execute: bool = True) -> Any:
        self.calls.append("readable")
        assert tuple(remote_paths) == (str(self.archive.parent), str(self.archive))
        assert not execute
        return remote_paths

    def _execute_module(self, module_args: Any = None, **more: Any) -> dict[str, Any]:
        self.calls.append("module")
        self.module = module_args
        # The module has no option for them.
        assert more["ignore_unknown_opts"]
        return self.answer


def test_contents_are_in_the_archive_alone(tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(b"geheim\xff")
    files = [
        FOLDER,
        {"path": "/etc/lab/link", "content": "geheim: Grüße", "validate": "check %s"},
        {"path": "/etc/lab/b", "src": str(tmp_path / "source"), "owner": "10003", "mode": "0400", "secret": True},
        {"path": "/etc/lab/c", "content": "", "wanted": False},
        {"path": "/etc/lab/d", "content": ""},
    ]
    host = Host(tmp_path, files=files, seen=SEEN)
    assert host.run(task_vars={}) == {"changed": True, "_ansible_verbose_always": True}
    assert host.calls == ["folder", "archive", "readable", "module"]
    assert "geheim" not in json.dumps(host.module)
    # By their place in the module's argument.
    assert unpack(str(host.archive)) == {0: "geheim: Grüße".encode(), 1: b"geheim\xff", 2: b""}
    common = {"state": "file", "owner": 0, "group": 0, "mode": "0644", "secret": False, "whole": False, "wanted": True}
    assert host.module == {
        "files": [
            {**common, "path": "/etc/lab/link", "validate": "check %s"},
            {**common, "path": "/etc/lab/b", "owner": 10003, "mode": "0400", "secret": True},
            {**common, "path": "/etc/lab/d"},
        ],
        "absent": ["/etc/lab/link", "/etc/lab/more"],
        "archive": str(host.archive),
    }


def test_nothing_is_sent_where_nothing_differs(tmp_path: Path) -> None:
    host = Host(tmp_path, files=[{**FOLDER, "whole": False}], seen=SEEN)
    assert host.run(task_vars={}) == NOTHING
    assert host.calls == []


def test_what_is_removed_alone_is_sent(tmp_path: Path) -> None:
    host = Host(tmp_path, files=[FOLDER], seen=SEEN)
    host.run(task_vars={})
    assert (host.module["files"], host.module["absent"]) == ([], ["/etc/lab/link", "/etc/lab/more"])


def test_all_is_sent_where_nothing_was_seen(tmp_path: Path) -> None:
    host = Host(tmp_path, files=[FOLDER])
    host.answer = NOTHING
    assert host.run(task_vars={}) == {**NOTHING, "_ansible_verbose_always": False}
    assert [file["path"] for file in host.module["files"]] == ["/etc/lab"]


@pytest.mark.parametrize(
    ("file", "says"),
    [
        ({"path": "/a"}, "state is file but any of the following are missing: content, src found in files"),
        ({"path": "/a", "content": "geheim", "src": "/b"}, "parameters are mutually exclusive: content|src"),
        ({"content": "geheim"}, "missing required arguments: path"),
        ({"path": "/a", "content": "geheim", "onwer": 0}, "Unsupported parameters"),
        ({"path": "/a", "content": "geheim", "owner": "root"}, "unable to convert to int"),
        ({"path": "/a", "src": "/nowhere"}, "/nowhere: No such file or directory. Nothing was changed"),
    ],
)
def test_what_makes_no_file_is_refused_before_anything_is_sent(file: dict[str, Any], says: str, tmp_path: Path) -> None:
    host = Host(tmp_path, files=[file])
    with pytest.raises(AnsibleActionFail) as refused:
        host.run(task_vars={})
    assert says in str(refused.value)
    assert "geheim" not in str(refused.value)
    assert host.calls == []

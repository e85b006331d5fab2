# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Which secrets are the lab's own, to be removed with it."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._secrets import (
    RECORD,
    secrets_in,
    secrets_record,
    strange_secrets,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What a lab has that kept no record, with a file of somebody's."""
    for name in ("tokenization_private_key", "tokenization_bearer_token", "grafana_admin_password", "notes"):
        (tmp_path / name).write_text(f"{name} \n")
    return tmp_path


def recorded(folder: Path, *made: str) -> None:
    (folder / RECORD).write_text(secrets_record(str(folder), False, made))


def of_others(folder: Path, foreign_grafana: bool = False) -> list[str]:
    found = secrets_in(str(folder), foreign_grafana)
    assert {*found["made"], *found["others"]} >= {str(path) for path in folder.rglob("*") if path.is_file()}
    return [Path(path).name for path in found["others"]]


def folders(folder: Path) -> list[str]:
    return [str(Path(path).relative_to(folder)) for path in secrets_in(str(folder), False)["folders"]]


def test_without_a_record_the_names_tell(folder: Path) -> None:
    assert of_others(folder) == ["notes"]
    assert of_others(folder, foreign_grafana=True) == ["grafana_admin_password", "notes"]


def test_what_is_recorded_is_the_lab_s_until_somebody_changes_it(folder: Path) -> None:
    (folder / "made").write_text("secret")
    recorded(folder, "made")
    assert of_others(folder) == ["notes"]
    (folder / "grafana_admin_password").write_text("that of my own Grafana")
    (folder / "later").write_text("")
    (folder / "below").mkdir()
    assert of_others(folder) == ["below", "grafana_admin_password", "later", "notes"]


def test_a_secret_that_is_made_again_is_recorded_once(folder: Path) -> None:
    recorded(folder, "notes")
    (folder / "notes").write_text("others")
    recorded(folder, "notes")
    assert (folder / RECORD).read_text().count("notes") == 1
    assert of_others(folder) == []
    subprocess.run(["sha256sum", "--strict", "--check", RECORD], cwd=folder, check=True)


def test_folders_are_the_lab_s_where_all_in_them_is(folder: Path) -> None:
    for name in ("tls/a.key", "curve/below/b.key", "brought/c.key"):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text(name)
    recorded(folder, "tls/a.key", "curve/below/b.key", "notes")
    (folder / "link").symlink_to(folder / "tls")
    assert of_others(folder) == ["c.key", "link"]
    assert folders(folder) == ["tls", "curve/below", "curve"]
    (folder / "brought" / "c.key").unlink()
    (folder / "link").unlink()
    assert of_others(folder) == ["brought"]
    (folder / "brought").rmdir()
    assert folders(folder) == ["tls", "curve/below", "curve", "."]


def test_no_folder_has_nothing(tmp_path: Path) -> None:
    assert secrets_in(str(tmp_path / "nowhere"), False) == {"made": [], "others": [], "folders": []}


@pytest.mark.parametrize(
    ("own", "deployed", "is_strange"),
    [
        ("key", "key", False),
        # As an editor leaves it; who reads it takes the line alone.
        ("key\n", "key", False),
        ("key", "key\n", False),
        (" key\r\n", "key\n", False),
        (" key\r\n", " key\r\n", False),
        ("key", "kex", True),
        ("", "key", True),
        ("", "", True),
        (None, "key", True),
    ],
)
def test_what_is_deployed_is_the_controller_s_or_not(
    own: str | None, deployed: str, is_strange: bool, tmp_path: Path
) -> None:
    if own is not None:
        (tmp_path / "key").write_bytes(own.encode())
    other, digest = (hashlib.sha256(text.encode()).hexdigest() for text in ("other", deployed))
    secret = {"own": str(tmp_path / "key"), "found": [other, digest], "what": "key"}
    assert strange_secrets([secret, {**secret, "found": []}]) == ([secret] if is_strange else [])

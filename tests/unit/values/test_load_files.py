# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What somebody brings for Locust is taken in each of its forms, or refused with what to do instead."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils import _load_files
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._differences import files_hash
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._load_files import (
    LoadError,
    arguments_fault,
    environment_fault,
    environment_text,
    load_of,
    secrets_fault,
    wanted_load,
    wanted_secrets,
)
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._values import KINDS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Somebody's checkout of a load test."""
    for name in (
        "locustfile.py",
        "data/users.csv",
        "lib/__init__.py",
        "lib/pages/cart.py",
        ".git/config",
        ".env",
        "lib/__pycache__/cart.pyc",
    ):
        path = tmp_path / "load" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path / "load"


def names(value: Any) -> tuple[list[str], list[str]]:
    load = load_of(value)
    return list(load.locustfiles), [file.name for file in load.files]


def test_a_file(folder: Path) -> None:
    assert names(str(folder / "locustfile.py")) == (["locustfile.py"], ["locustfile.py"])


def test_a_folder_with_what_it_needs(folder: Path) -> None:
    everything = ["data/users.csv", "lib/__init__.py", "lib/pages/cart.py", "locustfile.py"]
    assert names(str(folder)) == (["locustfile.py"], everything)


def test_a_list_of_locustfiles_and_what_lies_beside_them(folder: Path) -> None:
    (folder / "more.py").write_text("")
    listed = [str(folder / name) for name in ("locustfile.py", "more.py", "lib", "data/users.csv")]
    assert names(listed) == (
        ["locustfile.py", "more.py"],
        ["lib/__init__.py", "lib/pages/cart.py", "locustfile.py", "more.py", "users.csv"],
    )


def test_relative_paths_begin_where_ansible_was_started(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    monkeypatch.setenv("HOME", str(folder.parent))
    for value in ("load/locustfile.py", "./load/../load/locustfile.py", "~/load/locustfile.py", ["load/locustfile.py"]):
        (file,) = load_of(value).files
        assert file.source.is_absolute()
        assert file.source.samefile(folder / "locustfile.py")


def test_what_is_linked_is_taken(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "prices.csv").write_text("")
    (folder / "shared").symlink_to(tmp_path / "shared")
    assert "shared/prices.csv" in names(str(folder))[1]


def test_the_role_gets_folders_before_what_lies_in_them(folder: Path) -> None:
    wanted = wanted_load(str(folder), "/etc/locust/load")
    assert wanted["locustfiles"] == ["locustfile.py"]
    assert wanted["sources"] == [str(folder / "locustfile.py")]
    assert [entry["path"] for entry in wanted["wanted"] if entry.get("state") == "directory"] == [
        "/etc/locust/load",
        "/etc/locust/load/data",
        "/etc/locust/load/lib",
        "/etc/locust/load/lib/pages",
    ]
    assert wanted["wanted"][-1] == {"path": "/etc/locust/load/locustfile.py", "src": str(folder / "locustfile.py")}


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("", "a locustfile's path is needed"),
        ([], "a locustfile's path is needed"),
        (None, "a locustfile's path is needed"),
        (5, "a locustfile's path is needed"),
        ({"a": 1}, "a locustfile's path is needed"),
        (["locustfile.py", 5], "a locustfile's path is needed"),
        ("nowhere.py", "there is no nowhere.py on the controller; write the path of an existing file"),
        ("a\0b", "there is no 'a\\x00b' on the controller"),
        ("~nobody-at-all/x.py", "there is no ~nobody-at-all/x.py on the controller"),
        ("https://me:geheim@host/x.py", "there is no the value on the controller"),
        ("locustfile.py,more.py", "there is no locustfile.py,more.py on the controller"),
        ("data", "data holds no locustfile.py; name the one to start with so"),
        ("data/users.csv", "data/users.csv has no locustfile; its name has to end with .py"),
        (["data", "lib"], "has no locustfile"),
        (["locustfile.py", "lib/../locustfile.py"], "two files would be locustfile.py"),
    ],
)
def test_what_cannot_be_used_is_refused(value: Any, says: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    wrong = KINDS["load"](value)
    assert wrong
    assert says in wrong
    assert wrong.isprintable()


def test_a_name_that_locust_would_take_apart_is_refused(folder: Path) -> None:
    (folder / "a,b.py").write_text("")
    with pytest.raises(LoadError, match=r"the name a,b\.py has a comma"):
        load_of(str(folder / "a,b.py"))


def test_what_is_no_load_test_but_a_disk_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "lib" / "up").symlink_to(folder)
    with pytest.raises(LoadError, match="lib/up is a link to a folder that is taken already"):
        load_of(str(folder))
    (folder / "lib" / "up").unlink()
    monkeypatch.setattr(_load_files, "MOST_FILES", 3)
    with pytest.raises(LoadError, match=r"more than 3 files .*; name a folder that holds only what the load needs"):
        load_of(str(folder))
    monkeypatch.setattr(_load_files, "MOST_FILES", 300)
    monkeypatch.setattr(_load_files, "MOST_BYTES", 10)
    with pytest.raises(LoadError, match="4 files with 0 MiB are more than the 300 files and 0 MiB"):
        load_of(str(folder))


def test_a_file_that_cannot_be_read_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # root may read everything.
    monkeypatch.setattr(os, "access", lambda path, mode: not str(path).endswith("users.csv"))
    with pytest.raises(LoadError, match=r"data/users\.csv on the controller cannot be read"):
        load_of(str(folder))


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--class-picker"],
        ["--tags", "slow", "odd"],
        ["--config-users", "x"],
        ["--web-host-display-name=shop"],
        ["--region=eu", "-L", "DEBUG", "-s", "10"],
        ["--host-of-mine=x"],
    ],
)
def test_arguments_of_ones_own(arguments: list[str]) -> None:
    assert KINDS["arguments"](arguments) is None


@pytest.mark.parametrize(
    ("argument", "says"),
    [
        ("--locustfile=x.py", "the role itself decides --locustfile; set locust_file"),
        ("-fx.py", "the role itself decides --locustfile; set locust_file"),
        ("-H", "the role itself decides --host; set locust_host"),
        ("--web-port", "set monitor_lab_locust_port"),
        # Locust takes the beginning of an option.
        ("--web-p=9", "set monitor_lab_locust_port"),
        ("--mast", "use the groups"),
        ("--headless", "start a run with load_run.yml"),
        ("--autostart", "start a run with load_run.yml"),
        ("--config=x", "write each option by itself"),
        ("--tls-cert=x", "would not find it"),
        ("--processes", "set locust_worker_processes"),
        ("-V", "it ends Locust"),
        (5, "5 is not text on one line"),
        ("a\nb", "is not text on one line"),
    ],
)
def test_what_the_role_decides_is_no_argument(argument: Any, says: str) -> None:
    assert says in (arguments_fault(["--class-picker", argument]) or "")


def test_values_of_the_environment_become_text() -> None:
    given = {"A": 0.5, "B": 3, "C": True, "D": False, "E": "text", "F": "", "G": 10**20}
    assert environment_fault(given) is None
    assert {name: environment_text(value) for name, value in given.items()} == {
        "A": "0.5",
        "B": "3",
        "C": "true",
        "D": "false",
        "E": "text",
        "F": "",
        "G": "1" + "0" * 20,
    }


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"WAIT": None}, "WAIT is nothing; write a text, a number, true or false, or leave it out"),
        ({"WAIT": [1]}, "WAIT is no single value"),
        ({"WAIT": {"geheim": 1}}, "WAIT is no single value"),
        ({"WAIT": "a\0b"}, "WAIT is no single value"),
        ({"MY-WAIT": 1}, "MY-WAIT is not the name of a variable"),
        ({5: 1}, "5 is not the name of a variable"),
        ({"LOCUST_WEB_PORT": 9}, "the role itself decides LOCUST_WEB_PORT; set monitor_lab_locust_port"),
        ({"LOCUST_HEADLESS": True}, "start a run with load_run.yml"),
        ({"MONITOR_LAB_SERVICE": "x"}, "the role itself decides MONITOR_LAB_SERVICE"),
    ],
)
def test_an_environment_that_cannot_be_given_is_refused(given: dict[Any, Any], says: str) -> None:
    wrong = KINDS["environment"](given)
    assert wrong
    assert says in wrong
    assert "geheim" not in wrong


def test_secrets_are_readable_for_their_reader_alone(tmp_path: Path) -> None:
    (tmp_path / "store.p12").write_bytes(b"\xff\x00")
    given = {"store.p12": str(tmp_path / "store.p12"), "token": {"content": "geheim"}}
    assert secrets_fault(given) is None
    entry = {"secret": True, "owner": 10003, "group": 10003, "mode": "0400"}
    assert wanted_secrets(given, "/keys", 10003) == [
        {"path": "/keys/store.p12", "src": str(tmp_path / "store.p12"), **entry},
        {"path": "/keys/token", "content": "geheim", **entry},
    ]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"../x": {"content": "geheim"}}, "../x cannot be the name of a secret"),
        ({"bearer_token": {"content": "geheim"}}, "bearer_token cannot be the name of a secret"),
        ({"worker.key": {"content": "geheim"}}, "worker.key cannot be the name of a secret"),
        ({"": {"content": "geheim"}}, " cannot be the name of a secret"),
        ({"x": "/nowhere/geheim"}, "x names no file on the controller"),
        ({"x": "/"}, "x names no file on the controller"),
        ({"x": None}, "x names no file on the controller"),
        ({"x": {"contents": "geheim"}}, "x has other keys than content"),
        ({"x": {"content": 5}}, "x has other keys than content"),
    ],
)
def test_secrets_that_cannot_be_given_are_refused_unseen(given: dict[str, Any], says: str) -> None:
    wrong = KINDS["secrets"](given)
    assert wrong
    assert says in wrong
    assert "geheim" not in wrong
    with pytest.raises(LoadError):
        wanted_secrets(given, "/keys", 1)


def test_the_hash_is_that_of_names_and_contents(folder: Path) -> None:
    def hashed() -> str:
        return files_hash(wanted_load(str(folder), "/etc/locust/load")["wanted"] + [{"path": "/k", "content": "x"}])

    before = hashed()
    assert hashed() == before
    (folder / "data" / "users.csv").write_text("another")
    other = hashed()
    (folder / "data" / "users.csv").rename(folder / "data" / "people.csv")
    assert len({before, other, hashed()}) == 3

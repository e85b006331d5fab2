# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A Locust that is started for a run: what it is told, what it does not hear, and what is left of it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust import process
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.client import LocustClient
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.look import check_options, look
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.plan import BadOptionError, plan_from
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.state import Launched
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.transport import LocustError

from tests.integration.locust_run.real_locust import Playbook, free_port, listens
from tests.locusts import EACH_VERSION, VERSIONS, locust_executable
from tests.waiting import wait_until

SHOP = Path(__file__).with_name("shop.py")
NEWEST = VERSIONS[-1]
TEXT = "a # b ; \"c' [d] = {e}: \n next\tü --x"


class Own:
    """Starts Locusts as the module does, without Ansible, and ends them all."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._made: list[Launched] = []
        self.url = ""

    def options(self, version: str, **options: Any) -> dict[str, Any]:
        self.url = f"http://127.0.0.1:{free_port()}"
        return {
            "mode": "process",
            "locust_command": str(locust_executable(version)),
            "locustfile": str(SHOP),
            "chdir": None,
            "tags": None,
            "locust_url": self.url,
            "users": 1,
            "run_time": "20s",
            "start_max_wait": "200s",
            **options,
        }

    def start(self, version: str, **options: Any) -> Launched:
        given = self.options(version, **options)
        directory = self._directory / f"run-{self.url.rpartition(':')[2]}"
        directory.mkdir(mode=0o700)
        launched = process.launch(given, plan_from(given), self.client, directory, time)
        self._made.append(launched)
        return launched

    @property
    def client(self) -> LocustClient:
        return LocustClient(self.url)

    def arrived(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.url}/options", timeout=5) as answer:
            read = json.loads(answer.read())
        assert isinstance(read, dict)
        return read

    def end(self) -> None:
        for launched in self._made:
            process.terminate(launched, time)


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Own]:
    own = Own(tmp_path)
    yield own
    own.end()


@pytest.fixture
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory and a home with settings for any Locust, which an environment has more of."""
    home, directory = tmp_path / "home", tmp_path / "cwd"
    home.mkdir()
    directory.mkdir()
    (home / ".locust.conf").write_text("basket = of the home\nautostart = true\nusers = 3\n")
    (directory / "locust.conf").write_text("exclude-tags = [odd]\nregion = us\nrun-time = 2s\n")
    (directory / "pyproject.toml").write_text('[tool.locust]\nheadless = true\ntags = ["slow"]\n')
    ambient = {
        **{"HOME": str(home), "LOCUST_TAGS": "slow", "LOCUST_LOCUSTFILE": "/nowhere.py", "LOCUST_HEADLESS": "true"},
        **{"LOCUST_STOP_TIMEOUT": "30", "LOCUST_WEB_PORT": "1", "LOCUST_USER_CLASSES": "Nobody", "SHOP_NOTE": "own"},
    }
    for name, value in ambient.items():
        monkeypatch.setenv(name, value)
    return directory


@pytest.mark.parametrize("version", EACH_VERSION)
def test_options_arrive_as_they_are_and_nothing_else_does(version: str, own: Own, surroundings: Path) -> None:
    launched = own.start(
        version,
        chdir=str(surroundings),
        tags=["odd"],
        locust_options={
            **{"basket": TEXT, "gift": True, "half-price": 0.5, "shelves": ["#;[]\"'", "a b,c"], "each": [1, "-2"]},
            "stop-timeout": "10s",
        },
    )
    assert own.arrived() == {
        "basket": TEXT,
        "region": "eu",
        "gift": True,
        "half_price": 0.5,
        # A variable that the locustfile itself asks for is no setting of Locust's.
        "note": "own",
        "shelves": ["#;[]\"'", "a b,c"],
        "each": ["1", "-2"],
        "tags": ["odd"],
        "exclude_tags": None,
        "stop_timeout": 10,
        "locustfile": "shop.py",
    }
    assert look(own.client)["state"] == "ready"
    assert process.terminate(launched, time, 60) == 7
    assert f"Starting Locust {version}" in process.read_log(launched)


@pytest.mark.parametrize(
    ("version", "options", "problem"),
    [
        (VERSIONS[0], {"regoin": "eu"}, "locust_options: this Locust has no option regoin"),
        (NEWEST, {"region": "mars"}, "argument --region: invalid choice: 'mars'"),
        (NEWEST, {"basket": ["a", "b"]}, "locust_options: basket takes one value"),
    ],
)
def test_options_that_do_not_arrive_end_the_start(
    version: str, options: dict[str, Any], problem: str, own: Own
) -> None:
    with pytest.raises(LocustError, match=r"^Locust did not start: ") as error:
        own.start(version, locust_options=options)
    assert problem in str(error.value)


@pytest.mark.parametrize("version", EACH_VERSION)
def test_a_locust_that_is_up_takes_what_is_not_refused(version: str, own: Own) -> None:
    own.start(version)
    told = look(own.client)["options"]
    given: dict[str, Any] = {"basket": TEXT, "region": "us", "half_price": 0.25}
    maybe: dict[str, Any] = {"gift": True, "note": "n", "shelves": ["b", "c"], "each": ["x"]}
    for name, value in maybe.items():
        with contextlib.suppress(BadOptionError):
            check_options(plan_from({"users": 1, "run_time": "9s", "locust_options": {name: value}}), told)
            given[name] = value
    plan = plan_from({"users": 1, "run_time": "9s", "locust_options": given})
    check_options(plan, told)
    own.client.swarm(plan.form(0, 9))
    arrived = own.arrived()
    # What has no value yet is taken as a text.
    assert {name: arrived[name] for name in given if name != "each"} == {
        name: value for name, value in given.items() if name != "each"
    }
    # Old versions take fewer.
    assert ("gift" in given) == (version >= "2.31")
    assert ("shelves" in given) == ("note" in given) == (version >= "2.40")


def test_several_words_a_directory_and_several_locustfiles(own: Own, tmp_path: Path) -> None:
    shutil.copy(SHOP, tmp_path / "first.py")
    (tmp_path / "second.py").write_text(SHOP.read_text().split("@events")[0].replace("Buyer", "Seller"))
    python = locust_executable(NEWEST).with_name("python")
    own.start(NEWEST, locust_command=f"{python} -m locust", chdir=str(tmp_path), locustfile="first.py, second.py")
    assert look(own.client)["user_classes"] == ("Buyer", "Seller")
    assert own.arrived()["locustfile"] == "first.py"


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"locustfile": "first.py,none.py"}, "locustfile: 'first.py' is not there"),
        ({"locustfile": None}, "locustfile: mode=process needs a locustfile"),
        ({"chdir": "/nowhere"}, "chdir: /nowhere is no directory"),
        ({"locust_command": "no-locust run"}, "locust_command: no-locust run is not a command"),
        ({"locust_command": "locust 'run"}, "locust_command: .* is no command"),
    ],
)
def test_what_is_not_there_is_named(options: dict[str, Any], problem: str, own: Own) -> None:
    with pytest.raises(BadOptionError, match=problem):
        own.start(NEWEST, **options)


def test_a_long_import_is_waited_for(own: Own, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMPORT_SECONDS", "20")
    with pytest.raises(LocustError, match="did not answer within 2 s, which is start_max_wait"):
        own.start(NEWEST, start_max_wait="2s")
    monkeypatch.setenv("IMPORT_SECONDS", "2")
    own.start(NEWEST, start_max_wait="60s")


def running(launched: Launched) -> list[int]:
    return [pid for pid, _fields in process._processes(launched)]


def test_workers_do_not_outlive_a_master_that_was_killed(own: Own) -> None:
    launched = own.start(NEWEST, locust_options={"processes": 2})
    wait_until("both workers are connected", lambda: look(own.client)["workers"] == 2, 30)
    settings = json.loads(Path(launched.directory, "settings.json").read_text())
    # Not where another master would take them.
    assert settings["master_port"] == settings["master_bind_port"] != 5557
    assert (process.cpu_seconds(launched) or 0) > 0
    # The one that listens is the master; what began the session goes, too.
    for pid in running(launched):
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        if b"locust" not in command or len(children) == 2 or pid == launched.pid:
            os.kill(pid, signal.SIGKILL)
    wait_until("the master is gone", lambda: not listens(int(own.url.rpartition(":")[2])), 10)
    assert running(launched)
    process.terminate(launched, time)
    assert running(launched) == []


def test_check_mode_asks_a_locust_of_its_own(playbook: Playbook) -> None:
    port = free_port()
    options: dict[str, Any] = {
        "mode": "process",
        "locust_command": str(locust_executable(NEWEST)),
        "locustfile": str(SHOP),
        "locust_url": f"http://127.0.0.1:{port}",
        "users": 1,
        "run_time": "5s",
    }
    play = playbook.run("--check", **options, locust_options={"region": "us"})
    assert play.code == 0, play.stdout
    play = playbook.run("--check", **options, locust_options={"regoin": "us"})
    assert "this Locust has no option regoin" in play.result["msg"]
    play = playbook.run("--check", **options, user_classes=["Nobody"])
    assert "user_classes: this Locust has no Nobody; it has Buyer" in play.result["msg"]
    assert not listens(port)

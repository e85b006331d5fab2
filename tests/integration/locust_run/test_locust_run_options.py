# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What the options make of a run, seen in the requests that a real Locust gets."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.client import LocustClient
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.transport import LocustError

from tests.integration.locust_run.real_locust import (
    LOCUSTFILE,
    Locusts,
    Playbook,
    Target,
    free_port,
    listens,
)
from tests.locusts import locust_executable
from tests.waiting import wait_until

OLDEST, TIMER_STAYS, NEWEST = "2.15.1", "2.46.3", "2.47.0"
PASSWORD = "s3cret-of-the-web-login"


@pytest.mark.parametrize("version", [TIMER_STAYS, NEWEST])
def test_stages_follow_each_other_in_one_run(
    version: str, target: Target, locusts: Locusts, playbook: Playbook
) -> None:
    locust = locusts.start(version)
    stages = [
        {"duration": "8s", "users": 2, "spawn_rate": 2},
        {"duration": "6s", "users": 6, "spawn_rate": 6},
        {"duration": "6s", "users": 1, "spawn_rate": 6},
    ]
    play = playbook.run(locust_url=locust.url, stages=stages, host=target.url, thresholds=["users >= 6"])
    assert play.code == 0, play.stdout
    swarms = [change for change in locust.changes() if "/swarm" in change]
    assert [re.findall(r"user_count=(\d+)", swarm) for swarm in swarms] == [["2"], ["6"], ["1"]]
    # Each gets what remains of the whole run, so that no timer ends a later stage.
    whole, later, last = (int(re.findall(r"run_time=(\d+)s", swarm)[0]) for swarm in swarms)
    assert whole == 20 and 12 >= later > 6 >= last > 0
    samples = play.samples
    assert {sample["stage"] for sample in samples} == {0, 1, 2}
    # A stage does not start the statistics anew.
    assert samples[-1]["num_requests"] > samples[1]["num_requests"] > 0


def test_warmup_is_left_out_and_workers_are_waited_for(target: Target, locusts: Locusts, playbook: Playbook) -> None:
    locust = locusts.start(NEWEST, workers=1)
    target.latency = 1.0
    process = playbook.start(
        locust_url=locust.url,
        users=4,
        spawn_rate=10,
        run_time="14s",
        warmup="4s",
        host=target.url,
        expect_workers=1,
        thresholds=["max < 900"],
    )
    locust.wait_for("running")
    # Slow only at first: the last slow answer is there, and reported, before the reset.
    time.sleep(2)
    target.latency = 0.01
    play = playbook.finish(process)
    assert play.code == 0, play.result["msg"]
    assert play.result["workers"] == 1
    assert len([change for change in locust.changes() if "POST /stats/reset" in change]) == 1


def test_missing_workers_are_named(locusts: Locusts, playbook: Playbook) -> None:
    locust = locusts.start(NEWEST, workers=1)
    options = {"locust_url": locust.url, "users": 1, "run_time": "5s", "expect_workers_max_wait": "2s"}
    play = playbook.run(expect_workers=2, **options)
    assert "expect_workers: 1 of 2 workers are connected after 2 s" in play.result["msg"]
    assert locust.changes() == []


def test_check_mode_changes_nothing_and_says_what_would_be_run(locusts: Locusts, playbook: Playbook) -> None:
    locust = locusts.start(NEWEST, "--class-picker")
    options = {"locust_url": locust.url, "users": 7, "spawn_rate": 2, "run_time": "1m", "thresholds": ["p95 < 200"]}
    play = playbook.run("--check", user_classes=["Buyer"], **options)
    assert play.code == 0, play.stdout
    assert play.result["msg"] == "Would run 7 users at 2/s for 60 s; p95 < 200, num_exceptions == 0, fail_ratio < 0.01"
    assert play.progress == []
    play = playbook.run("--check", user_classes=["Seller"], **options)
    assert "user_classes: this Locust has no Seller; it has Buyer, Idler" in play.result["msg"]
    assert locust.requests() and locust.changes() == []
    assert not play.artifacts.exists()


def test_check_mode_needs_no_locust(playbook: Playbook) -> None:
    play = playbook.run("--check", locust_url=f"http://127.0.0.1:{free_port()}", users=1, run_time="5s")
    assert play.code == 0
    assert "no answer from Locust" in play.result["warnings"][0]


def test_user_classes_and_locust_options_reach_locust(target: Target, locusts: Locusts, playbook: Playbook) -> None:
    locust = locusts.start(OLDEST, "--class-picker")
    play = playbook.run(
        locust_url=locust.url,
        users=2,
        spawn_rate=2,
        run_time="3s",
        host=target.url,
        user_classes=["Idler"],
        locust_options={"basket": "full"},
        progress=False,
    )
    assert play.code == 0, play.stdout
    assert {row["name"] for row in play.result["stats"]["endpoints"]} == {"/idle"}
    (swarm,) = (change for change in locust.changes() if "/swarm" in change)
    assert "user_classes=Idler" in swarm and "basket=full" in swarm
    assert play.progress == []


def test_run_with_a_locust_of_its_own(target: Target, playbook: Playbook, tmp_path: Path) -> None:
    port = free_port()
    play = playbook.run(
        mode="process",
        locust_command=str(locust_executable(NEWEST)),
        locustfile=str(LOCUSTFILE),
        locust_url=f"http://127.0.0.1:{port}",
        users=3,
        spawn_rate=3,
        run_time="5s",
        host=target.url,
        tags=["read"],
        # The other class has no such task, which is an exception in each of its users.
        user_classes=["Buyer"],
        thresholds=["fail_ratio < 0.01"],
        environment={"REQUEST_JOURNAL": str(tmp_path / "journal")},
    )
    assert play.code == 0, play.stdout + play.stderr
    assert {row["name"] for row in play.result["stats"]["endpoints"]} == {"/look"}
    assert f"Starting Locust {NEWEST}" in (play.run / "locust.log").read_text()
    assert not listens(port)


def test_own_locust_is_gone_after_an_interruption(target: Target, playbook: Playbook, tmp_path: Path) -> None:
    port = free_port()
    journal = tmp_path / "journal"
    process = playbook.start(
        mode="process",
        locust_command=str(locust_executable(NEWEST)),
        locustfile=str(LOCUSTFILE),
        locust_url=f"http://127.0.0.1:{port}",
        users=3,
        run_time="60s",
        host=target.url,
        environment={"REQUEST_JOURNAL": str(journal)},
    )
    wait_until("the run was started", lambda: journal.exists() and "/swarm" in journal.read_text(), 60)
    time.sleep(2)
    process.send_signal(signal.SIGINT)
    wait_until("its Locust is gone", lambda: not listens(port), 10)
    assert playbook.finish(process).code != 0


def test_run_is_compared_with_an_earlier_one(target: Target, locusts: Locusts, playbook: Playbook) -> None:
    locust = locusts.start(NEWEST)
    earlier = playbook.directory / "earlier.json"
    options = {
        "locust_url": locust.url,
        "users": 2,
        "spawn_rate": 2,
        "run_time": "3s",
        "host": target.url,
        "baseline": str(earlier),
        "baseline_regression": {"p95": "10%", "fail_ratio": "0%"},
    }
    play = playbook.run(**options)
    assert play.code == 0, play.stdout
    assert play.result["compared"] is False
    assert f"No baseline at {earlier} yet" in play.stderr

    summary = play.summary
    summary["stats"]["overall"]["p95"] = 0.5
    earlier.write_text(json.dumps(summary))
    play = playbook.run(**options)
    assert play.code != 0
    assert play.result["reasons"] == [
        f"p95 <= 0.55 (baseline 0.5 + 10%) breached, p95 is {play.result['stats']['overall']['p95']:.4g}"
    ]

    earlier.write_text("{}")
    play = playbook.run("--check", **options)
    assert play.result["msg"].startswith(f"baseline: {earlier} is not a summary.json")


def test_own_locust_is_refused_where_something_listens(locusts: Locusts, playbook: Playbook) -> None:
    locust = locusts.start(NEWEST)
    play = playbook.run(
        mode="process",
        locust_command=str(locust_executable(NEWEST)),
        locustfile=str(LOCUSTFILE),
        locust_url=locust.url,
        users=1,
        run_time="5s",
    )
    assert f"locust_url: something listens on 127.0.0.1:{locust.port}" in play.result["msg"]
    assert locust.requests() == []


def test_own_locust_that_cannot_start_says_why(playbook: Playbook, tmp_path: Path) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("raise RuntimeError('no such shop')\n")
    play = playbook.run(
        mode="process",
        locust_command=str(locust_executable(NEWEST)),
        locustfile=str(broken),
        locust_url=f"http://127.0.0.1:{free_port()}",
        users=1,
        run_time="5s",
    )
    assert "Locust did not start: " in play.result["msg"] and "no such shop" in play.result["msg"]


def certificate(directory: Path) -> tuple[Path, Path]:
    key, chain = directory / "key.pem", directory / "cert.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", key, "-out", chain),
        ],
        check=True,
        capture_output=True,
    )
    return key, chain


def test_login_base_path_and_tls(target: Target, locusts: Locusts, playbook: Playbook, tmp_path: Path) -> None:
    key, chain = certificate(tmp_path)
    locust = locusts.start(
        NEWEST, "--tls-cert", str(chain), "--tls-key", str(key), "--web-base-path", "/load", login=PASSWORD
    )
    options: dict[str, Any] = {
        "locust_url": f"https://127.0.0.1:{locust.port}/load",
        "users": 2,
        "spawn_rate": 2,
        "run_time": "5s",
        "host": target.url,
    }
    refused: tuple[tuple[dict[str, Any], str], ...] = (
        ({"username": "engineer", "password": PASSWORD}, "is not trusted .* set locust_ca_path"),
        ({"ca_path": str(chain)}, "asks for a login"),
        ({"ca_path": str(chain), "username": "engineer", "password": "wrong"}, "refused the login of engineer"),
    )
    for connection, problem in refused:
        with pytest.raises(LocustError, match=problem):
            LocustClient(options["locust_url"], **connection).stats()

    login = {"locust_ca_path": str(chain), "locust_username": "engineer", "locust_password": PASSWORD}
    play = playbook.run("-vvv", **options, **login)
    assert play.code == 0, play.stderr[-2000:]
    assert PASSWORD not in play.stdout + play.stderr
    assert PASSWORD not in "".join(path.read_text() for path in play.run.iterdir())
    # One login for all steps of a run.
    logins = [line for line in locust.requests() if line.startswith("POST /enter")]
    assert [PASSWORD in line for line in logins] == [False, True]


def test_timer_of_a_run_that_was_ended_early_does_not_end_the_next(
    target: Target, locusts: Locusts, playbook: Playbook
) -> None:
    locust = locusts.start(TIMER_STAYS)
    target.fails = True
    options = {"locust_url": locust.url, "users": 2, "spawn_rate": 2, "host": target.url}
    abort = [{"threshold": "fail_ratio < 0.1", "abort": True}]
    play = playbook.run(run_time="20s", thresholds=abort, **options)
    assert play.result["aborted"] is True
    target.fails = False
    shutil.rmtree(play.artifacts)
    play = playbook.run(run_time="12s", thresholds=abort, **options)
    assert play.code == 0, play.result["msg"]
    assert play.samples[-1]["elapsed"] > 9


def test_timer_of_someone_elses_run_is_named_when_it_ends_this_one(
    target: Target, locusts: Locusts, playbook: Playbook
) -> None:
    locust = locusts.start(TIMER_STAYS)
    locust.post("/swarm", user_count=1, spawn_rate=1, host=target.url, run_time="16s")
    locust.get("/stop")
    play = playbook.run(locust_url=locust.url, users=2, spawn_rate=2, host=target.url, run_time="40s")
    assert play.result["verdict"] == "incomplete"
    assert "the timer of an earlier run" in play.result["msg"]
    assert play.result["stats"]["overall"]["num_requests"] > 0


def test_info_tells_without_changing(target: Target, locusts: Locusts, playbook: Playbook) -> None:
    locust = locusts.start(NEWEST, "--class-picker")
    play = playbook.run(module="locust_run_info", locust_url=locust.url)
    assert play.code == 0, play.stdout
    result = play.result
    assert (result["state"], result["version"], result["changed"]) == ("ready", NEWEST, False)
    assert sorted(result["user_classes"]) == ["Buyer", "Idler"]
    assert result["users"] == 0
    assert locust.changes() == []


def test_bad_options_are_refused_before_any_request(locusts: Locusts, playbook: Playbook, tmp_path: Path) -> None:
    locust = locusts.start(NEWEST)
    (tmp_path / "file").touch()
    options = {"locust_url": locust.url, "users": 2, "run_time": "10s"}
    play = playbook.run(**options, thresholds=["p95 is 200"])
    assert play.result["msg"].startswith("thresholds[0]: cannot read 'p95 is 200'")
    play = playbook.run(**{**options, "artifacts_dir": str(tmp_path / "file")})
    assert play.result["msg"].startswith("artifacts_dir: ")
    play = playbook.run(**options, artifacts_url="file:///srv/artifacts")
    assert play.result["msg"].startswith("artifacts_url: it must be an http or https URL")
    assert locust.requests() == []


def test_a_run_that_leaves_not_all_artefacts_fails(target: Target, locusts: Locusts, playbook: Playbook) -> None:
    locust = locusts.start(NEWEST)
    process = playbook.start(locust_url=locust.url, users=2, spawn_rate=2, run_time="8s", host=target.url, report=True)
    wait_until("the run's directory is there", lambda: any(playbook.artifacts.iterdir()))
    (directory,) = playbook.artifacts.iterdir()
    (directory / "summary.json").mkdir()
    play = playbook.finish(process)
    assert play.code == 2
    assert (play.result["verdict"], play.result["report"]) == ("passed", None)
    assert "passed; artifacts_dir: not all artefacts could be written: " in play.result["msg"]
    assert f"{directory}/summary.json" in play.result["msg"]

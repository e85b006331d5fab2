# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What the lab's rules notice reaches people, but for what a load run is for; nobody silences it without the login."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._alertmanager import alertmanager_config

from tests.integration.alertmanager.notifying import NO_EMAIL, PASSWORD, Lab, fault, running, told
from tests.waiting import wait_until

BUSY = 'locust_worker_cpu_ratio{id="w1"}'
SLOW = 'tokenization_connections{state="receiving"}'
SILENCE = {
    "matchers": [{"name": "alertname", "value": "SlowClients", "isRegex": False}],
    "startsAt": "2020-01-01T00:00:00Z",
    "endsAt": "2099-01-01T00:00:00Z",
    "createdBy": "somebody",
    "comment": "quiet",
}


def run_mark(lab: str) -> str:
    return f'locust_run_info{{run="r1",lab="{lab}",verdict=""}}'


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with running(tmp_path_factory.mktemp("alertmanager")) as lab:
        yield lab


@pytest.fixture(autouse=True)
def quiet(request: pytest.FixtureRequest) -> Iterator[None]:
    """Nothing fires before a test, and of what did the end is told."""
    yield
    if "lab" in request.fixturenames:
        lab = request.getfixturevalue("lab")
        lab.series.clear()
        wait_until("all alerts are over", lambda: lab.query("ALERTS") == [] and lab.alerts() == {})
        wait_until("their ends are told", lambda: set(dict(lab.told()).values()) <= {"resolved"})
        lab.file.unlink(missing_ok=True)


def test_an_alert_reaches_the_file_and_the_mail_and_its_end_does(lab: Lab) -> None:
    lab.series[SLOW] = 60
    wait_until("it is told", lambda: lab.told() == [("SlowClients", "firing")])
    wait_until("it is sent", lambda: len(lab.mails) == 1)
    mail = email.message_from_string(lab.mails[0], policy=email.policy.default)
    assert mail["Subject"] == "[FIRING] SlowClients"
    (text,) = [part.get_content() for part in mail.walk() if part.get_content_type() == "text/plain"]
    assert text.startswith("firing, warning, security: ")
    assert "docs/runbook.md#slowclients" in text
    assert text.strip().endswith("http://lab:9090/alerts")
    assert set(lab.logins) == {f"\0lab\0{PASSWORD}"}
    lab.series[SLOW] = 0
    wait_until("its end is told", lambda: lab.told()[1:] == [("SlowClients", "resolved")])


def test_while_a_run_goes_on_what_is_about_performance_is_kept_back(lab: Lab) -> None:
    lab.series[run_mark("l")] = 1
    wait_until("the run is known", lambda: "LoadRunActive" in lab.alerts())
    lab.series |= {BUSY: 0.99, SLOW: 60}
    wait_until("both are known", lambda: {"GeneratorBusy", "SlowClients"} <= lab.alerts().keys())
    wait_until("what is about security is told", lambda: ("SlowClients", "firing") in lab.told())
    wait_until("the other is kept back", lambda: lab.alerts()["GeneratorBusy"]["state"] == "suppressed")
    assert lab.alerts()["GeneratorBusy"]["inhibitedBy"]
    assert lab.told() == [("SlowClients", "firing")]
    lab.series["locust_run_end_time_seconds"] = 1
    wait_until("after the run it is told", lambda: ("GeneratorBusy", "firing") in lab.told())
    # What tells other programs is told to nobody.
    assert "LoadRunActive" not in {name for name, _status in lab.told()}


def test_a_run_of_the_exercise_keeps_nothing_back(lab: Lab) -> None:
    lab.series |= {run_mark("exercise"): 1, BUSY: 0.99}
    wait_until("it is told", lambda: lab.told() == [("GeneratorBusy", "firing")])


@pytest.mark.parametrize("path", ["/api/v2/silences", "/api/v2/alerts", "/-/reload", "/api/v2/status", "/metrics"])
@pytest.mark.parametrize("origin", [{}, {"Origin": "http://stranger.example"}])
def test_nothing_is_answered_without_the_login(lab: Lab, path: str, origin: dict[str, str]) -> None:
    assert lab.ask(path, SILENCE, login=False, **origin)[0] == 401
    assert lab.ask(path, login=False, **origin)[0] == 401
    assert lab.ask(path, SILENCE, login=False, Authorization="Basic YWxlcnRtYW5hZ2VyOng=", **origin)[0] == 401
    assert lab.ask("/api/v2/silences")[1] == []


def test_who_logs_in_may_silence(lab: Lab) -> None:
    status, silence = lab.ask("/api/v2/silences", SILENCE)
    assert status == 200
    lab.series |= {SLOW: 60, BUSY: 0.99}
    wait_until("what is not silenced is told", lambda: lab.told() == [("GeneratorBusy", "firing")])
    name = silence["silenceID"]
    wait_until("it is silenced", lambda: name in lab.alerts().get("SlowClients", {}).get("silencedBy", []))
    assert ("SlowClients", "firing") not in lab.told()
    assert lab.ask(f"/api/v2/silence/{name}", method="DELETE")[0] == 200
    wait_until("then it is told", lambda: ("SlowClients", "firing") in lab.told())


@pytest.mark.parametrize(
    "whom",
    [
        {},
        {"webhook_url": "https://hook.example.org/geheim"},
        {"email": {**NO_EMAIL, "to": "a@b", "from": "c@d", "smarthost": "mail:25", "require_tls": True}},
        {
            "email": {
                **NO_EMAIL,
                "to": "a@b",
                "from": "c@d",
                "smarthost": "[::1]:587",
                "username": "u",
                "password_file": "/keys/p",
            }
        },
    ],
)
def test_amtool_takes_what_the_lab_writes(whom: dict[str, Any], tmp_path: Path) -> None:
    assert fault(alertmanager_config(told(**whom)), tmp_path) == ""


@pytest.mark.parametrize(
    ("whom", "says"),
    [
        ({"webhook_url": "ftp://hook.example.org/"}, 'unsupported scheme "ftp" for URL'),
        ({"email": {**NO_EMAIL, "to": "a@b", "from": "c@d", "smarthost": "mail"}}, "missing port in address"),
        ({"email": {**NO_EMAIL, "to": "a@b", "smarthost": "mail:25"}}, "no global SMTP from set"),
    ],
)
def test_amtool_refuses_what_is_broken(whom: dict[str, Any], says: str, tmp_path: Path) -> None:
    assert says in fault(alertmanager_config(told(**whom)), tmp_path)

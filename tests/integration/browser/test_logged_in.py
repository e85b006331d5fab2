# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A real browser whose person is logged in, and a web page of somebody else in it: nothing is changed in their name."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from itertools import product
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, urlsplit

import pytest
import requests
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._web_config import web_config

from tests.integration.browser import pages
from tests.integration.browser.chromium import Browser, browser
from tests.integration.locust_exporter.harness import RealLocust, free_port, get, locust, process
from tests.integration.locustfile.plugin_locusts import PLUGINS
from tests.locusts import VERSIONS
from tests.waiting import wait_until

USER, PASSWORD = "locust", "correct horse"
# Each user makes one request: that the statistics were reset shows.
LOCUSTFILE = """
from locust import User, constant
class Once(User):
    wait_time = constant(1)
    def on_start(self):
        self.environment.events.request.fire(
            request_type="GET", name="once", response_time=1, response_length=0, exception=None, context={}
        )
"""
OWN_RUN, FOREIGN_RUN = (f"user_count={users}&spawn_rate=9&host=http%3A%2F%2F127.0.0.1%3A9" for users in (1, 7))
# A browser takes care of what it asks of loopback, and tells it more: a name stands for the address of a host.
NAME = "lab.example"
STRANGERS = {"127.0.0.1": ("127.0.0.1", "stranger.example"), NAME: (NAME, f"stranger.{NAME}", "stranger.example")}
CHANGING = ("stop", "stats/reset", "swarm")
# Locust gives the same answer again for two seconds.
KEPT_SECONDS = 2.5
# What a page wants told of itself.
REFERRERS = ("unsafe-url", "no-referrer")


class State(NamedTuple):
    state: str
    users: int
    requests: int


def state(locust: RealLocust) -> State:
    page = requests.get(f"{locust.url}/stats/requests", auth=(USER, PASSWORD), timeout=10).json()
    return State(page["state"], page["user_count"], page["stats"][-1]["num_requests"])


@pytest.fixture(scope="module", params=[VERSIONS[0], VERSIONS[-1]])
def locusts(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[RealLocust]]:
    """One with a login, and one that nothing guards."""
    folder = tmp_path_factory.mktemp("locusts")
    (folder / "locustfile.py").write_text(LOCUSTFILE)
    (folder / "password").write_text(PASSWORD)
    environment = {"LOCUST_WEB_PASSWORD_FILE": str(folder / "password"), "LOCUST_WEB_HOSTS": NAME}
    files = (folder / "locustfile.py", PLUGINS / "web_access.py")
    with (
        locust(request.param, files=files, env=environment, ready=lambda url: bool(get(f"{url}/login"))) as closed,
        locust(request.param, files=files[:1]) as unguarded,
    ):
        yield [closed, unguarded]


def is_so(locust: RealLocust, expected: State) -> bool:
    return state(locust) == expected


def log_in(person: Browser, url: str) -> None:
    person.open(url)
    field = "document.querySelector('[name=password]') !== null"
    wait_until("a login is asked for", lambda: bool(person.run(field)), 30)
    for name, text in (("username", USER), ("password", PASSWORD)):
        person.run(f"document.querySelector('[name={name}]').focus()")
        person.type(text)
    person.run("document.forms[0].requestSubmit()")
    wait_until("they are logged in", lambda: bool(person.run("location.pathname") == "/"), 30)


def visit(person: Browser, host: str, url: str, paths: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """Visit a stranger who wants these paths of a Locust asked for; return what they could read, and the cookies that
    they got."""
    ways = [
        (f"{url}/{path}", form, referrer) for path, form, referrer in product(paths, (None, FOREIGN_RUN), REFERRERS)
    ]
    attack = pages.attack([(f"{url}/{path}", FOREIGN_RUN) for path in paths], [f"{url}/stats/requests", f"{url}/logs"])
    cookies: list[str] = []
    with pages.stranger(host, [attack, *(pages.leaving(*way) for way in ways)], cookies) as theirs:
        read = pages.heard(person, f"{theirs}/0")
        for number, way in enumerate(ways, start=1):
            person.open(f"{theirs}/{number}")
            wait_until(f"they are taken to {way}", lambda: bool(person.run("location.origin") == url), 30)
    return read, cookies


@pytest.mark.parametrize("name", STRANGERS)
def test_a_page_of_a_stranger_changes_nothing_in_a_session(
    locusts: list[RealLocust], name: str, tmp_path: Path
) -> None:
    closed = locusts[0]
    url = closed.url.replace("127.0.0.1", name)
    own = State("running", 1, 1)
    with browser(tmp_path, "*.example") as person:
        log_in(person, url)
        assert person.ask("/swarm", OWN_RUN) == 200
        wait_until("their run begins", lambda: state(closed) == own, 30)
        for host in STRANGERS[name]:
            assert visit(person, host, url, CHANGING)[0] == [], host
            time.sleep(KEPT_SECONDS)
            assert state(closed) == own, host
        # From Locust's own page the same requests are taken, and they are logged in still.
        person.open(url)
        assert person.ask("/swarm", FOREIGN_RUN) == 200
        wait_until("there are more users", lambda: state(closed) == State("running", 7, 7), 30)
        body = None if closed.version == VERSIONS[0] else ""
        assert person.ask("/stats/reset", body) == 200
        wait_until("the statistics are new", lambda: state(closed).requests == 0, 30)
        assert person.ask("/stop", body) == 200
        wait_until("their run ends", lambda: state(closed).state == "stopped", 30)


def test_the_pages_change_what_is_not_guarded(locusts: list[RealLocust], tmp_path: Path) -> None:
    unguarded = locusts[1]
    read: list[str] = []
    with browser(tmp_path, "*.example") as person:
        for path, expected in (
            ("swarm", State("running", 7, 7)),
            ("stats/reset", State("running", 7, 0)),
            ("stop", State("stopped", 0, 0)),
        ):
            read += visit(person, "stranger.example", unguarded.url, (path,))[0]
            wait_until(path, partial(is_so, unguarded, expected), 30)
    assert f"{unguarded.url}/stats/requests" in read


@pytest.mark.parametrize("name", STRANGERS)
def test_a_session_is_of_no_use_to_what_listens_on_another_port(
    locusts: list[RealLocust], name: str, tmp_path: Path
) -> None:
    """A browser has the cookies of a host for all of its ports, whatever SameSite says."""
    closed = locusts[0]
    url = closed.url.replace("127.0.0.1", name)
    cookies: list[str] = []

    def asked_from(address: str) -> int:
        authority = urlsplit(closed.url).netloc
        connection = http.client.HTTPConnection(authority, timeout=10, source_address=(address, 0))
        connection.request("GET", "/stats/requests", headers={"Cookie": cookies[0]})
        status = connection.getresponse().status
        connection.close()
        return status

    with browser(tmp_path, "*.example") as person, pages.stranger(name, ["nothing"], cookies) as theirs:
        log_in(person, url)
        person.open(f"{theirs}/0")
    assert asked_from("127.0.0.1") == 200
    assert asked_from("127.0.0.2") == 401


def silence(comment: str) -> str:
    times = {"startsAt": "2020-01-01T00:00:00Z", "endsAt": "2099-01-01T00:00:00Z"}
    matcher = {"name": "class", "value": "security", "isRegex": False}
    return json.dumps({"matchers": [matcher], **times, "createdBy": "somebody", "comment": comment})


class Asked(NamedTuple):
    """What asks a browser for a password by itself, and an Alertmanager that does not."""

    alertmanager: str
    prometheus: str
    open_alertmanager: str

    @property
    def closed(self) -> list[str]:
        return [self.alertmanager, self.prometheus]


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    folder = tmp_path_factory.mktemp("asked")
    (folder / "web.yml").write_text(web_config({"url_username": USER, "url_password": PASSWORD}, "", "salt"))
    (folder / "prometheus.yml").write_text("{}")
    (folder / "alertmanager.yml").write_text('{"route": {"receiver": "nobody"}, "receivers": [{"name": "nobody"}]}')
    closed = f"--web.config.file={folder}/web.yml"
    alertmanager = ["prometheus-alertmanager", f"--config.file={folder}/alertmanager.yml", "--cluster.listen-address="]
    prometheus = ["prometheus", f"--config.file={folder}/prometheus.yml", "--web.cors.origin=none", closed]
    urls = []
    with ExitStack() as started:
        for number, command in enumerate(([*alertmanager, closed], prometheus, alertmanager)):
            port = free_port()
            url = f"http://127.0.0.1:{port}"
            storage = "--storage.tsdb.path" if command is prometheus else "--storage.path"
            options = [f"{storage}={folder}/{number}", f"--web.listen-address=127.0.0.1:{port}"]
            started.enter_context(process([*command, *options], ready=partial(is_ready, url)))
            urls.append(url)
        yield Asked(*urls)


def is_ready(url: str) -> bool:
    return requests.get(f"{url}/-/ready", auth=(USER, PASSWORD), timeout=10).status_code == 200


def silences(url: str) -> set[str]:
    answer = requests.get(f"{url}/api/v2/silences", auth=(USER, PASSWORD), timeout=10)
    return {one["comment"] if one["status"]["state"] == "active" else "ended" for one in answer.json()}


@pytest.mark.parametrize("host", STRANGERS["127.0.0.1"])
def test_a_page_of_a_stranger_changes_nothing_where_a_password_is_kept(asked: Asked, host: str, tmp_path: Path) -> None:
    writes = [
        *((f"{url}/api/v2/silences", silence("foreign")) for url in (asked.alertmanager, asked.open_alertmanager)),
        (f"{asked.alertmanager}/api/v2/alerts", '[{"labels": {"alertname": "foreign"}}]'),
        *((f"{asked.prometheus}{path}", "match[]=up") for path in ("/-/quit", "/api/v1/admin/tsdb/delete_series")),
    ]
    reads = [f"{asked.alertmanager}/api/v2/silences", f"{asked.prometheus}/api/v1/query?query=up"]
    with browser(tmp_path, "*.example") as person:
        for url, path in zip(asked.closed, ("/api/v2/silences", "/api/v1/query?query=up"), strict=True):
            # The browser would ask for them.
            person.open(url.replace("//", f"//{USER}:{quote(PASSWORD)}@"))
            person.open(url)
            assert person.ask(path) == 200
        person.open(asked.alertmanager)
        assert person.ask("/api/v2/silences", silence("own"), "application/json") == 200
        with pages.stranger(host, [pages.attack(writes, reads)], []) as theirs:
            read = pages.heard(person, f"{theirs}/0")
    assert {urlsplit(url).netloc for url in read} & {urlsplit(url).netloc for url in asked.closed} == set()
    assert silences(asked.open_alertmanager) == {"foreign"}
    assert silences(asked.alertmanager) == {"own"}
    alerts = requests.get(f"{asked.alertmanager}/api/v2/alerts", auth=(USER, PASSWORD), timeout=10)
    assert alerts.json() == []
    assert is_ready(asked.prometheus)

# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A real browser (Chromium) on the machine of the lab, and a web page of somebody else in it: nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from tests.integration.browser import pages
from tests.integration.browser.chromium import Browser, browser
from tests.integration.locust_exporter.harness import Prometheus, RealLocust, exporter, locust, prometheus
from tests.integration.locustfile.conftest import BEARER_TOKEN, tokenization
from tests.integration.locustfile.plugin_locusts import PLUGINS
from tests.locusts import VERSIONS
from tests.waiting import wait_until

CARD = '{"name": "card", "data": "from a stranger"}'
RUN = "user_count=1&spawn_rate=1&host=http%3A%2F%2F127.0.0.1%3A9"
# A name that leads a stranger's page to the services of this machine (DNS rebinding).
REBOUND = "rebound.example"


@dataclass(frozen=True)
class Services:
    locust: RealLocust
    unguarded: RealLocust
    tokenization: str
    exporter: str
    prometheus: Prometheus

    @property
    def urls(self) -> list[str]:
        return [self.locust.url, self.tokenization, self.exporter, self.prometheus.url]


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    locustfile = tmp_path_factory.mktemp("locustfile") / "locustfile.py"
    locustfile.write_text("from locust import User, constant\nclass Idle(User):\n    wait_time = constant(1)\n")
    newest = VERSIONS[-1]
    with ExitStack() as started:
        guarded = started.enter_context(locust(newest, files=(locustfile, PLUGINS / "web_access.py")))
        scraped = started.enter_context(exporter(guarded.url)).url
        yield Services(
            guarded,
            started.enter_context(locust(newest, files=(locustfile,))),
            started.enter_context(tokenization(tmp_path_factory.mktemp("tokenization"))),
            scraped,
            started.enter_context(prometheus(urlsplit(scraped).netloc)),
        )


@pytest.fixture
def person(tmp_path: Path) -> Iterator[Browser]:
    with browser(tmp_path, REBOUND) as person:
        yield person


def attack(services: Services, host: str, person: Browser) -> list[str]:
    """Open the stranger's page from an origin of that host; return what it could read."""
    writes = [
        *((f"{each.url}/{path}", RUN) for each in (services.locust, services.unguarded) for path in ("stop", "swarm")),
        (f"{services.tokenization}/tokenize", CARD),
        (services.exporter, RUN),
        *(
            (f"{services.prometheus.url}{path}", "match[]=up")
            for path in ("/-/quit", "/-/reload", "/api/v1/admin/tsdb/delete_series", "/api/v1/write")
        ),
    ]
    reads = [
        f"{services.locust.url}/stats/requests",
        f"{services.tokenization}/metrics",
        f"{services.exporter}/metrics",
    ]
    with pages.stranger(host, [pages.attack(writes, reads)], []) as url:
        return pages.heard(person, f"{url}/0")


# Another port of the same machine is another origin, too.
@pytest.mark.parametrize("host", ["stranger.localhost", "127.0.0.1"])
def test_a_page_of_a_stranger_changes_nothing(services: Services, person: Browser, host: str) -> None:
    services.unguarded.stop()
    heard = attack(services, host, person)
    # What is not guarded starts to load: the page does what it says.
    wait_until("it loads", lambda: services.unguarded.page()["state"] in ("spawning", "running"), 10)
    assert (services.locust.page()["state"], services.locust.page()["user_count"]) == ("ready", 0)
    asked = requests.post(
        f"{services.tokenization}/detokenize",
        json={"name": "card"},
        headers={"Authorization": f"Bearer {BEARER_TOKEN}"},
        timeout=10,
    )
    assert asked.status_code == 404
    assert requests.get(f"{services.prometheus.url}/-/ready", timeout=10).status_code == 200
    assert requests.get(f"{services.exporter}/metrics", timeout=10).status_code == 200
    guarded = {urlsplit(url).netloc for url in (services.locust.url, services.tokenization, services.exporter)}
    assert guarded & {urlsplit(url).netloc for url in heard} == set()


def test_a_name_that_a_stranger_leads_here_is_refused(services: Services, person: Browser) -> None:
    for url, says in (
        (services.locust.url, "does not go by that name"),
        (f"{services.tokenization}/openapi.json", "TOKENIZATION_HOSTS"),
    ):
        person.open(url.replace("127.0.0.1", REBOUND))
        assert says in person.text

# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Who gets what from the page of a real Locust with `web_access.py`: pages of strangers, people, programs."""

from __future__ import annotations

import base64
import http.client
import json
import re
import ssl
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
import trustme
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.client import LocustClient
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.transport import LocustError

from tests.integration.locust_exporter.harness import exporter
from tests.integration.locustfile.conftest import free_port
from tests.integration.locustfile.plugin_locusts import Locusts, Started, locusts_of
from tests.locusts import EACH_VERSION, VERSIONS, locust_executable
from tests.waiting import wait_until

OLDEST, NEWEST = VERSIONS[0], VERSIONS[-1]
USER, PASSWORD = "locust", "a password, with a cömma"
BROWSER = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64)",
    "Accept": "text/html,application/xhtml+xml,*/*;q=0.8",
    "Sec-Fetch-Site": "none",
}
# Locust's own routes that change nothing.
READ = {
    *("/", "/assets/<path:path>", "/login", "/logs", "/tasks", "/worker-count", "/exceptions", "/exceptions/csv"),
    *(
        "/stats/report",
        "/stats/requests",
        "/stats/requests/csv",
        "/stats/requests_full_history/csv",
        "/stats/failures/csv",
    ),
}
PLUGINS = ("histograms", "run_mark", "web_access")
STRANGER = "http://stranger.example"


@dataclass(frozen=True)
class Page:
    """A Locust's page. `url` includes the base path; without TLS `ca` is None."""

    url: str
    started: Started
    version: str
    ca: str | None = None
    session: requests.Session = field(default_factory=requests.Session)

    def ask(self, path: str, method: str = "GET", **headers: str) -> requests.Response:
        """Ask as a program does, or as a browser with its `headers`, in which _ stands for -."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        form = {"user_count": "1", "spawn_rate": "1"} if method == "POST" else None
        return self.session.request(
            method, self.url + path, data=form, headers=sent, allow_redirects=False, timeout=30, verify=self.ca
        )

    def change(self, **headers: str) -> int:
        """Reset the statistics, which is what a page of a stranger could do most easily; return the status."""
        return self.ask("/stats/reset", "GET" if self.version != NEWEST else "POST", **headers).status_code

    @property
    def authority(self) -> str:
        return urlsplit(self.url).netloc

    @property
    def origin(self) -> str:
        return f"{urlsplit(self.url).scheme}://{self.authority}"


@pytest.fixture(scope="module", params=EACH_VERSION)
def locusts(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Locusts]:
    with locusts_of(tmp_path_factory.mktemp("locusts"), request.param) as locusts:
        yield locusts


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("web_access")
    (folder / "password").write_text(f"{PASSWORD}\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def ca(folder: Path) -> trustme.CA:
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(folder / "ca.pem"))
    issue(ca, folder, "127.0.0.1")
    return ca


def issue(ca: trustme.CA, folder: Path, *names: str) -> None:
    issued = ca.issue_cert(*names)
    (folder / "cert.pem").write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(str(folder / "key.pem"))


def page_of(locusts: Locusts, *arguments: str, base: str = "", ca: Path | None = None, **environment: str) -> Page:
    port = free_port()
    web = ["--web-host=127.0.0.1", f"--web-port={port}", *([f"--web-base-path={base}"] if base else [])]
    started = locusts.start(PLUGINS, "--host=http://127.0.0.1:9", *web, *arguments, **environment)
    url = f"{'https' if ca else 'http'}://127.0.0.1:{port}{base}"
    page = Page(url, started, locusts.version, str(ca) if ca else None)
    page.session.trust_env = False

    def listens() -> bool:
        assert started.process.poll() is None, started.logged()
        return page.ask("/").status_code in (200, 401)

    wait_until("Locust listens", listens, 60)
    return page


@pytest.fixture(scope="module")
def open_page(locusts: Locusts) -> Page:
    """Without a login, as on one machine."""
    return page_of(locusts, LOCUST_WEB_HOSTS="lab.example, Other.example")


@pytest.fixture(scope="module")
def plain_page(locusts: Locusts, folder: Path) -> Page:
    """With a login, below a base path where this version has one."""
    base = "/load" if locusts.version == NEWEST else ""
    return page_of(locusts, base=base, LOCUST_WEB_PASSWORD_FILE=str(folder / "password"))


@pytest.fixture(scope="module")
def tls_page(locusts: Locusts, folder: Path, ca: trustme.CA) -> Page:
    """With a login, over TLS."""
    tls = [f"--tls-cert={folder / 'cert.pem'}", f"--tls-key={folder / 'key.pem'}"]
    return page_of(locusts, *tls, ca=folder / "ca.pem", LOCUST_WEB_PASSWORD_FILE=str(folder / "password"))


@pytest.fixture(params=["plain", "tls"])
def locked_page(request: pytest.FixtureRequest, plain_page: Page, tls_page: Page) -> Page:
    return tls_page if request.param == "tls" else plain_page


def log_in(page: Page, password: str = PASSWORD, **headers: str) -> requests.Response:
    return requests.post(
        page.url + "/login",
        data={"username": USER, "password": password},
        headers={**BROWSER, "Origin": page.origin, **headers},
        allow_redirects=False,
        timeout=30,
        verify=page.ca,
    )


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def cookie_of(answer: requests.Response) -> str:
    return answer.headers["Set-Cookie"].partition(";")[0]


# Pages of strangers.


@pytest.mark.parametrize(
    "host", ["lab.example", "LAB.example:8089", "other.example", "localhost:1", "[::1]:8089", "10.0.0.1"]
)
def test_own_names_and_addresses_are_answered(open_page: Page, host: str) -> None:
    assert open_page.ask("/stats/requests", Host=host).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["stranger.example", "lab.example.stranger.example:8089", "127.0.0.1.stranger.example", "x@127.0.0.1", "::x"],
)
@pytest.mark.parametrize("path", ["/", "/stats/requests", "/logs", "/stop", "/monitor-lab/run", "/nowhere"])
def test_names_of_strangers_are_refused(open_page: Page, host: str, path: str) -> None:
    answer = open_page.ask(path, Host=host)
    assert answer.status_code == 421
    assert "LOCUST_WEB_HOSTS" in answer.text


def test_no_name_is_refused(open_page: Page) -> None:
    connection = http.client.HTTPConnection(open_page.authority, timeout=30)
    connection.putrequest("GET", "/stats/requests", skip_host=True)
    connection.endheaders()
    assert connection.getresponse().status == 421
    connection.close()


@pytest.mark.parametrize("origin", [STRANGER, "null", "http://127.0.0.1:1", ""])
def test_pages_of_strangers_neither_change_nor_read(open_page: Page, origin: str) -> None:
    for method, path in [
        ("POST", "/swarm"),
        ("POST", "/monitor-lab/run"),
        ("POST", "/nowhere"),
        ("GET", "/stop"),
        ("POST", "/stop"),
        ("HEAD", "/stats/reset"),
        ("OPTIONS", "/swarm"),
        ("GET", "/stats/requests"),
        ("GET", "/logs"),
    ]:
        assert open_page.ask(path, method, Origin=origin).status_code == 403, (method, path)
    assert open_page.ask("/stats/requests").json()["state"] == "ready"


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_links_of_strangers_change_nothing(open_page: Page, site: str) -> None:
    assert open_page.change(Sec_Fetch_Site=site) == 403
    assert open_page.change(Sec_Fetch_Site=site, Origin=open_page.origin) == 403
    # A link to the page is one that is followed.
    assert open_page.ask("/", Sec_Fetch_Site=site, Referer=STRANGER).status_code == 200


def test_links_in_old_browsers_change_nothing(open_page: Page) -> None:
    for referer in (STRANGER, f"{STRANGER}/{open_page.origin}/", "http://127.0.0.1:1/", ""):
        assert open_page.change(Referer=referer) == 403
    # A page can have it hidden.
    assert open_page.change(User_Agent=BROWSER["User-Agent"]) == 403


def test_locusts_own_page_and_programs_change(open_page: Page) -> None:
    assert open_page.change() == 200
    assert open_page.change(Referer=f"{open_page.origin}/?tab=charts") == 200
    assert open_page.change(Referer=open_page.origin, User_Agent=BROWSER["User-Agent"]) == 200
    for site in ("same-origin", "none"):
        assert open_page.change(Sec_Fetch_Site=site) == 200
    assert open_page.change(Sec_Fetch_Site="same-origin", Origin=open_page.origin) == 200
    assert open_page.change(Origin="http://lab.example:8089", Host="lab.example:8089") == 200


def test_all_that_changes_is_known(locusts: Locusts) -> None:
    """What Locust's own source answers to GET besides what is read, so that a new version is looked at."""
    (source,) = locust_executable(locusts.version).parents[1].glob("lib/*/site-packages/locust/web.py")
    routes = re.findall(r'\.route\("([^"]+)"(, methods=\["POST"\])?\)', source.read_text(encoding="utf-8"))
    by_get = {path for path, post in routes if not post} - {"/my_custom_route"}
    changing = set() if locusts.version == NEWEST else {"/stop", "/stats/reset"}
    assert by_get - READ == changing
    assert {"/", "/stats/requests"} <= by_get


# The login.


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/",
            "/stats/requests",
            "/stats/report",
            "/stats/requests/csv",
            "/stats/failures/csv",
            "/exceptions",
            "/logs",
        ),
        *("/tasks", "/worker-count", "/stop", "/stats/reset", "/swarm", "/user", "/nowhere", "/login/"),
        *("/stats/histograms", "/monitor-lab/run", "/assets", "/static", "/static/../stats/requests"),
    ],
)
def test_everything_wants_the_login(locked_page: Page, path: str) -> None:
    for method in ("GET", "POST", "OPTIONS"):
        answer = locked_page.ask(path, method)
        assert answer.status_code == 401, method
        assert answer.headers["WWW-Authenticate"].startswith("Basic ")
    people = locked_page.ask(path, **{name.replace("-", "_"): value for name, value in BROWSER.items()})
    assert (people.status_code, people.headers["Location"]) == (303, f"{urlsplit(locked_page.url).path}/login")


def test_browsers_are_not_asked_for_what_they_would_send_by_themselves(locked_page: Page) -> None:
    answer = locked_page.ask("/stats/requests", User_Agent=BROWSER["User-Agent"], Accept="application/json")
    assert answer.status_code == 401
    assert "WWW-Authenticate" not in answer.headers


def test_people_log_in_by_a_page(locked_page: Page) -> None:
    base = urlsplit(locked_page.url).path
    page = locked_page.ask("/login")
    assert page.status_code == 200
    assert f"{base}/login" in page.text
    assert ("window.authArgs" in page.text) == (locked_page.version not in VERSIONS[:2])
    for script in re.findall(r' src="\.(/assets/[^"]+\.js)"', page.text):
        assert locked_page.ask(script).status_code == 200

    answer = log_in(locked_page)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{base}/")
    cookie = answer.headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Strict", f"Path={base or '/'}"} <= set(cookie.split("; "))
    assert ("Secure" in cookie) == (locked_page.ca is not None)
    assert PASSWORD not in cookie
    for path in ("/", "/stats/requests", "/logs", "/stats/histograms", "/monitor-lab/run"):
        status = locked_page.ask(path, Cookie=cookie_of(answer)).status_code
        assert status == 200 or (path, locked_page.version, status) == ("/logs", OLDEST, 404)


def test_a_session_is_no_pass_for_strangers(locked_page: Page) -> None:
    cookie = cookie_of(log_in(locked_page))
    assert locked_page.change(Cookie=cookie, Origin=locked_page.origin) == 200
    # Browsers do not send it for them, SameSite=Strict; if one did:
    assert locked_page.change(Cookie=cookie, Origin=STRANGER) == 403
    assert locked_page.change(Cookie=cookie, Sec_Fetch_Site="cross-site") == 403
    assert locked_page.ask("/", Cookie=cookie, Host="stranger.example").status_code == 421


def test_a_session_can_not_be_made_up(locked_page: Page) -> None:
    name, _equals, value = cookie_of(log_in(locked_page)).partition("=")
    kind, moment, signature = value.split(".")
    for made_up in (
        "",
        "locust",
        f"{kind}.{moment}",
        f"{kind}.zzzzzz.{signature}",
        f"root.{moment}.{signature}",
        "\xe4.b.c",
    ):
        cookie = f"{name}={made_up}"
        assert locked_page.ask("/stats/requests", Cookie=cookie).status_code == 401


def test_a_session_is_of_one_address(plain_page: Page) -> None:
    """Whatever else listens on the host gets its cookie from a browser."""
    cookie = cookie_of(log_in(plain_page))
    for address, status in (("127.0.0.1", 200), ("127.0.0.2", 401)):
        connection = http.client.HTTPConnection(plain_page.authority, timeout=30, source_address=(address, 0))
        connection.request("GET", f"{urlsplit(plain_page.url).path}/stats/requests", headers={"Cookie": cookie})
        assert connection.getresponse().status == status
        connection.close()


def test_programs_send_the_password(locked_page: Page) -> None:
    client = LocustClient(locked_page.url, USER, PASSWORD, ca_path=locked_page.ca)
    assert client.overview().version == locked_page.version
    assert client.stats()["state"] == "ready"
    client.reset_stats()
    with pytest.raises(LocustError, match="set locust_username and locust_password"):
        LocustClient(locked_page.url, ca_path=locked_page.ca).stats()


def test_the_exporter_gets_in(tls_page: Page, folder: Path) -> None:
    configuration = folder / "http.yml"
    account = {"username": USER, "password_file": str(folder / "password")}
    # YAML holds JSON.
    configuration.write_text(json.dumps({"basic_auth": account, "tls_config": {"ca_file": str(folder / "ca.pem")}}))
    with exporter(tls_page.url, f"--locust.http-config.file={configuration}") as started:
        assert started.series()["locust_up", ()] == 1


def test_a_password_that_a_browser_sends_by_itself_is_no_pass_for_strangers(locked_page: Page) -> None:
    sent = basic(USER, PASSWORD)
    assert locked_page.change(Authorization=sent) == 200
    assert locked_page.change(Authorization=sent, Origin=STRANGER) == 403
    assert locked_page.change(Authorization=sent, Sec_Fetch_Site="cross-site") == 403


def test_wrong_logins_wait_and_are_counted_without_what_was_sent(tls_page: Page) -> None:
    wrong = ["wrong-one", "", PASSWORD + "x", PASSWORD[:-1], "\u20ac"]

    def by_header(password: str) -> int:
        return tls_page.ask("/logs", Authorization=basic(USER, password)).status_code

    def by_user(user: str) -> int:
        return tls_page.ask("/logs", Authorization=basic(user, PASSWORD)).status_code

    def by_form(password: str) -> int:
        answer = log_in(tls_page, password)
        assert "Set-Cookie" not in answer.headers
        assert "Wrong user or password" in answer.text
        return answer.status_code

    ways = [(way, password) for way in (by_header, by_form, by_user) for password in wrong]
    begun = time.monotonic()
    with ThreadPoolExecutor(len(ways)) as pool:
        answers = [pool.submit(way, password) for way, password in ways]
        # Who sends the right one gets in meanwhile.
        assert log_in(tls_page).status_code == 303
        assert {answer.result() for answer in answers} == {401}
    assert by_header("wrong-one") == 401
    # Never less, however quick or slow the machine is.
    assert time.monotonic() - begun > 2
    log = tls_page.started.logged()
    counts = re.findall(r"(\d+) wrong logins since Locust's start, the last one from 127\.0\.0\.1", log)
    assert int(counts[-1]) > len(ways)
    assert "wrong-one" not in log and PASSWORD not in log


def test_what_is_no_login_is_refused(plain_page: Page) -> None:
    for header in ("Basic !", "Basic bG9jdXN0", "Bearer x", "Digest username=locust"):
        assert plain_page.ask("/stats/requests", Authorization=header).status_code == 401
    endless = requests.post(
        plain_page.url + "/login",
        data={"username": USER, "password": PASSWORD, "x": "x" * 5000},
        timeout=30,
        verify=plain_page.ca,
    )
    assert endless.status_code == 401


def test_a_stranger_can_not_frame_the_page(open_page: Page, locked_page: Page) -> None:
    assert open_page.ask("/").headers["X-Frame-Options"] == "SAMEORIGIN"
    assert locked_page.ask("/login").headers["X-Frame-Options"] == "SAMEORIGIN"


def test_a_certificate_that_is_renewed_is_used_at_once(tls_page: Page, ca: trustme.CA, folder: Path) -> None:
    port = urlsplit(tls_page.url).port
    assert port
    issue(ca, folder, "127.0.0.1", "renewed.example")
    connection = http.client.HTTPSConnection(
        "127.0.0.1", port, timeout=30, context=ssl.create_default_context(cafile=str(folder / "ca.pem"))
    )
    connection.connect()
    shown = connection.sock.getpeercert() or {}
    connection.close()
    assert ("DNS", "renewed.example") in shown["subjectAltName"]


def test_two_logins_are_refused(locusts: Locusts, folder: Path) -> None:
    second = ["--web-auth=a:b"] if locusts.version in VERSIONS[:2] else ["--web-login"]
    started = locusts.start(
        PLUGINS, *second, f"--web-port={free_port()}", LOCUST_WEB_PASSWORD_FILE=str(folder / "password")
    )
    assert started.process.wait(60) == 1
    assert "web_access: there are two logins" in started.logged()

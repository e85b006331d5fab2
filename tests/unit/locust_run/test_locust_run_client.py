# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.client import (
    LocustClient,
    current_figures,
    parse_exceptions,
    parse_failures,
    parse_overview,
    parse_stats,
    version_of,
)
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.transport import LocustError

from tests.unit.locust_run.scripted_server import Scripted, answer

IDLE: dict[str, Any] = {
    "state": "ready",
    "user_count": 0,
    "stats": [{"method": "", "name": "Aggregated", "num_requests": 0, "num_failures": 0}],
}
RECORDINGS = sorted(Path(__file__).with_name("recordings").glob("locust-*.json"))
FRONT_PAGES = sorted(Path(__file__).with_name("recordings").glob("front-*.json"))


@pytest.fixture(params=RECORDINGS, ids=lambda path: path.stem)
def recording(request: pytest.FixtureRequest) -> dict[str, Any]:
    read = json.loads(request.param.read_text())
    assert isinstance(read, dict)
    return read


def test_front_page_tells_version_state_and_classes(recording: dict[str, Any]) -> None:
    overview = parse_overview(recording["front_page"])
    assert (overview.version, overview.state) == (recording["version"], "running")
    assert sorted(overview.user_classes or ()) == ["Buyer", "Idler"]


@pytest.fixture(params=FRONT_PAGES, ids=lambda path: path.stem)
def front_pages(request: pytest.FixtureRequest) -> dict[str, str]:
    read = json.loads(request.param.read_text())
    assert isinstance(read, dict)
    return read


def test_front_page_tells_whether_there_is_a_shape(front_pages: dict[str, str]) -> None:
    shaped, picked = parse_overview(front_pages["shaped"]), parse_overview(front_pages["shaped_picker"])
    assert (shaped.shape, shaped.shape_classes) == (True, None)
    assert (picked.shape, picked.shape_classes) == (True, ("Steps",))
    plain, picked = parse_overview(front_pages["plain"]), parse_overview(front_pages["plain_picker"])
    # The old interface had shapes that look as if there were none from some version on.
    assert plain.shape is (None if plain.version == "2.20.1" else False)
    assert (picked.shape, picked.shape_classes) == (False, ())


def test_front_page_tells_what_is_tested(front_pages: dict[str, str]) -> None:
    assert parse_overview(front_pages["shaped"]).host == "http://shop/<a>?b='c'&d"
    # One of its two classes has none.
    assert parse_overview(front_pages["plain"]).host is None


def test_front_page_tells_options_of_the_locustfile(front_pages: dict[str, str]) -> None:
    options = parse_overview(front_pages["shaped"]).options
    assert options is not None
    assert sorted(options) == ["basket", "count", "flag", "key", "many", "nothing", "region"]
    assert options == parse_overview(front_pages["shaped_picker"]).options
    version = front_pages["version"]
    # 2.15.1 does not tell choices; the old interface has no types, and sets neither booleans nor what has no value.
    old, lists = version < "2.21", version > "2.40"
    assert options["region"].choices == (None if version == "2.15.1" else ("eu", "us"))
    assert options["count"].type == ("str" if old else "number")
    assert options["flag"].type == ("none" if old else "bool")
    assert options["many"].type == "list"
    settable = {
        "basket",
        "count",
        "key",
        "region",
        *(() if old else ("flag",)),
        *(("many", "nothing") if lists else ()),
    }
    assert {name for name, option in options.items() if option.settable} == settable
    assert parse_overview(front_pages["plain"]).options == {}


def test_old_locust_is_told_from_a_broken_one() -> None:
    """As 2.8.6 writes it."""
    page = '<body class="ready">\n<a href="https://github.com/locustio/locust/releases/tag/2.8.6">2.8.6</a>'
    with pytest.raises(LocustError, match=r"^this is Locust 2\.8\.6; 2\.15\.1 or newer is needed$") as error:
        parse_overview(page)
    assert not error.value.transient


@pytest.mark.parametrize(
    ("version", "numbers"),
    [
        ("2.47.1", (2, 47, 1)),
        ("2.47.1.dev12", (2, 47, 1)),
        ("2.47", (2, 47, 0)),
        ("3", (3, 0, 0)),
        ("unknown", (0, 0, 0)),
    ],
)
def test_versions_are_compared_by_their_numbers(version: str, numbers: tuple[int, int, int]) -> None:
    assert version_of(version) == numbers


def old_page(version: str, form: str = '<form id="swarm_form"></form>') -> str:
    """What the interface that Locust had up to 2.21 says at least."""
    releases = "https://github.com/locustio/locust/releases/tag"
    return f'<body class="ready">\n<a href="{releases}/{version}">{version}</a>\n{form}'


@pytest.mark.parametrize(
    ("version", "is_refused"),
    [("2.15.0", True), ("2.15.1", False), ("2.15.2", False), ("3.0.0", False), ("0.0.1", True), ("0.0.0", False)],
)
def test_locust_is_used_from_the_oldest_on_and_where_it_has_no_version(version: str, is_refused: bool) -> None:
    """As one has that was built without its repository's tags."""
    if is_refused:
        with pytest.raises(LocustError, match=r"2\.15\.1 or newer is needed"):
            parse_overview(old_page(version))
    else:
        assert parse_overview(old_page(version)).version == version


@pytest.mark.parametrize(
    ("version", "shape"), [("2.15.1", False), ("2.15.9", False), ("2.16.0", None), ("2.20.1", None), ("3.0.0", None)]
)
def test_old_front_page_tells_that_there_is_no_shape_as_long_as_it_can(version: str, shape: bool | None) -> None:
    assert parse_overview(old_page(version)).shape is shape


@pytest.mark.parametrize(
    ("shapes", "shape", "picked"), [((), False, ()), (("Alpha",), True, ("Alpha",)), (("Steps",), True, ("Steps",))]
)
def test_old_front_page_tells_which_shapes_can_be_picked(
    shapes: tuple[str, ...], shape: bool, picked: tuple[str, ...]
) -> None:
    options = "".join(f'<option value="{name}">' for name in ("Default", *shapes))
    overview = parse_overview(
        old_page("2.20.1", f'<form id="swarm_form"><select name="shape_class">{options}</select></form>')
    )
    assert (overview.shape, overview.shape_classes) == (shape, picked)


def test_old_front_page_without_its_form_tells_nothing_of_it() -> None:
    overview = parse_overview(old_page("2.15.1", form=""))
    assert (overview.shape, overview.shape_classes, overview.host, overview.options) == (None, None, None, None)
    assert (overview.user_classes, overview.users) == (None, None)


def test_old_front_page_tells_host_and_users() -> None:
    form = '<form id="swarm_form"><input type="text" name="host" value="{}"></form><span id="userCount">12</span>'
    overview = parse_overview(old_page("2.15.1", form.format("http://shop")))
    assert (overview.host, overview.users) == ("http://shop", 12)
    assert parse_overview(old_page("2.15.1", form.format(""))).host is None


@pytest.mark.parametrize(
    ("page", "quoted", "may_pass"),
    [
        ("x" * 200, repr("x" * 80), True),
        (f'<body class="ready">{"x" * 200}', repr(f'<body class="ready">{"x" * 60}'), True),
        (
            f'<script>window.templateArgs = {{"state": "ready", "version": "{"x" * 200}"}}</script>',
            repr("x" * 80),
            False,
        ),
    ],
    ids=["something else", "without a version", "with something else as its version"],
)
def test_what_is_not_locust_is_quoted_by_its_beginning(page: str, quoted: str, may_pass: bool) -> None:
    with pytest.raises(LocustError, match="this is not Locust's front page: ") as error:
        parse_overview(page)
    assert str(error.value).endswith(quoted)
    assert error.value.transient is may_pass


def test_current_figures_are_there_in_every_version(recording: dict[str, Any]) -> None:
    figures = current_figures(recording["stats"])
    assert (figures["state"], figures["users"], figures["workers"]) == ("running", 4, 1)
    assert 0 < figures["fail_ratio"] < 1
    assert figures["rps"] > 10
    assert 0 < figures["p50"] <= figures["p95"]
    assert figures["num_requests"] > figures["num_failures"] > 0


def test_missing_workers_do_not_count() -> None:
    workers = [{"state": "running"}, {"state": "missing"}, {"state": "ready"}]
    assert current_figures({**IDLE, "workers": workers})["workers"] == 2
    assert current_figures(IDLE)["workers"] is None


def test_busiest_worker_that_is_connected_is_told(recording: dict[str, Any]) -> None:
    assert current_figures(recording["stats"])["generator_cpu"] is not None
    workers = [{"state": "missing", "cpu_usage": 99}, {"state": "ready", "cpu_usage": 12.5}, {"state": "ready"}]
    assert current_figures({**IDLE, "workers": workers})["generator_cpu"] == 12.5
    assert current_figures(IDLE)["generator_cpu"] is None


def test_endpoints_have_their_own_current_figures(recording: dict[str, Any]) -> None:
    figures = current_figures(recording["stats"])
    assert sorted((one["method"], one["name"]) for one in figures["endpoints"]) == [("GET", "/look"), ("POST", "/buy")]
    for one in figures["endpoints"]:
        assert one["rps"] > 1 and one["fail_per_sec"] > 0
        assert 0 < one["fail_ratio"] == one["num_failures"] / one["num_requests"] < 1


def test_endpoint_may_be_called_as_the_whole_is() -> None:
    rows = [
        {"method": "GET", "name": "Aggregated", "num_requests": 1, "num_failures": 0},
        {"method": "", "name": "Aggregated", "num_requests": 2, "num_failures": 1},
    ]
    figures = current_figures({**IDLE, "stats": rows})
    assert (figures["num_requests"], [one["num_requests"] for one in figures["endpoints"]]) == (2, [1])


def test_statistics_have_all_figures_in_every_version(recording: dict[str, Any]) -> None:
    rows = parse_stats(recording["csv"])
    assert sorted((row["method"], row["name"]) for row in rows[:-1]) == [("GET", "/look"), ("POST", "/buy")]
    assert (rows[-1]["method"], rows[-1]["name"]) == ("", "Aggregated")
    total = rows[-1]
    assert total["num_requests"] == sum(row["num_requests"] for row in rows[:-1])
    assert total["fail_ratio"] == total["num_failures"] / total["num_requests"]
    assert total["min"] <= total["avg"] <= total["max"]
    assert total["p50"] <= total["p95"] <= total["p99"] <= total["p99.9"]
    assert total["rps"] > 10


def test_failures_are_read(recording: dict[str, Any]) -> None:
    failures = parse_failures(recording["failures"])
    assert {failure["name"] for failure in failures} == {"/look", "/buy"}
    assert all(failure["occurrences"] > 0 and "500" in failure["error"] for failure in failures)


def test_exceptions_are_read() -> None:
    """As Locust 2.47.0 wrote them for a task that raises after its request; since 2.15.1 the columns are the same."""
    text = (
        "Count,Message,Traceback,Nodes\r\n"
        "12,unsupported operand type(s) for +: 'NoneType' and 'int',\"Traceback (most recent call last):\n"
        '  File ""user/task.py"", line 351, in run\n",host_1\r\n'
    )
    (exception,) = parse_exceptions(text)
    assert exception["occurrences"] == 12
    assert exception["message"] == "unsupported operand type(s) for +: 'NoneType' and 'int'"
    assert '"user/task.py", line 351' in exception["traceback"]


def test_a_failure_may_quote_a_whole_answer() -> None:
    answer = "x" * 200_000
    (failure,) = parse_failures(f"Method,Name,Error,Occurrences\nGET,/a,{answer},3\n")
    assert failure["error"] == answer


def test_endpoint_without_requests_has_no_percentiles() -> None:
    header = "Type,Name,Request Count,Failure Count,Median Response Time,50%,95%,100%"
    rows = parse_stats(f"{header}\nGET,/a,0,0,0,N/A,N/A,N/A\n,Aggregated,2,1,3,3,9,9\n")
    assert rows[0]["p95"] is None
    assert rows[1]["p95"] == 9
    assert "p100" not in rows[1]


@pytest.mark.parametrize("text", ["", "<html></html>", "Type,Name,Request Count,Failure Count\n"])
def test_what_is_no_table_of_statistics_is_refused(text: str) -> None:
    with pytest.raises(LocustError):
        parse_stats(text)


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    server = Scripted()
    yield server
    server.close()


LOGIN_PAGE = '<!DOCTYPE html><script>window.authArgs = {"username_password_callback": "/base/enter"}</script>'


def test_stop_is_asked_for_with_get_and_then_with_post(scripted: Scripted) -> None:
    scripted.answers = [answer("", "405 METHOD NOT ALLOWED"), answer('{"success": true}')]
    LocustClient(scripted.url).stop()
    assert scripted.requests == ["GET /stop", "POST /stop"]


def test_stop_that_works_with_get_is_not_asked_for_again(scripted: Scripted) -> None:
    scripted.answers = [answer('{"success": true}')]
    LocustClient(scripted.url).stop()
    assert scripted.requests == ["GET /stop"]


def test_refusal_with_http_200_is_a_refusal(scripted: Scripted) -> None:
    scripted.answers = [answer('{"success": false, "message": "No runner"}')]
    with pytest.raises(LocustError, match="refused to start: No runner"):
        LocustClient(scripted.url).swarm([("user_count", "1")])


@pytest.mark.parametrize(
    ("reply", "transient"),
    [
        (answer("", "500 INTERNAL SERVER ERROR"), True),
        (answer("", "404 NOT FOUND"), False),
        (answer('{"stats": [', length=900), True),
        (answer('{"stats": ['), True),
        (answer("[1]"), False),
        ([b""], True),
        ([b"HTTP/1.1 nonsense\r\n\r\n"], True),
    ],
)
def test_broken_answer_is_one_error_that_may_pass(scripted: Scripted, reply: list[bytes], transient: bool) -> None:
    scripted.answers = [reply]
    with pytest.raises(LocustError) as error:
        LocustClient(scripted.url).stats()
    assert error.value.transient is transient


def test_nobody_there_may_pass() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
    with pytest.raises(LocustError, match="no answer") as error:
        LocustClient(url).overview()
    assert error.value.transient


def test_login_page_with_http_200_leads_to_a_login(scripted: Scripted, tmp_path: Path) -> None:
    scripted.answers = [
        answer(LOGIN_PAGE),
        answer(LOGIN_PAGE),
        answer("{}", Set_Cookie="session=abc; Path=/"),
        answer('{"state": "ready"}'),
    ]
    cookies = tmp_path / "cookies"
    client = LocustClient(f"{scripted.url}/base/", "me", "a&b", cookies=cookies)
    assert client.stats() == {"state": "ready"}
    assert scripted.requests[1:3] == ["GET /base/login", "POST /base/enter username=me&password=a%26b"]
    assert cookies.stat().st_mode & 0o777 == 0o600

    scripted.answers = [answer('{"state": "running"}')]
    assert LocustClient(f"{scripted.url}/base/", "me", "a&b", cookies=cookies).stats() == {"state": "running"}


@pytest.mark.parametrize(
    ("login", "answers", "problem"),
    [
        ((None, None), [LOGIN_PAGE], "set locust_username and locust_password"),
        (("me", "wrong"), [LOGIN_PAGE, LOGIN_PAGE, LOGIN_PAGE], "refused the login of me"),
        (("me", "x"), [LOGIN_PAGE, "<html>OAuth</html>"], "no form for a name and a password"),
        (("me", "x"), [LOGIN_PAGE, LOGIN_PAGE, "{}", LOGIN_PAGE], "asks for a login again"),
    ],
)
@pytest.mark.parametrize("request_it", [LocustClient.stats, LocustClient.stop, LocustClient.overview])
def test_login_that_does_not_work_says_why(
    scripted: Scripted,
    request_it: Callable[[LocustClient], Any],
    login: tuple[str | None, str | None],
    answers: list[str],
    problem: str,
) -> None:
    scripted.answers = [answer(text) for text in answers]
    with pytest.raises(LocustError, match=problem) as error:
        request_it(LocustClient(scripted.url, *login))
    assert not error.value.transient
    assert "wrong" not in str(error.value)


def test_page_of_something_else_is_not_locust(scripted: Scripted) -> None:
    scripted.answers = [answer("<html>It works!</html>")]
    with pytest.raises(LocustError, match="not Locust's front page"):
        LocustClient(scripted.url).overview()

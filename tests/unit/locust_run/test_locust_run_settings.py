# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""How C(locust_options) and the run's own settings get to a Locust, or are refused."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust import inside
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.look import check_options
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.plan import BadOptionError, plan_from

TEXT = "a # b ; \"c' [d] = {e}: \n next\tü --x"


def options(mode: str = "api", **given: Any) -> dict[str, Any]:
    return {"users": 1, "run_time": "5s", "mode": mode, "locust_options": given}


def sent(**given: Any) -> list[tuple[str, str]]:
    """What of the options is in the form that starts a run."""
    return [field for field in plan_from(options(**given)).form(0, 5) if field[0] not in OWN_FIELDS]


OWN_FIELDS = ("user_count", "spawn_rate", "run_time")


def test_values_are_sent_as_a_form_has_them() -> None:
    given = {"basket": TEXT, "count": 3, "half": 0.5, "flag": True, "off": False, "many": ["a", 1], "nothing": None}
    assert sent(**given) == [
        ("basket", TEXT),
        ("count", "3"),
        ("half", "0.5"),
        ("flag", "true"),
        ("off", "false"),
        ("many", "a"),
        ("many", "1"),
    ]


def test_a_locust_that_is_started_for_the_run_has_them_already() -> None:
    plan = plan_from(options("process", **{"stop-timeout": "10s", "--basket": "full"}))
    assert plan.locust_options == {"stop_timeout": "10s", "basket": "full"}
    assert [name for name, _value in plan.form(0, 5)] == list(OWN_FIELDS)


@pytest.mark.parametrize(
    "name",
    [
        *("users", "spawn-rate", "run_time", "host", "tags", "reset-stats", "expect-workers", "web-port", "locustfile"),
        *("headless", "autostart", "autoquit", "worker", "master-host", "config", "class-picker", "logfile"),
        *("list", "show-task-ratio", "help", "version"),
    ],
)
@pytest.mark.parametrize("mode", ["api", "process"])
def test_what_the_run_decides_cannot_be_set(name: str, mode: str) -> None:
    with pytest.raises(BadOptionError, match=rf"^locust_options: {name.replace('-', '_')} "):
        plan_from(options(mode, **{name: "1"}))


@pytest.mark.parametrize("value", [{"a": 1}, [["a"]], [None], [{}], [True]])
def test_values_of_other_shapes_are_refused(value: Any) -> None:
    with pytest.raises(BadOptionError, match=r"^locust_options: basket is "):
        plan_from(options(basket=value))


def test_an_option_is_named_once() -> None:
    twice: dict[str, Any] = {"a-b": 1, "a_b": 2}
    with pytest.raises(BadOptionError, match=r"^locust_options: a_b is there twice"):
        plan_from(options(**twice))


def told(**given: Any) -> dict[str, Any]:
    return {"type": "str", "settable": True, "choices": None, **given}


TOLD = {
    "basket": told(),
    "region": told(choices=("eu", "us")),
    "count": told(type="number"),
    "flag": told(type="bool"),
    "many": told(type="list"),
    "nothing": told(type="none"),
    "old": told(type="none", settable=False),
}


@pytest.mark.parametrize(
    "given",
    [
        {"basket": TEXT},
        {"basket": 3},
        {"region": "us"},
        {"count": 0.5},
        {"flag": False},
        {"many": ["a", "b c"]},
        {"many": "a"},
        {"nothing": "x"},
        {"old": None},
    ],
)
def test_what_arrives_over_the_web_interface_is_sent(given: dict[str, Any]) -> None:
    check_options(plan_from(options(**given)), TOLD)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"regoin": "eu"}, "takes no regoin for a run; it takes basket, count, flag, many, nothing, old, region"),
        ({"stop_timeout": 10}, "takes no stop_timeout for a run"),
        ({"region": "mars"}, "region takes eu, us, and not mars"),
        ({"basket": ["a"]}, "basket takes one value and no list"),
        ({"count": "many"}, "count takes a number"),
        ({"count": True}, "count takes a number"),
        ({"flag": "yes"}, "flag takes true or false"),
        ({"many": []}, "many takes no empty list"),
        ({"many": ["a", "b,c"]}, "many takes no empty list and no value with a comma"),
        ({"old": "x"}, "old cannot be set over the web interface of this version"),
    ],
)
def test_what_would_not_arrive_is_refused(given: dict[str, Any], problem: str) -> None:
    plan = plan_from(options(**given))
    with pytest.raises(BadOptionError, match=problem):
        check_options(plan, TOLD)
    # Where the page does not tell them, and where Locust checks them itself.
    check_options(plan, None)
    check_options(plan_from(options("process", **given)), TOLD)


@pytest.fixture
def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="locust")
    parser.add_argument("-b", "--basket")
    parser.add_argument("--my_text")
    parser.add_argument("--flag", action="store_true")
    parser.add_argument("--color", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--count", type=int)
    parser.add_argument("--exclude-tags", nargs="*")
    parser.add_argument("--each", action="append")
    parser.add_argument("classes", nargs="*")
    return parser


@pytest.mark.parametrize(
    ("name", "value", "arrives"),
    [
        ("basket", TEXT, TEXT),
        ("basket", "", ""),
        ("basket", "-5", "-5"),
        ("my_text", True, "true"),
        ("flag", True, True),
        ("flag", False, False),
        ("color", False, False),
        ("count", 3, 3),
        ("exclude_tags", ["slow", '#;[odd] "x"'], ["slow", '#;[odd] "x"']),
        ("exclude_tags", ["-x"], ["-x"]),
        ("exclude_tags", [], []),
        ("exclude_tags", "slow", ["slow"]),
        ("each", ["a", "-b"], ["a", "-b"]),
        ("each", 1, ["1"]),
    ],
)
def test_settings_arrive_as_they_are(name: str, value: Any, arrives: Any, parser: argparse.ArgumentParser) -> None:
    parsed = parser.parse_args(
        inside.arguments(parser, {name: value, "basket": "x"} if name != "basket" else {name: value})
    )
    assert getattr(parsed, name) == arrives
    assert parsed.classes == []


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("regoin", "eu", "this Locust has no option regoin"),
        ("bask", "x", "this Locust has no option bask"),
        ("b", "x", "this Locust has no option b"),
        ("flag", "yes", "flag is a switch; it takes true or false"),
        ("basket", ["a", "b"], "basket takes one value and no list"),
        ("exclude_tags", ["a", "-b"], "exclude_tags takes no list with a value that begins with -"),
    ],
)
def test_settings_that_cannot_arrive_end_locust(
    name: str, value: Any, problem: str, parser: argparse.ArgumentParser, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        inside.arguments(parser, {name: value})
    assert capsys.readouterr().err.splitlines()[-1] == f"locust: error: locust_options: {problem}"


class Hook:
    def __init__(self) -> None:
        self.listeners: list[Callable[..., None]] = []

    def add_listener(self, listener: Callable[..., None]) -> None:
        self.listeners.append(listener)


class Events:
    def __init__(self) -> None:
        self.init_command_line_parser, self.init = Hook(), Hook()


def test_parsers_read_settings_and_nothing_else(parser: argparse.ArgumentParser) -> None:
    events = Events()
    inside.set_up(events, {"basket": "full", "locustfile": "/srv/shop.py,/srv/other.py", "later": 1})
    parser.add_argument("--locustfile")
    read: Any = parser
    read._default_config_files = ["~/.locust.conf"]
    (take,) = events.init_command_line_parser.listeners
    take(parser=parser)
    # A locustfile adds its own after that.
    parser.add_argument("--later")
    parsed = parser.parse_args(args=["--basket=of the command line"])
    assert (parsed.basket, parsed.later) == ("full", "1")
    assert read._default_config_files == []

    class Environment:
        locustfile = "monitor_lab_run.py"

    (name,) = events.init.listeners
    name(environment=(environment := Environment()))
    assert environment.locustfile == "shop.py"

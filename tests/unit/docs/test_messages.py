# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The page on troubleshooting has what `lab`, roles, playbooks and plugins say of what is wrong, and no more."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.checks.tree import CHECKOUT
from tests.unit.docs.messages import VARIES, all_messages, in_one_line, of_python, of_tasks

PAGE = (CHECKOUT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
MESSAGES = all_messages(CHECKOUT)

# Messages that the page is without, by the reason.
LEFT_OUT = {
    "it only passes another one on": (
        "…. No load was made.",
        "…: …. Nothing was changed.",
        "…: …",
        "… Correct the inventory; nothing was changed.",
    ),
    "it is a part of another one": (
        "after … of … s",
        "; Locust has no host, without which users of HTTP cannot start: set host",
        "; up to Locust 2.46.3 that may be the timer of an earlier run that was stopped early",
        "what the user classes say",
        ", most often: …",
        "… is meant;",
        "… within … s (…).",
        "… is not …",
        "Correct what is said above, then deploy again.",
        "Last lines of …:",
        "start a run with load_run.yml",
        "what reaches Locust in the lab would not find it",
        "the lab would not find it",
        "set monitor_lab_address and monitor_lab_prometheus_port",
        "set monitor_lab_tls and monitor_lab_exposed",
        "web pages of nobody else may read it",
        "… files and … MiB",
        "… files with … MiB",
        "more than … files in …",
        "write each option by itself",
        "use the groups locust and locust_workers",
        "a process that cannot be seen",
        "were lost or quit",
        "and were not replaced before its end",
        "and were not replaced within … s",
        "for … s fewer than …",
        "for … s not all users ran, … of … at least",
        "requests/s went from … down to …",
        ". One that goes takes along up to 3 s of requests that it has not reported",
    ),
    "it is told where nothing is wrong": (
        "… left out: the inventory has no host in the group …",
        "Passwords and keys: … (files on the controller, mode 0600)",
        "OPEN, without logins, to whoever reaches …: …",
        "…: the user of that name, the password in NAME_password there",
        "For browsers: import …/authority.crt as an authority for web sites",
        "From a laptop: ssh… USER@THIS-MACHINE",
        ", as on … more",
        "a node of the cluster",
        "Monitor Lab, made …",
    ),
    "only a fault of the collection's own code leads to it": (
        "…: … is no mode; it is octal digits such as 0644.",
        "…: validate has no %s, which is its place: …",
        "there is no …",
        "there is no step …; there are …",
        "run_id is no name of a directory",
        "this run has not begun",
    ),
    "it is what Ansible or a program said, and told in brackets": (
        "a password is required",
        "command not found: sudo",
        "failed to create temporary directory",
        "is not allowed to execute",
        "may not run sudo",
        "no space left on device",
        "no usable temporary directory",
        "not in the sudoers file",
        "sudo: command not found",
        "sudo: no such file",
        "traceback (most recent call last)",
    ),
    "Ansible tells only that it was interrupted": ("the run was interrupted while it began",),
}


def quoted(text: str) -> list[str]:
    """Return what is in backticks in the first cells of a page's tables."""
    cells = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    return [quote for cell in cells for quote in re.findall(r"`([^`]+)`", cell)]


def says(quote: str, message: str) -> bool:
    """Tell whether a quote, with an ellipsis for what varies, is in a message."""
    return re.search(".*".join(map(re.escape, quote.split(VARIES))), message) is not None


QUOTES = quoted(PAGE)


def test_the_page_has_each_message_or_there_is_a_reason_why_not() -> None:
    left_out = {message for messages in LEFT_OUT.values() for message in messages}
    untold = {message for message in MESSAGES if not any(says(quote, message) for quote in QUOTES)}
    assert untold - left_out == set(), "tell in docs/troubleshooting.md what to do, or here why not"
    assert left_out - untold == set(), "the page has it, or there is no such message"


def test_the_page_has_no_message_that_nothing_says() -> None:
    assert [quote for quote in QUOTES if not any(says(quote, message) for message in MESSAGES)] == []


def test_each_message_has_a_remedy() -> None:
    rows = [line.strip("|").split("|") for line in PAGE.splitlines() if line.startswith("| `")]
    assert [row for row in rows if len(row) != 2 or not row[1].strip()] == []


def test_a_quote_says_something() -> None:
    """An ellipsis alone would be in every message."""
    assert [quote for quote in QUOTES if len(re.findall("[a-z]{2,}", quote, re.IGNORECASE)) < 2] == []


def test_tasks_and_what_they_loop_over(tmp_path: Path) -> None:
    path = tmp_path / "main.yml"
    path.write_text(
        "- block:\n"
        "    - ansible.builtin.assert:\n"
        "        that: false\n"
        '        fail_msg: "{{ a }}:{% if b %} no {{ c }}{% endif %} there."\n'
        "  rescue:\n"
        "    - ansible.builtin.fail:\n"
        "        msg: all is lost\n"
        "- ansible.builtin.assert: {that: item.holds, fail_msg: x}\n"
        "  loop:\n"
        "    - {holds: false, otherwise: set one of them}\n"
    )
    assert list(of_tasks(path)) == ["…:… no … there.", "all is lost", "x", "set one of them"]


@pytest.mark.parametrize(
    ("name", "source", "found"),
    [
        ("any.py", 'raise Wrong(f"{a} is no {b!r}")', ["… is no …"]),
        ("any.py", 'module.fail_json(msg="this is all wrong")', ["this is all wrong"]),
        ("any.py", 'return "this is all wrong"', []),
        (
            "_values.py",
            '"""This tells what is here."""\nx = "{} is not a port; write one"',
            ["… is not a port; write one"],
        ),
        ("_values.py", 'x = f"{a} is not here, and {b} neither"', ["… is not here, and … neither"]),
        ("_values.py", 'x = "two words"', []),
    ],
)
def test_plugins(name: str, source: str, found: list[str], tmp_path: Path) -> None:
    (tmp_path / name).write_text(source)
    assert list(of_python(tmp_path / name)) == found


def test_what_varies_is_an_ellipsis() -> None:
    assert in_one_line("a {{ b\n }} {% if c %}  d\n {}") == "a … d …"


@pytest.mark.parametrize(
    ("quote", "message", "said"),
    [
        ("there is no … here", "one: there is no … here. Make it.", True),
        ("there is no …; write …", "there is no …", False),
        ("a port", "… is not a file", False),
    ],
)
def test_a_quote_is_in_a_message(quote: str, message: str, said: bool) -> None:
    assert says(quote, message) is said

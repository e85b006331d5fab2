# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The options that the documentation gives programs are options of these programs, by their own help."""

from __future__ import annotations

import functools
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.checks.tree import CHECKOUT
from tests.documents import blocks, pages

FILES = CHECKOUT / "files"
# Program → how it is asked for its help. Those of `./lab` and `ansible-playbook` are in test_examples.py.
PROGRAMS = {
    "alert_receiver.py": [sys.executable, str(FILES / "alert_receiver" / "alert_receiver.py")],
    "container_exporter": [sys.executable, "-m", "container_exporter"],
    "locust": [sys.executable, "-m", "locust"],
    "locust_exporter": [sys.executable, "-m", "locust_exporter"],
    "pip": [sys.executable, "-m", "pip", "download"],
}
PAGES = [page for page in pages() if any(blocks(page, "console", "sh"))]


def given(page: Path) -> Iterator[tuple[str, str]]:
    """Yield programs of the page's blocks, and the options that each is given."""
    for block in blocks(page, "console", "sh"):
        lines = block.text.replace("\\\n", " ").splitlines()
        # In the other language there is what was printed, too.
        for line in lines if block.language == "sh" else [one[2:] for one in lines if one.startswith("$ ")]:
            words = shlex.split(line, comments=True)
            names = [number for number, word in enumerate(words) if word in PROGRAMS]
            if names:
                options = [re.split("=", word)[0] for word in words[names[-1] + 1 :] if word.startswith("-")]
                yield from ((words[names[-1]], option) for option in options)


@functools.cache
def options_of(program: str) -> set[str]:
    folders = [str(FILES / name) for name in ("locust_exporter", "container_exporter")]
    done = subprocess.run(
        [*PROGRAMS[program], "--help"],
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONPATH": ":".join(folders)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return set(re.findall(r"(?<![\w-])--?[A-Za-z][\w.-]*", done.stdout))


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_options_exist(page: Path) -> None:
    assert {(program, option) for program, option in given(page) if option not in options_of(program)} == set()


def test_each_program_is_given_options() -> None:
    assert {program for page in PAGES for program, _option in given(page)} == PROGRAMS.keys()

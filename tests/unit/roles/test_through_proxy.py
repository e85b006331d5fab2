# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The proxy's file, which root's shell takes its variables from, is read and never run."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.role_readme import ROLES, load

THROUGH_PROXY = load(ROLES / "monitor_lab" / "vars" / "main.yml")["monitor_lab_through_proxy"]
PROXY = "http://user:pass'word$(touch run)`touch run`;touch run\\n=@proxy.example.org:3128/?="


@pytest.fixture
def proxy_env(tmp_path: Path) -> Path:
    template = (ROLES / "container_engine" / "templates" / "proxy.env.j2").read_text()
    path = tmp_path / "proxy.env"
    path.write_text(template.replace("{{ monitor_lab_proxy }}", PROXY).replace("{{ monitor_lab_no_proxy }}", "a,b"))
    return path


def environment(path: Path) -> dict[str, str]:
    """What a program that is called through it is given."""
    done = subprocess.run(
        ["sh", "-c", THROUGH_PROXY, "sh", path, "env"],
        cwd=path.parent,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(line.split("=", 1) for line in done.stdout.splitlines())


def test_a_program_gets_what_is_written_there_and_none_of_it_is_run(proxy_env: Path) -> None:
    found = environment(proxy_env)
    assert (found["http_proxy"], found["https_proxy"], found["no_proxy"]) == (PROXY, PROXY, "a,b")
    assert not (proxy_env.parent / "run").exists()


def test_a_program_runs_where_there_is_no_such_file(tmp_path: Path) -> None:
    assert "http_proxy" not in environment(tmp_path / "proxy.env")


def test_a_file_that_is_somebody_else_s_is_not_read(proxy_env: Path) -> None:
    if os.geteuid() == 0:
        os.chown(proxy_env, 10001, 10001)
    else:
        # Root's, and of the same form.
        proxy_env = Path("/etc/os-release")
    assert not {"http_proxy", "ID"} & environment(proxy_env).keys()

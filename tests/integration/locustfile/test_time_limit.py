# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A Locust that only tries its locustfiles ends in time, whatever they do, and says where it was."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.checks.tree import CHECKOUT
from tests.locusts import EACH_VERSION, locust_executable

LIMIT = CHECKOUT / "files" / "locust" / "time_limit.py"
USER = "from locust import HttpUser, task\nclass Shopper(HttpUser):\n    @task\n    def see(self): pass\n"


def tried(version: str, locustfile: Path, seconds: float) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [locust_executable(version), "-f", f"{LIMIT},{locustfile}", "--list"],
        env={**os.environ, "LOCUST_TIME_LIMIT": str(seconds)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("version", EACH_VERSION)
@pytest.mark.parametrize(
    "hangs", ["import time; time.sleep(100)", "import socket; socket.create_server(('', 0)).accept()"]
)
def test_an_import_that_hangs_ends(version: str, hangs: str, tmp_path: Path) -> None:
    (tmp_path / "locustfile.py").write_text(f"import lib\n{USER}")
    (tmp_path / "lib.py").write_text(f"{hangs}\n")
    done = tried(version, tmp_path / "locustfile.py", 5)
    assert done.returncode == 1
    shown = "\n".join(done.stderr.splitlines()[-12:])
    assert "has not read its locustfiles within 5 s" in shown
    assert f'"{tmp_path}/lib.py", line 1' in shown


@pytest.mark.parametrize("version", EACH_VERSION)
def test_one_that_does_not_is_read(version: str, tmp_path: Path) -> None:
    (tmp_path / "locustfile.py").write_text(USER)
    done = tried(version, tmp_path / "locustfile.py", 30)
    assert done.returncode == 0, done.stderr
    assert "Shopper" in done.stdout + done.stderr

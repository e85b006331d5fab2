# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The locustfile of the lab's first author, unchanged, on a real Locust."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from tests.integration.tokenization.service import Service
from tests.locusts import locust_executable

SEED = Path(__file__).resolve().parents[1] / "locustfile" / "seed_locustfile.txt"


def test_no_request_fails(service: Service, tmp_path: Path) -> None:
    service.start()
    locustfile = tmp_path / "locustfile.py"
    shutil.copyfile(SEED, locustfile)
    done = subprocess.run(
        [
            str(locust_executable("2.47.0")),
            *("-f", str(locustfile), "--host", service.url, "--headless", "--json", "--exit-code-on-error", "1"),
            *("--users", "100", "--spawn-rate", "50", "--run-time", "10s"),
        ],
        cwd=tmp_path,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    (statistics,) = json.loads(done.stdout)
    assert statistics["num_failures"] == 0
    assert statistics["num_requests"] > 200
    assert service.metric("tokenization_requests_total") >= statistics["num_requests"]
    assert 0 < service.metric("tokenization_tokens") <= 1000

# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What a real Prometheus does with the jobs that it is given."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._logins import scrape_configs

from tests.integration.locust_exporter.harness import prometheus
from tests.stranger import listening
from tests.waiting import wait_until

LOGIN = {"url_username": "it", "url_password": "geheim"}


@pytest.mark.parametrize(("access", "has_token", "shown"), [(LOGIN, False, "Basic"), ({}, True, "Bearer geheim")])
def test_what_lets_it_in_goes_nowhere_else(access: dict[str, str], has_token: bool, shown: str, tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    for name in ("it_password", "it_metrics_token"):
        (tmp_path / "keys" / name).write_text("geheim")
    with listening() as stranger, listening(redirect=stranger.url) as (url, asked):
        service = {"name": "it", "groups": ["it"], "each": False, "url": url}
        services = [{**service, "metrics": "/metrics", "metrics_token": has_token}]
        (job,) = scrape_configs(services, {"it": access}, str(tmp_path), {}, {})
        with prometheus(url.removeprefix("http://"), extra=lines(job)):
            wait_until("a second scrape", lambda: len(asked) > 1)
    assert [request for request in asked if f"Authorization: {shown}" not in request] == []
    assert stranger.heard == []


def lines(job: dict[str, Any]) -> str:
    """What a job has beside its name and its target."""
    return "".join(
        f"    {key}: {json.dumps(value)}\n" for key, value in job.items() if key not in ("job_name", "static_configs")
    )

# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What is told stays right where the exporter, Locust or Prometheus starts anew in the middle of a run."""

from __future__ import annotations

import os
from pathlib import Path

from tests.integration.locust_exporter.harness import (
    HERE,
    Series,
    Target,
    exporter,
    free_port,
    locust,
    prometheus,
    serve,
)
from tests.locusts import VERSIONS
from tests.waiting import wait_until

FILES = HERE.parents[2] / "files" / "locust"
RUNNING = (("state", "running"),)


def total(found: Series) -> float:
    return found.get(("locust_run_requests_total", ()), 0)


def is_own(name: str) -> bool:
    alone = ("locust_up", "locust_up_info", "locust_page_info", "python_info")
    return name.startswith(("locust_exporter_", "process_")) or name in alone


def test_the_exporter_and_then_locust_start_anew_in_a_run() -> None:
    port = free_port()
    files: tuple[Path, ...] = (HERE / "load.py", FILES / "histograms.py", FILES / "run_mark.py")
    with serve(Target) as target, locust(VERSIONS[-1], files=files, port=port) as under_test:
        under_test.swarm(target, 3, 3)
        with exporter(under_test.url) as metrics:
            metrics.wait_for("it runs", lambda found: found.get(("locust_state", RUNNING)) == 1 and total(found) > 9)
            before = metrics.series()
            metrics.process.kill()
        with exporter(under_test.url) as metrics:
            after = metrics.series()
            assert after["locust_users", ()] == before["locust_users", ()] == 3
            assert after["locust_state", RUNNING] == 1
            assert total(after) >= total(before)
            assert {key for key in after if key[0].startswith("locust_request")} >= {
                key for key in before if key[0].startswith("locust_request")
            }
            # Its own count begins anew, as that of every counter of a process.
            assert after["locust_exporter_scrapes_total", (("outcome", "ok"),)] == 1
            under_test.stop()
            under_test.wait_for("it has stopped", lambda page: page["state"] == "stopped")
            assert total(metrics.series()) == under_test.row("Aggregated")["num_requests"]
            under_test.kill()
            assert all(is_own(name) for name, _unused in metrics.series())
            with locust(VERSIONS[-1], files=files, port=port):
                fresh = metrics.series()
                assert fresh["locust_up", ()] == 1
                assert fresh["locust_users", ()] == 0
                assert fresh["locust_state", (("state", "ready"),)] == 1
                assert total(fresh) == 0
                assert not any(name == "locust_requests_total" for name, _unused in fresh)


def test_prometheus_is_killed_and_the_end_of_its_log_is_cut_off(tmp_path: Path) -> None:
    """As a host without power leaves it: what was before the cut is kept, and it says that there was one."""
    scrapes = "count_over_time(locust_up[1h])"
    with exporter("http://127.0.0.1:9") as metrics:
        target = metrics.url.removeprefix("http://")
        with prometheus(target, data=tmp_path) as server:
            wait_until("some scrapes", lambda: sum(server.query(scrapes).values()) >= 8)
            server.process.kill()
            server.process.wait()
        segment = max((tmp_path / "wal").glob("[0-9]*"))
        # In the middle of its last record.
        os.truncate(segment, segment.stat().st_size - 20)
        with prometheus(target, data=tmp_path) as server:
            kept = sum(server.query(scrapes).values())
            assert kept >= 6
            wait_until("further scrapes", lambda: sum(server.query(scrapes).values()) >= kept + 2)
            assert "corruption" in server.log.read_text(encoding="utf-8").lower()

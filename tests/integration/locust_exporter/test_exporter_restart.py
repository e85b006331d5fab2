# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What is told stays right where the exporter, or Locust, starts anew in the middle of a run."""

from __future__ import annotations

from pathlib import Path

from tests.integration.locust_exporter.harness import HERE, Series, Target, exporter, free_port, locust, serve
from tests.locusts import VERSIONS

FILES = HERE.parents[2] / "files" / "locust"
RUNNING = (("state", "running"),)


def total(found: Series) -> float:
    return found.get(("locust_run_requests_total", ()), 0)


def is_own(name: str) -> bool:
    return name.startswith(("locust_exporter_", "process_")) or name in ("locust_up", "locust_up_info", "python_info")


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

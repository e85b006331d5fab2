# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What a real Prometheus makes of the exporter: the old dashboard, exact percentiles, hostile names, its own locks."""

from __future__ import annotations

import http.server
import json
import math
import random
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import bcrypt
import pytest
import trustme

from tests.integration.locust_exporter.harness import (
    HERE,
    PLUGIN,
    Labels,
    Prometheus,
    RealExporter,
    RealLocust,
    Target,
    exporter,
    locust,
    prometheus,
    serve,
)
from tests.waiting import wait_until

# Grafana's dashboard 11985, "Locust test": the metrics of its table of endpoints, by what Locust's page calls them.
TABLE = (
    "avg_content_length",
    "min_response_time",
    "max_response_time",
    "avg_response_time",
    "median_response_time",
    "num_failures",
    "current_fail_per_sec",
    "num_requests",
    "current_rps",
)


def address(metrics: RealExporter) -> str:
    return metrics.url.removeprefix("http://")


def endpoint(row: dict[str, Any]) -> Labels:
    return (("method", row["method"]), ("name", row["name"]))


def scraped(prometheus: Prometheus, query: str, value: float) -> bool:
    return list(prometheus.query(query).values()) == [value]


class TestDashboard11985:
    @pytest.fixture(scope="class", name="lab")
    @classmethod
    def run_once(cls) -> Iterator[tuple[RealLocust, Prometheus]]:
        """After a run, when nothing changes any more."""
        with (
            serve(Target) as target,
            locust("2.47.0", master=True) as real,
            exporter(real.url) as metrics,
            prometheus(address(metrics)) as server,
            real.worker(),
        ):
            real.wait_for("a worker", lambda page: page["worker_count"] == 1)
            real.swarm(target, users=200, spawn_rate=2)
            wait_until("the ramp-up", lambda: scraped(server, "locust_running", 1))
            real.swarm(target, users=30, spawn_rate=100)
            wait_until("the run", lambda: scraped(server, "locust_running", 2))
            wait_until("its users", lambda: scraped(server, "locust_users", 30))
            real.wait_for("errors", lambda page: bool(page["errors"]) and page["stats"][-1]["num_requests"] > 100)

            def every_row_has_changed() -> bool:
                rows = {endpoint(row) for row in real.page()["stats"] if row["method"]}
                found = server.query('sum(changes(locust_requests_num_requests{method=~".+"}[1m])) by (method, name)')
                return set(found) == rows and all(found.values())

            # On a busy machine the first scrape of an endpoint may come when it has its last figures already.
            wait_until("two scrapes with different figures of every endpoint", every_row_has_changed)
            real.stop()
            real.wait_for("stopped", lambda page: page["state"] == "stopped" and page["user_count"] == 0)
            total = real.row("Aggregated")["num_requests"]
            wait_until("it is stored", lambda: scraped(server, 'locust_requests_num_requests{method=~""}', total))
            wait_until("it has stopped", lambda: scraped(server, "locust_running", 0))
            yield real, server

    def test_the_single_figures(self, lab: tuple[RealLocust, Prometheus]) -> None:
        real, server = lab
        page, total = real.page(), real.row("Aggregated")
        for query, shown in (
            ("locust_running", 0),
            ("locust_users", page["user_count"]),
            ('locust_requests_num_requests{method=~""}', total["num_requests"]),
            ('locust_requests_num_failures{method=~""}', total["num_failures"]),
            ("locust_requests_fail_ratio", page["fail_ratio"]),
            ("locust_requests_fail_ratio * 100", page["fail_ratio"] * 100),
            ("locust_workers_count", page["worker_count"]),
            (
                "locust_requests_current_response_time_percentile_50",
                page["current_response_time_percentiles"]["response_time_percentile_0.5"],
            ),
            (
                "locust_requests_current_response_time_percentile_95",
                page["current_response_time_percentiles"]["response_time_percentile_0.95"],
            ),
        ):
            assert list(server.query(query).values()) == [pytest.approx(shown)], query
        assert page["current_response_time_percentiles"]["response_time_percentile_0.95"] > 0

    def test_the_table_of_endpoints(self, lab: tuple[RealLocust, Prometheus]) -> None:
        real, server = lab
        rows = [row for row in real.page()["stats"] if row["method"]]
        for column in TABLE:
            found = server.query(f'sum(locust_requests_{column}{{method=~".+"}}) by (method, name)')
            assert found == {endpoint(row): pytest.approx(row[column]) for row in rows}, column

    def test_the_table_of_errors(self, lab: tuple[RealLocust, Prometheus]) -> None:
        real, server = lab
        assert server.query("sum(locust_errors) by (method, name, error)") == {
            (("error", one["error"]), *endpoint(one)): one["occurrences"] for one in real.page()["errors"]
        }

    def test_what_mixes_in_the_total_row(self, lab: tuple[RealLocust, Prometheus]) -> None:
        """The dashboard's own fault, which the row that it asks for elsewhere makes: its sum counts all twice."""
        real, server = lab
        rows = real.page()["stats"]
        shown = real.row("Aggregated")["current_rps"]
        assert list(server.query("sum(locust_requests_current_rps)").values()) == [pytest.approx(2 * shown, rel=0.01)]
        right = server.query('sum(locust_requests_current_rps{name!="Aggregated"})')
        assert list(right.values()) == [pytest.approx(shown, rel=0.01)]
        for column in ("max", "min", "avg", "median"):
            mean = sum(row[f"{column}_response_time"] for row in rows) / len(rows)
            found = server.query(f"avg(locust_requests_{column}_response_time)")
            assert list(found.values()) == [pytest.approx(mean)]

    def test_the_rates(self, lab: tuple[RealLocust, Prometheus]) -> None:
        real, server = lab
        rows = {endpoint(row) for row in real.page()["stats"] if row["method"]}
        for query in (
            'rate(locust_requests_num_requests{method=~".+"}[1m])',
            "rate(locust_requests_total[1m])",
        ):
            found = server.query(f"sum({query}) by (method, name)")
            assert set(found) == rows
            assert all(0 < value < 60 for value in found.values())

    def test_a_reset_and_then_a_death(self, lab: tuple[RealLocust, Prometheus]) -> None:
        real, server = lab
        real.reset()
        wait_until(
            "the endpoints are gone", lambda: not server.query('{__name__=~"locust_.*",name!="Aggregated",name!=""}')
        )
        real.kill()
        wait_until("Locust is down", lambda: scraped(server, "locust_up", 0))
        assert server.query("up") == {tuple(sorted(labels)): 1 for labels in server.query("up")}
        assert {name for name in server.names() if name.startswith("locust_")} == {
            "locust_up",
            "locust_up_info",
            "locust_page_info",
            "locust_exporter_build_info",
            "locust_exporter_refused_logins_total",
            "locust_exporter_scrapes_total",
            "locust_exporter_scrape_duration_seconds",
        }


def two_digits(milliseconds: float) -> int:
    """As Locust rounds a response time before it counts it (locust.stats.bucket_response_time)."""
    digits = 0 if milliseconds < 100 else -1 if milliseconds < 1000 else -2 if milliseconds < 10_000 else -3
    return int(round(milliseconds, digits))


def locusts_percentile(times: list[float], share: float) -> int:
    """As Locust finds it, from all response times (locust.stats.calculate_response_time_percentile)."""
    return sorted(map(two_digits, times))[int(len(times) * share)]


@pytest.mark.parametrize("version", ["2.15.1", "2.47.0"])
def test_percentiles_over_any_window_and_several_endpoints_are_exact(version: str) -> None:
    chance = random.Random(4)

    def draw(count: int, mean: float) -> list[float]:
        return [chance.lognormvariate(math.log(mean), 1) for _unused in range(count)]

    first = {"/a": draw(401, 20), "/b": draw(307, 300)}
    second = {"/a": draw(503, 150), "/b": draw(211, 4000)}
    with (
        locust(version, files=(HERE / "batches.py", PLUGIN)) as real,
        exporter(real.url) as metrics,
        prometheus(address(metrics)) as server,
    ):

        def send(batch: dict[str, list[float]], total: int) -> float:
            body = json.dumps(batch).encode()
            headers = {"Content-Type": "application/json"}
            urlopen(Request(f"{real.url}/batch", data=body, headers=headers), timeout=15).read()
            count = "sum(locust_request_duration_seconds_count)"
            wait_until("the batch is stored", lambda: scraped(server, count, total))
            return time.time()

        between = send(first, 708)
        send(second, 708 + 714)
        bucket = "locust_request_duration_seconds_bucket"
        for share in (0.5, 0.9, 0.95, 0.99, 0.999):
            for query, times in (
                # The window after the first batch, both endpoints together.
                (f"sum by (le) ({bucket} - {bucket} @ {between})", second["/a"] + second["/b"]),
                # That window, one endpoint.
                (f'sum by (le) ({bucket}{{name="/b"}} - {bucket} @ {between})', second["/b"]),
                # The whole run, both endpoints: what Locust shows in its last row.
                (f"sum by (le) ({bucket})", first["/a"] + first["/b"] + second["/a"] + second["/b"]),
            ):
                (found,) = server.query(f"histogram_quantile({share}, {query})").values()
                assert two_digits(found * 1000) == locusts_percentile(times, share), (share, query)
        (mean,) = server.query(
            "sum(locust_request_duration_seconds_sum) / sum(locust_request_duration_seconds_count)"
        ).values()
        everything = [time for batch in (first, second) for times in batch.values() for time in times]
        assert mean * 1000 == pytest.approx(sum(everything) / len(everything))
        real.reset()
        wait_until("the histograms are gone", lambda: not server.query(bucket))
        assert server.health() == ""


HOSTILE = [
    '"',
    "\\",
    "\n",
    '\\"\n\\n',
    "\r\n\t",
    "\0",
    "\u2028",
    "🦗" * 100,
    "x" * 10_000,
    "{}",
    "ÿ",
    "a,b=c",
    "'",
    "`",
]


def hostile_page() -> dict[str, Any]:
    figures = ["NaN", float("nan"), float("inf"), -12.5, "12", 10**400, None, True, [], {}, 1e308, -0.0]
    keys = ("num_requests", "avg_response_time", "median_response_time", "response_time_percentile_0.95", "current_rps")
    rows = [
        {"method": name, "name": name, "min_response_time": -5, **dict.fromkeys(keys, figure)}
        for name, figure in zip(HOSTILE * 2, figures * 3, strict=False)
    ]
    rows += [{"method": "GET", "name": f"/{number}", "num_requests": number, "x": []} for number in range(5000)]
    return {
        "stats": [*rows, {"method": "", "name": "Aggregated", "num_requests": 9}],
        "errors": [{"method": "GET", "name": name, "error": name, "occurrences": "7"} for name in HOSTILE],
        "workers": [{"id": name, "state": name, "user_count": -1, "cpu_usage": "NaN"} for name in HOSTILE],
        "state": '"\n',
        "user_count": "NaN",
    }


def test_prometheus_takes_any_page() -> None:
    body = json.dumps(hostile_page()).encode()

    class Hostile(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with (
        serve(Hostile) as uri,
        exporter(uri) as metrics,
        prometheus(address(metrics), interval="4s") as server,
    ):
        wait_until("it is stored", lambda: scraped(server, "locust_up", 1))
        assert server.health() == ""
        # Four of the fourteen names come with what is no figure.
        assert list(server.query("count(locust_requests_total)").values()) == [5000 + 10]
        assert list(server.query("count(locust_requests_min_response_time)").values()) == [14]
        names = {dict(labels)["name"] for labels in server.query("locust_errors")}
        assert {name.partition("…")[0] for name in names} == {
            name.replace("\0", "\N{REPLACEMENT CHARACTER}")[:1000] for name in HOSTILE
        }
        for _unused in range(10):
            metrics.text()
        assert metrics.series()["process_resident_memory_bytes", ()] < 150e6


class TestOwnLocks:
    @pytest.fixture
    def ca(self, tmp_path: Path) -> trustme.CA:
        ca = trustme.CA()
        ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
        return ca

    def issue(self, ca: trustme.CA, folder: Path, name: str) -> None:
        issued = ca.issue_cert("127.0.0.1")
        (folder / f"{name}.pem").write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        issued.private_key_pem.write_to_path(str(folder / f"{name}.key"))

    def write(self, folder: Path, **content: Any) -> Path:
        path = folder / "web.yml"
        path.write_text(json.dumps(content), encoding="utf-8")
        # The same file as for Prometheus's own servers: Prometheus's own tool finds no fault with it.
        check = subprocess.run(
            ["promtool", "check", "web-config", path], capture_output=True, encoding="utf-8", check=False
        )
        assert check.returncode == 0, check.stderr
        return path

    def test_tls_and_basic_authentication(self, ca: trustme.CA, tmp_path: Path) -> None:
        self.issue(ca, tmp_path, "server")
        password = bcrypt.hashpw(b"secret", bcrypt.gensalt(8)).decode()
        tls = {"cert_file": "server.pem", "key_file": "server.key", "min_version": "TLS13"}
        web = self.write(tmp_path, tls_server_config=tls, basic_auth_users={"prometheus": password})
        job = (
            f"    scheme: https\n    tls_config: {{ca_file: {tmp_path}/ca.pem}}\n"
            "    basic_auth: {username: prometheus, password: secret}\n"
        )
        with (
            exporter("http://127.0.0.1:9", f"--web.config.file={web}") as metrics,
            prometheus(address(metrics), extra=job) as server,
        ):
            wait_until("it is stored", lambda: scraped(server, "locust_up", 0))
            url = metrics.url.replace("http:", "https:")
            context = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
            for path in ("/metrics", "/"):
                with pytest.raises(HTTPError, match="401"):
                    urlopen(url + path, timeout=5, context=context)
            before = ssl.get_server_certificate(("127.0.0.1", int(url.rpartition(":")[2])))
            self.issue(ca, tmp_path, "server")
            assert ssl.get_server_certificate(("127.0.0.1", int(url.rpartition(":")[2]))) != before
            web.write_text("basic_auth_users: [", encoding="utf-8")
            with pytest.raises(HTTPError, match="401"):
                urlopen(f"{url}/metrics", timeout=5, context=context)
            assert "stays as it was" in metrics.log.read_text()
            assert server.health() == ""

    def test_client_certificates_and_headers(self, ca: trustme.CA, tmp_path: Path) -> None:
        self.issue(ca, tmp_path, "server")
        self.issue(ca, tmp_path, "client")
        tls = {
            "cert_file": "server.pem",
            "key_file": "server.key",
            "client_ca_file": "ca.pem",
            "client_auth_type": "RequireAndVerifyClientCert",
        }
        web = self.write(
            tmp_path, tls_server_config=tls, http_server_config={"headers": {"X-Frame-Options": "deny"}, "http2": False}
        )
        context = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
        with exporter("http://127.0.0.1:9", f"--web.config.file={web}") as metrics:
            url = metrics.url.replace("http:", "https:")
            with pytest.raises(OSError, match=r"(?i)certificate required|reset|EOF"):
                urlopen(url, timeout=5, context=context).read()
            context.load_cert_chain(tmp_path / "client.pem", tmp_path / "client.key")
            with urlopen(url, timeout=5, context=context) as answer:
                assert answer.headers["X-Frame-Options"] == "deny"
                assert b"href='/metrics'" in answer.read()

    def test_clients_that_say_nothing_do_not_keep_prometheus_out(self) -> None:
        with exporter("http://127.0.0.1:9") as metrics:
            host, _unused, port = address(metrics).partition(":")
            silent = [socket.create_connection((host, int(port))) for _unused in range(100)]
            # Prometheus waits no longer than from one scrape to the next.
            with urlopen(f"{metrics.url}/metrics", timeout=10) as answer:
                assert b"locust_up 0" in answer.read()
            for connection in silent:
                connection.close()

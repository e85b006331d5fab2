# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""nginx as a target of load: it answers in C, so that it is never what is measured."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import trustme

from tests.integration.locustfile.conftest import free_port
from tests.waiting import wait_until

CONFIGURATION = """
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/errors;
worker_rlimit_nofile 20000;
events {{ worker_connections 16384; }}
http {{
  access_log off;
  keepalive_requests 100000000;
  keepalive_timeout 600s;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  default_type application/json;
  server {{
    listen {address}:{port} backlog=8192;
    listen {address}:{tls_port} ssl backlog=8192;
    ssl_certificate {folder}/certificate;
    ssl_certificate_key {folder}/certificate;
    location /fails {{ return 500 '{{"message": "fails"}}'; }}
    location / {{ return 200 '{{"message": "Data tokenized successfully", "token": "0123456789abcdef"}}'; }}
  }}
}}
"""


@dataclass(frozen=True)
class Target:
    pid: int
    url: str
    tls_url: str
    ca_file: Path


def program() -> str:
    """Return nginx. Ends the benchmark where there is none."""
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if found is None:
        raise SystemExit("nginx is what the load of this benchmark goes to: apt-get install nginx-light")
    return found


@contextlib.contextmanager
def nginx(folder: Path, core: int, address: str = "127.0.0.1") -> Iterator[Target]:
    """Run it with one process on `core`; below /fails it answers 500, and else 200 with a small JSON."""
    authority, ca_file = trustme.CA(), folder / "ca.crt"
    authority.cert_pem.write_to_path(ca_file)
    authority.issue_cert(address).private_key_and_cert_chain_pem.write_to_path(folder / "certificate")
    port, tls_port = free_port(), free_port()
    (folder / "nginx.conf").write_text(
        CONFIGURATION.format(folder=folder, address=address, port=port, tls_port=tls_port)
    )
    command = ["taskset", "-c", str(core), program(), "-c", str(folder / "nginx.conf"), "-e", str(folder / "errors")]
    with subprocess.Popen(command) as process:
        try:
            wait_until("nginx answers", lambda: process.poll() is not None or _listens(address, tls_port))
            assert process.poll() is None, (folder / "errors").read_text()
            yield Target(process.pid, f"http://{address}:{port}", f"https://{address}:{tls_port}", ca_file)
        finally:
            process.terminate()


def _listens(address: str, port: int) -> bool:
    with contextlib.suppress(ConnectionRefusedError), socket.create_connection((address, port), timeout=5):
        return True
    return False

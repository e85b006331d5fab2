# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Stands in for a registry of images, over TLS with a private authority: what it takes to be asked for digests."""

from __future__ import annotations

import hashlib
import json
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from tests.checks.tree import CHECKOUT

TOKEN = "of-nobody"


def manifest(image: str) -> bytes:
    """Return what the registry has under `repository:tag`."""
    return json.dumps({"schemaVersion": 2, "of": image}).encode()


def digest_of(image: str) -> str:
    return f"sha256:{hashlib.sha256(manifest(image)).hexdigest()}"


def make_certificates(folder: Path) -> None:
    """Make an authority, ca.crt, and what it signed for localhost, registry.crt and registry.key."""
    subprocess.run([CHECKOUT / "molecule/offline/files/certificates.sh", folder, "localhost"], check=True)


class Handler(BaseHTTPRequestHandler):
    server: Registry

    def do_GET(self) -> None:
        path, _unused, query = self.path.partition("?")
        self.server.asked.append(self.path)
        if path == "/token":
            scopes = [value for value in query.split("&") if value.startswith("scope=repository%3A")]
            self._answer(200 if scopes else 400, json.dumps({"token": TOKEN}).encode())
        elif self.server.wants_token and self.headers["Authorization"] != f"Bearer {TOKEN}":
            self._answer(401, b"")
        elif path == "/v2/":
            self._answer(200, b"{}")
        else:
            repository, _unused, tag = path.removeprefix("/v2/").partition("/manifests/")
            image = f"{repository}:{tag}"
            has_it = image in self.server.images and "index" in self.headers["Accept"]
            self._answer(200 if has_it else 404, manifest(image))

    def _answer(self, status: int, content: bytes) -> None:
        self.send_response(status)
        if status == 401:
            realm = f"https://localhost:{self.server.server_address[1]}/token"
            scope = f"repository:{self.path.removeprefix('/v2/')}:pull"
            self.send_header("WWW-Authenticate", f'Bearer realm="{realm}",service="localhost",scope="{scope}"')
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: object) -> None:
        pass


class Registry(ThreadingHTTPServer):
    def __init__(self, images: set[str], wants_token: bool) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.images = images
        self.wants_token = wants_token
        self.asked: list[str] = []

    @property
    def name(self) -> str:
        return f"localhost:{self.server_address[1]}"


@contextmanager
def serving(certificates: Path, images: set[str], wants_token: bool = False) -> Iterator[Registry]:
    """Serve `images`, each `repository:tag`, with the certificate in the folder."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "registry.crt", certificates / "registry.key")
    with Registry(images, wants_token) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()

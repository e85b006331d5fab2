# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The manifests of roles/tokenization, rendered once by Ansible, and what its preflight says, asked once."""

from __future__ import annotations

import base64
import http.server
import ssl
import subprocess
import threading
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import plays
from tests.cluster_stand_in import Cluster, served

HERE = Path(__file__).resolve().parent

Manifests = dict[str, dict[tuple[str, str], dict[str, Any]]]
"""case → (kind, name) → object"""


def play(name: str, **variables: str | Path) -> subprocess.CompletedProcess[str]:
    played = plays.ansible_playbook(
        HERE / name,
        "--inventory=localhost,",
        *(f"--extra-vars={key}={value}" for key, value in variables.items()),
    )
    assert played.returncode == 0, played.stdout
    return played


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str, dict[str, dict[str, str]]]]:
    """case, manifests, and of each Secret its data; each secret says its own name."""
    folder = tmp_path_factory.mktemp("secrets")
    (folder / "tls").mkdir()
    for name in ("private_key", "bearer_token", "metrics_token", "postgres_password"):
        (folder / f"tokenization_{name}").write_text(name)
    for path in (
        "dsn",
        "ca.crt",
        "tls/authority.crt",
        "tls/tokenization-postgres.crt",
        "tls/tokenization-postgres.key",
    ):
        (folder / path).write_text(Path(path).name)
    return [tuple(case) for case in plays.shown(play("render.yml", secrets=folder))]


@pytest.fixture(scope="session")
def secrets(rendered: list[tuple[str, str, dict[str, dict[str, str]]]]) -> dict[str, dict[str, dict[str, str]]]:
    """case → service or postgres → key → content."""
    return {
        case: {
            name: {key: base64.b64decode(content).decode() for key, content in data.items()}
            for name, data in found.items()
        }
        for case, _unused, found in rendered
    }


@pytest.fixture(scope="session")
def manifests(rendered: list[tuple[str, str, dict[str, dict[str, str]]]]) -> Manifests:
    return {
        case: {
            (document["kind"], document["metadata"]["name"]): document
            for document in yaml.safe_load_all(text)
            if document
        }
        for case, text, _unused in rendered
    }


class Registry(http.server.BaseHTTPRequestHandler):
    """Asks who one is, as registries do."""

    def do_GET(self) -> None:
        self.send_response(401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture(scope="session")
def private_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of one over TLS, with a certificate that nobody here trusts."""
    certificate = tmp_path_factory.mktemp("registry") / "registry.pem"
    make = "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=registry -days 1"
    subprocess.run(
        [*make.split(), "-keyout", certificate, "-out", f"{certificate}.crt"],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{certificate}.crt", certificate)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Registry) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


def deploy(cluster: Cluster, volume: dict[str, Any]) -> None:
    """A service whose pod has such a volume."""
    cluster.put("namespaces", "", {"metadata": {"name": "monitor-lab"}})
    template = {
        "metadata": {"labels": {}},
        "spec": {"volumes": [{"name": "data", **volume}, {"name": "keys", "secret": {}}]},
    }
    metadata = {"name": "tokenization-service", "labels": {"app": "tokenization-service"}}
    cluster.put("deployments", "monitor-lab", {"metadata": metadata, "spec": {"replicas": 1, "template": template}})


@pytest.fixture(scope="session")
def preflight(private_registry: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """said: case → message; loaders: delivery → what it runs; printed: by Ansible."""
    folder = tmp_path_factory.mktemp("preflight")
    venv.create(folder / "bare", symlinks=True)
    (folder / "programs").mkdir()
    (folder / "dsn").write_text("postgresql://user:hunter2@db.example/vault")
    for program in ("kind", "ctr"):
        (folder / "programs" / program).symlink_to("/bin/true")
    with (
        served() as (cluster, kubeconfig),
        served() as (old_cluster, old_kubeconfig),
        served() as (sqlite_cluster, sqlite_kubeconfig),
        served() as (postgresql_cluster, postgresql_kubeconfig),
        served() as (namespaced_cluster, namespaced_kubeconfig),
    ):
        old_cluster.version = "v1.19.16"
        namespaced_cluster.forbidden = "nodes"
        deploy(sqlite_cluster, {"persistentVolumeClaim": {"claimName": "monitor-lab-tokenization"}})
        deploy(postgresql_cluster, {"emptyDir": {}})
        (folder / "kubeconfig").write_text(kubeconfig)
        (folder / "old_kubeconfig").write_text(old_kubeconfig)
        (folder / "namespaced_kubeconfig").write_text(namespaced_kubeconfig)
        (folder / "sqlite_kubeconfig").write_text(sqlite_kubeconfig)
        (folder / "postgresql_kubeconfig").write_text(postgresql_kubeconfig)
        played = play(
            "refuse.yml",
            registry=private_registry,
            bare_python=folder / "bare/bin/python3",
            dsn=folder / "dsn",
            kubeconfig=folder / "kubeconfig",
            old_kubeconfig=folder / "old_kubeconfig",
            namespaced_kubeconfig=folder / "namespaced_kubeconfig",
            sqlite_kubeconfig=folder / "sqlite_kubeconfig",
            postgresql_kubeconfig=folder / "postgresql_kubeconfig",
            programs=folder / "programs",
        )
        assert cluster.writes == old_cluster.writes == sqlite_cluster.writes == postgresql_cluster.writes == []
    return {**plays.shown(played)[-1], "printed": played.stdout}

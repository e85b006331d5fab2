# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""Files of a service as a cluster has them: ConfigMaps, Secrets, and the volume that makes one folder of them.

https://kubernetes.io/docs/concepts/storage/projected-volumes/
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ._differences import content_of, whole_files

# A ConfigMap or Secret holds 1 MiB, names included: https://kubernetes.io/docs/concepts/configuration/configmap/
MOST_BYTES = 1_000_000


class PodFileError(ValueError):
    """A file that no cluster takes; the message says which, and what to do, on one line."""


def pod_files(wanted: Iterable[Mapping[str, Any]], folder: str, app: str, namespace: str) -> dict[str, Any]:
    """Return files below `folder`, as the role C(files) takes them, as objects of a cluster.

    C(objects) are ConfigMaps, C(secrets) are Secrets, C(sources) those of a projected volume that has all of them under
    their names below `folder`, and C(hash) is over names and contents. It is in the objects' names: pods of other files
    keep theirs. Folders come by themselves, and empty ones not at all. Raises PodFileError.
    """
    files = [file for file in whole_files(wanted) if file["state"] == "file"]
    named = sorted((file["path"].removeprefix(f"{folder}/"), file["secret"], content_of(file)) for file in files)
    digest = hashlib.sha256()
    for name, secret, content in named:
        digest.update(f"\0{name}\0{secret}\0{hashlib.sha256(content).hexdigest()}".encode())
    sha = digest.hexdigest()[:12]
    made: dict[str, list[dict[str, Any]]] = {"ConfigMap": [], "Secret": []}
    sources = []
    for kind, is_secret in (("ConfigMap", False), ("Secret", True)):
        for number, part in enumerate(
            _parts([(name, content) for name, secret, content in named if secret is is_secret])
        ):
            keys = {
                name: f"{place}-{re.sub(r'[^-._a-zA-Z0-9]', '_', name)[-200:]}"
                for place, (name, _unused) in enumerate(part)
            }
            metadata = {
                "name": f"{app}-{sha}-{number}",
                "namespace": namespace,
                "labels": {"app": app, "monitor-lab-content": sha},
            }
            one: dict[str, Any] = {"apiVersion": "v1", "kind": kind, "metadata": metadata}
            # Never as text, of which Ansible before 2.19 would work out what looks like a template.
            contents = {keys[name]: base64.b64encode(content).decode() for name, content in part}
            made[kind].append(
                {**one, **({"type": "Opaque", "data": contents} if is_secret else {"binaryData": contents})}
            )
            items = [{"key": keys[name], "path": name} for name, _unused in part]
            sources.append({kind[0].lower() + kind[1:]: {"name": metadata["name"], "items": items}})
    return {"objects": made["ConfigMap"], "secrets": made["Secret"], "sources": sources, "hash": sha}


def _parts(files: list[tuple[str, bytes]]) -> list[list[tuple[str, bytes]]]:
    """Return the files in as many lists as it takes for none to be too large."""
    parts: list[list[tuple[str, bytes]]] = []
    left = 0
    for name, content in files:
        size = len(content) + 2 * len(name) + 10
        if size > MOST_BYTES:
            raise PodFileError(
                f"{name} has {len(content)} bytes, and a cluster's ConfigMap or Secret holds {MOST_BYTES}; make it "
                "smaller, or bring it with an image of your own or a volume (locust_master_pod, locust_worker_pod)"
            )
        if size > left:
            parts.append([])
            left = MOST_BYTES
        parts[-1].append((name, content))
        left -= size
    return parts

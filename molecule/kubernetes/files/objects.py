# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Prints, as JSON, what a namespace has, without any content: objects.py KUBECONFIG NAMESPACE

[{"kind", "name", "uid", "app": of its labels, "appliers": who applied it on the server}]
"""

from __future__ import annotations

import json
import sys

from kubernetes import client, config

kubeconfig, namespace = sys.argv[1:]
api = config.new_client_from_config(kubeconfig)
core, apps, networking = client.CoreV1Api(api), client.AppsV1Api(api), client.NetworkingV1Api(api)
LISTS = {
    "Pod": core.list_namespaced_pod,
    "Service": core.list_namespaced_service,
    "Secret": core.list_namespaced_secret,
    "PersistentVolumeClaim": core.list_namespaced_persistent_volume_claim,
    "Deployment": apps.list_namespaced_deployment,
    "StatefulSet": apps.list_namespaced_stateful_set,
    "NetworkPolicy": networking.list_namespaced_network_policy,
}

print(
    json.dumps(
        [
            {
                "kind": kind,
                "name": one.metadata.name,
                "uid": one.metadata.uid,
                "app": (one.metadata.labels or {}).get("app"),
                "appliers": [
                    field.manager for field in one.metadata.managed_fields or [] if field.operation == "Apply"
                ],
            }
            for kind, list_all in LISTS.items()
            for one in list_all(namespace).items
        ]
    )
)

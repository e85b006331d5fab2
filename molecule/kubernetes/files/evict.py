# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Has a pod evicted, as a drain does, but lets others run on its node: evict.py KUBECONFIG NAMESPACE POD"""

from __future__ import annotations

import sys

from kubernetes import client, config

kubeconfig, namespace, pod = sys.argv[1:]
core = client.CoreV1Api(config.new_client_from_config(kubeconfig))
# policy/v1 since Kubernetes 1.22.
(offered,) = (one for one in core.get_api_resources().resources if one.name == "pods/eviction")
eviction = {"apiVersion": f"{offered.group}/{offered.version}", "kind": offered.kind, "metadata": {"name": pod}}
core.create_namespaced_pod_eviction(pod, namespace, eviction)

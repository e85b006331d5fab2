# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A stand-in for a cluster's API, in memory: what the role `cluster` asks for, and no more. It runs no pods.

What is applied is kept, with who applied what of it; a workload is complete at once, or, where its pods have the image
`broken`, does not get on: a Deployment is given up, a StatefulSet waits for its pod, whatever it is told meanwhile.
"""

from __future__ import annotations

import http.server
import json
import re
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import yaml

Object = dict[str, Any]

# Group and version → plural → kind. Namespaces and nodes are in no namespace.
APIS = {
    "v1": {
        "namespaces": "Namespace",
        "nodes": "Node",
        "pods": "Pod",
        "events": "Event",
        "secrets": "Secret",
        "configmaps": "ConfigMap",
        "services": "Service",
        "persistentvolumeclaims": "PersistentVolumeClaim",
    },
    "apps/v1": {"deployments": "Deployment", "statefulsets": "StatefulSet"},
    "networking.k8s.io/v1": {"networkpolicies": "NetworkPolicy", "ingresses": "Ingress"},
    "autoscaling/v1": {"horizontalpodautoscalers": "HorizontalPodAutoscaler"},
    "policy/v1": {"poddisruptionbudgets": "PodDisruptionBudget"},
}
# Those of a cluster with prometheus-operator.
OPERATOR_APIS = {
    "monitoring.coreos.com/v1": {"servicemonitors": "ServiceMonitor", "prometheusrules": "PrometheusRule"},
}
# What a metrics-server adds.
METRICS = {"metrics.k8s.io/v1beta1": {"pods": "PodMetrics"}}
PATH = re.compile(
    r"/(?:api|apis)/(?P<api>v1|[a-z0-9.]+/v1)(?:/namespaces/(?P<namespace>[^/]+)(?=/[^/]))?"
    r"/(?P<plural>[a-z]+)(?:/(?P<name>[^/]+))?(?P<log>/log)?(?P<scale>/scale)?"
)


class Cluster:
    def __init__(self) -> None:
        self.version = "v1.30.0"
        self.apis = dict(APIS)
        self.broken = ""
        self.measures = False
        """Whether it has a metrics-server."""
        self.forbidden = ""
        """Plural of the kind that its user may not see."""
        self.unknown = ""
        """Name of a field that it does not know."""
        self.objects: dict[tuple[str, str, str], Object] = {}
        """(plural, namespace, name) → object"""
        self.writes: list[str] = []
        """Method, kind, name and, where one is told, field manager of each change, in order."""
        node = {
            "conditions": [{"type": "Ready", "status": "True"}],
            "addresses": [{"type": "InternalIP", "address": "192.0.2.1"}],
            "nodeInfo": {"architecture": "amd64"},
        }
        self.put("nodes", "", {"metadata": {"name": "node-a"}, "status": node})

    def put(self, plural: str, namespace: str, made: Object, manager: str = "") -> Object:
        (api, kind) = next((api, kinds[plural]) for api, kinds in self.apis.items() if plural in kinds)
        key = (plural, namespace, made["metadata"]["name"])
        before = self.objects.get(key, {"metadata": {"generation": 0}})
        whole = {**made, "apiVersion": api, "kind": kind, "metadata": dict(made["metadata"])}
        applied = {"manager": manager, "operation": "Apply", "fieldsV1": owned(made)}
        whole["metadata"] |= {"uid": "-".join(key), "managedFields": [applied] if manager else []}
        if namespace:
            whole["metadata"]["namespace"] = namespace
        changed = any(before.get(field) != whole.get(field) for field in ("spec", "data"))
        whole["metadata"]["generation"] = before["metadata"]["generation"] + changed
        whole["metadata"]["resourceVersion"] = str(whole["metadata"]["generation"])
        if kind == "Service":
            whole["spec"] = {**whole["spec"], "clusterIP": "10.43.0.9"}
            whole["metadata"] = before["metadata"] if before.get("spec") == whole["spec"] else whole["metadata"]
        if kind == "Deployment":
            whole["status"] = before["status"] if "status" in before and not changed else self.status(whole, before)
        self.objects[key] = whole
        if kind == "StatefulSet":
            self.order(whole)
        return whole

    def is_broken(self, workload: Object) -> bool:
        return self.broken != "" and self.broken in json.dumps(workload["spec"]["template"])

    def order(self, workload: Object) -> None:
        """Replace the StatefulSet's pod by one of its version, unless it is not ready."""
        metadata, revision = workload["metadata"], str(workload["metadata"]["generation"])
        key = ("pods", metadata["namespace"], f"{metadata['name']}-0")
        is_ready = {"type": "Ready", "status": "False" if self.is_broken(workload) else "True"}
        if key not in self.objects or self.objects[key]["status"]["conditions"][0]["status"] == "True":
            labels = workload["spec"]["template"]["metadata"]["labels"] | {"controller-revision-hash": revision}
            made = {"metadata": {"name": key[2], "labels": labels}, "status": {"conditions": [is_ready]}}
            self.put("pods", metadata["namespace"], made)
        pod = self.objects[key]
        is_up = pod["status"]["conditions"][0]["status"] == "True"
        is_new = pod["metadata"]["labels"]["controller-revision-hash"] == revision
        workload["status"] = {
            "observedGeneration": int(revision),
            "readyReplicas": int(is_up),
            "currentRevision": revision if is_up and is_new else "before",
            "updateRevision": revision,
        }

    def status(self, deployment: Object, before: Object) -> Object:
        generation, replicas = deployment["metadata"]["generation"], deployment["spec"].get("replicas", 1)
        if self.is_broken(deployment):
            conditions = [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]
            return {**before.get("status", {}), "observedGeneration": generation, "conditions": conditions} | {
                "updatedReplicas": 0
            }
        counts = ("replicas", "readyReplicas", "updatedReplicas", "availableReplicas")
        return {"observedGeneration": generation, **dict.fromkeys(counts, replicas)}

    def names(self, plural: str) -> list[str]:
        return sorted(name for kind, _unused, name in self.objects if kind == plural)


def owned(value: Any) -> Object:
    """The fields of what was applied, as a cluster names them; but of lists, only named things apart."""
    if isinstance(value, list) and value and all(isinstance(one, dict) and "name" in one for one in value):
        return {f"k:{json.dumps({'name': one['name']})}": {".": {}, **owned(one)} for one in value}
    return {f"f:{name}": owned(child) for name, child in value.items()} if isinstance(value, dict) else {}


def selects(selector: str, labels: dict[str, str]) -> bool:
    """`a=b`, `a!=b`, `a in (b, c)` and `a notin (b, c)`, with commas between."""
    for part in re.split(r",(?![^(]*\))", selector):
        if is_in := re.fullmatch(r"\s*(\S+) (in|notin) \((.*)\)", part):
            if (labels.get(is_in[1]) in is_in[3].replace(" ", "").split(",")) is (is_in[2] == "notin"):
                return False
        elif part:
            name, value = part.strip().split("=")
            if (labels.get(name.removesuffix("!")) == value) is name.endswith("!"):
                return False
    return True


class Handler(http.server.BaseHTTPRequestHandler):
    cluster: Cluster

    @property
    def apis(self) -> dict[str, dict[str, str]]:
        return {**self.cluster.apis, **(METRICS if self.cluster.measures else {})}

    def answer(self, content: Any, status: int = 200) -> None:
        body = content.encode() if isinstance(content, str) else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain" if isinstance(content, str) else "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def refuse(self, status: int, reason: str) -> None:
        content = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "code": status}
        self.answer({**content, "message": f"{self.command} {self.path}: {reason}"}, status)

    def discover(self, path: str) -> Any:
        if path == "/version":
            return {"major": "1", "minor": "30", "gitVersion": self.cluster.version}
        if path == "/api":
            return {"kind": "APIVersions", "versions": ["v1"]}
        if path == "/apis":
            groups = []
            for api in self.apis:
                if "/" in api:
                    version = {"groupVersion": api, "version": api.split("/")[1]}
                    groups.append({"name": api.split("/")[0], "versions": [version], "preferredVersion": version})
            return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
        kinds = self.apis.get(path.removeprefix("/apis/").removeprefix("/api/"))
        if kinds is None:
            return None
        resources = [
            {
                "name": plural,
                "singularName": kind.lower(),
                "kind": kind,
                "namespaced": kind not in ("Namespace", "Node"),
                "verbs": ["get", "list", "create", "patch", "delete"],
            }
            for plural, kind in kinds.items()
        ]
        if kinds.get("pods") == "Pod":
            resources.append({"name": "pods/log", "kind": "Pod", "namespaced": True, "verbs": ["get"]})
        if "deployments" in kinds:
            verbs = {"namespaced": True, "verbs": ["get", "patch"], "group": "autoscaling", "version": "v1"}
            resources.append({"name": "deployments/scale", "kind": "Scale", **verbs})
        group = path.removeprefix("/apis/").removeprefix("/api/")
        return {"kind": "APIResourceList", "groupVersion": group, "resources": resources}

    def serve(self) -> None:
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.command == "GET" and (found := self.discover(url.path)) is not None:
            return self.answer(found)
        at = PATH.fullmatch(url.path)
        if not at or at["plural"] not in self.cluster.apis.get(at["api"], {}):
            return self.refuse(404, "NotFound")
        plural, namespace, name = at["plural"], at["namespace"] or "", at["name"] or ""
        key = (plural, namespace, name)
        if plural == self.cluster.forbidden:
            return self.refuse(403, "Forbidden")
        if self.command == "GET" and at["log"]:
            return self.answer(f"the last words of {name}\n")
        if self.command == "GET" and name:
            found = self.cluster.objects.get(key)
            return self.answer(found) if found else self.refuse(404, "NotFound")
        if self.command == "GET":
            listed = [
                found
                for (kind, of, _unused), found in self.cluster.objects.items()
                if (kind, of) == (plural, namespace)
                and selects(query.get("labelSelector", ""), found["metadata"].get("labels") or {})
            ]
            kind = f"{self.cluster.apis[at['api']][plural]}List"
            return self.answer({"kind": kind, "apiVersion": at["api"], "items": listed})
        if namespace and ("namespaces", "", namespace) not in self.cluster.objects:
            return self.refuse(404, "NotFound")
        if self.cluster.unknown and self.cluster.unknown.encode() in body:
            return self.refuse(400, f"field not declared in schema: {self.cluster.unknown}")
        if at["scale"]:
            self.cluster.writes.append(f"scale {name} to {yaml.safe_load(body)['spec']['replicas']}")
            before = self.cluster.objects[key]
            scaled = {**before, "spec": {**before["spec"], **yaml.safe_load(body)["spec"]}}
            return self.answer(self.cluster.put(plural, namespace, scaled))
        return self.change(plural, namespace, name, yaml.safe_load(body) or {}, query)

    def change(self, plural: str, namespace: str, name: str, body: Any, query: dict[str, str]) -> None:
        name = name or body["metadata"]["name"]
        key = (plural, namespace, name)
        before, writes = dict(self.cluster.objects), list(self.cluster.writes)
        manager = query.get("fieldManager", "")
        self.cluster.writes.append(f"{self.command} {plural} {name}" + (f" by {manager}" if manager else ""))
        if self.command == "DELETE":
            if key not in self.cluster.objects:
                return self.refuse(404, "NotFound")
            result: Any = {"kind": "Status", "apiVersion": "v1", "status": "Success"}
            del self.cluster.objects[key]
            if waiting := self.cluster.objects.get(("statefulsets", namespace, name.removesuffix("-0"))):
                self.cluster.order(waiting)
        else:
            result = self.cluster.put(plural, namespace, body, manager)
        if "dryRun" in query:
            self.cluster.objects, self.cluster.writes = before, writes
        self.answer(result)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = serve

    def log_message(self, format: str, *arguments: object) -> None:
        pass


KUBECONFIG = """\
apiVersion: v1
kind: Config
clusters: [{{name: stand-in, cluster: {{server: "{server}"}}}}]
users: [{{name: stand-in, user: {{}}}}]
contexts: [{{name: stand-in, context: {{cluster: stand-in, user: stand-in}}}}]
current-context: {current}
"""


@contextmanager
def served() -> Iterator[tuple[Cluster, str]]:
    """Give a cluster, and the text of a kubeconfig that leads to it by its context `stand-in` alone."""
    cluster = Cluster()
    handler = type("Bound", (Handler,), {"cluster": cluster})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield cluster, KUBECONFIG.format(server=f"http://127.0.0.1:{server.server_port}", current="none")
        finally:
            server.shutdown()

# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What the role locust does to a cluster, from the first look at it to what is there in the end."""

from __future__ import annotations

import base64
import json
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from tests.cluster_stand_in import Cluster, served
from tests.plays import ansible_playbook, shown

# The oldest that kubernetes-validate knows, and those that are maintained.
VERSIONS = ("1.25", "1.35", "1.36", "1.37")
IMAGES = {
    name: {"reference": f"localhost/monitor-lab/{name}:0123456789ab", "way": "there"}
    for name in ("locust", "locust_exporter")
}
SECRETS = {
    "tokenization_bearer_token": "the token",
    "locust_password": "the page's password",
    "locust_exporter_password": "the exporter's password",
    "locust_master.key": "the master's key",
    "locust_master.pub": "the master's public key",
    "locust_worker.key": "the workers' key",
    "locust_worker.pub": "the workers' public key",
    "password_salt": "salt",
    "tls/authority.crt": "the authority",
    "tls/one.crt": "the certificate",
    "tls/one.key": "the certificate's key",
}
USERS = "the user's secret"
# In place of a look at this machine, and for a node of the cluster.
LOOKED_AT = {
    "monitor_lab_host": {"cpus": 2, "docker": None, "podman": None, "listeners": []},
    "monitor_lab_locust_url": "https://192.0.2.1:30089",
    "monitor_lab_locust_exporter_url": "https://192.0.2.1:30646",
}
HOSTS = {"tokenization": ["one"], "locust": ["one"], "locust_exporter": ["one"], "prometheus": ["one"]}


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """One whose node has the lab's images; beside its kubeconfig is all that a deployment reads."""
    for name, text in SECRETS.items():
        (tmp_path / "secrets" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "secrets" / name).write_text(text)
    (tmp_path / "load/data").mkdir(parents=True)
    (tmp_path / "load/locustfile.py").write_text("print('what is run')\n")
    (tmp_path / "load/data/picture").write_bytes(b"\xff\xd8")
    with served() as (made, kubeconfig):
        (tmp_path / "kubeconfig").write_text(kubeconfig)
        names = [{"names": [image["reference"]]} for image in IMAGES.values()]
        made.objects["nodes", "", "node-a"]["status"]["images"] = names
        yield made


def play(
    folder: Path, entry: str = "kubernetes", hosts: dict[str, list[str]] | None = None, **given: Any
) -> subprocess.CompletedProcess[str]:
    """An entry point of the role; or the playbook of that path."""
    host = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    role = {"name": "devsecops.monitor_lab.locust", "tasks_from": entry, "rolespec_validate": False}
    plays = [{"hosts": "locust", "gather_facts": False, "tasks": [{"ansible.builtin.include_role": role}]}]
    (folder / "play.yml").write_text(json.dumps(plays))
    variables = {
        "ansible_become": False,
        "image_found": IMAGES,
        # All keys are there, and are what they are called.
        "monitor_lab_checked": True,
        "monitor_lab_secrets_dir": f"{folder}/secrets",
        "monitor_lab_config_dir": f"{folder}/etc/lab",
        "monitor_lab_tokenization_url": "http://192.0.2.1:30500",
        "locust_runtime": "kubernetes",
        "locust_kubeconfig": f"{folder}/kubeconfig",
        "locust_context": "stand-in",
        "locust_image_delivery": "kind",
        "locust_file": f"{folder}/load",
        "locust_secret_files": {"theirs": {"content": USERS}},
        **({} if entry.startswith("playbooks/") else LOOKED_AT),
        **given,
    }
    inventory = {
        name: {"hosts": {one: {**host, **variables} for one in names}} for name, names in (hosts or HOSTS).items()
    }
    (folder / "hosts.json").write_text(json.dumps(inventory))
    return ansible_playbook(
        entry if entry.endswith(".yml") else folder / "play.yml",
        f"--inventory={folder}/hosts.json",
    )


def of(cluster: Cluster, plural: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = cluster.objects[plural, "monitor-lab", name]
    return found


def pod_of(cluster: Cluster, name: str) -> dict[str, Any]:
    pod: dict[str, Any] = of(cluster, "deployments", name)["spec"]["template"]["spec"]
    return pod


def files_of(cluster: Cluster, pod: dict[str, Any], volume: str) -> dict[str, tuple[str, bytes]]:
    """Path → kind and content, of all that a projected volume has."""
    found = {}
    (projected,) = [one["projected"] for one in pod["volumes"] if one["name"] == volume]
    for source in projected["sources"]:
        ((kind, named),) = source.items()
        one = of(cluster, f"{kind.lower()}s", named["name"])
        for item in named["items"]:
            content = base64.b64decode(one["data" if kind == "secret" else "binaryData"][item["key"]])
            found[item["path"]] = (kind, content)
    return found


def test_what_is_written_is_applied_once_and_removed(cluster: Cluster, tmp_path: Path) -> None:
    """Each play takes its time: all of a load's life on a cluster, one after the other."""
    wanted: dict[str, Any] = {
        "locust_worker_replicas": 3,
        "locust_arguments": ["--class-picker"],
        "locust_env": {"WAIT": 0.5, "FAST": True, "PRICE": "$(HOME)"},
        "locust_worker_pod": {"spec": {"nodeSelector": {"disk": "fast"}}},
        "locust_master_pod": {"metadata": {"labels": {"team": "payments"}}},
    }
    done = play(tmp_path, **wanted)
    assert done.returncode == 0, done.stdout
    for secret in (*SECRETS.values(), USERS):
        assert f"{secret}\n" not in done.stdout
    assert cluster.names("deployments") == ["locust-master", "locust-workers"]
    assert cluster.names("horizontalpodautoscalers") == []
    assert of(cluster, "deployments", "locust-workers")["spec"]["replicas"] == 3

    master, workers = pod_of(cluster, "locust-master"), pod_of(cluster, "locust-workers")
    locust, exporter = master["containers"]
    (worker,) = workers["containers"]
    assert [one["image"] for one in (locust, exporter, worker)] == [
        f"localhost/monitor-lab/{name}:0123456789ab" for name in ("locust", "locust_exporter", "locust")
    ]
    plugins = [f"/etc/locust/{name}.py" for name in ("histograms", "run_mark", "web_access", "watchdog", "curve")]
    assert locust["args"] == [
        ",".join(["--locustfile=/etc/locust/load/locustfile.py", *plugins]),
        "--master",
        "--web-host=0.0.0.0",
        "--web-port=8089",
        "--tls-cert=/etc/locust/tls/tls.crt",
        "--tls-key=/etc/locust/tls/tls.key",
        "--class-picker",
        "--host=http://192.0.2.1:30500",
    ]
    # By address: the pod needs no name service.
    assert worker["args"] == [
        "--locustfile=/etc/locust/load/locustfile.py,/etc/locust/curve.py",
        "--worker",
        "--master-host=10.43.0.9",
        "--class-picker",
    ]
    for container in (locust, worker):
        assert {one["name"]: one["value"] for one in container["env"]}.items() >= {
            ("WAIT", "0.5"),
            ("FAST", "true"),
            # A cluster would put in what HOME is.
            ("PRICE", "$$(HOME)"),
            ("LOCUST_CURVE_DIR", "/etc/locust/keys"),
            ("TOKENIZATION_BEARER_TOKEN_FILE", "/etc/locust/keys/bearer_token"),
        }
    assert workers["nodeSelector"] == {"disk": "fast"}
    assert of(cluster, "deployments", "locust-master")["spec"]["template"]["metadata"]["labels"]["team"] == "payments"
    assert locust["readinessProbe"]["httpGet"] == {"path": "/login", "port": "web", "scheme": "HTTPS"}

    of_master, of_worker = (files_of(cluster, pod, "locust") for pod in (master, workers))
    for files in (of_master, of_worker):
        assert files["load/locustfile.py"] == ("configMap", b"print('what is run')\n")
        assert files["load/data/picture"] == ("configMap", b"\xff\xd8")
        assert files["keys/theirs"] == ("secret", USERS.encode())
        assert files["keys/bearer_token"] == ("secret", b"the token")
        assert "packages/lean_http_user/client.py" in files
    keys = {"locust_password", "master.key", "worker.pub", "worker.key", "master.pub"}
    assert {key for key in keys if f"keys/{key}" in of_master} == {"locust_password", "master.key", "worker.pub"}
    assert {key for key in keys if f"keys/{key}" in of_worker} == {"worker.key", "master.pub"}
    assert of_master["tls/tls.key"] == ("secret", b"the certificate's key")
    assert not [path for path in of_worker if path.startswith("tls/")]
    assert exporter["args"] == [
        "--locust.uri=https://127.0.0.1:8089",
        "--web.listen-address=0.0.0.0:9646",
        "--locust.http-config.file=/etc/locust_exporter/locust.yml",
        "--web.config.file=/etc/locust_exporter/web.yml",
    ]
    of_exporter = files_of(cluster, master, "locust-exporter")
    assert json.loads(of_exporter["locust.yml"][1])["basic_auth"]["password"] == "the page's password"
    kinds = {path: kind for path, (kind, _unused) in of_exporter.items()}
    assert kinds == {
        "locust.yml": "secret",
        "web.yml": "secret",
        "tls/tls.key": "secret",
        "tls/tls.crt": "configMap",
        "tls/authority.crt": "configMap",
    }

    page = of(cluster, "services", "locust")["spec"]
    assert {port["name"]: port["nodePort"] for port in page["ports"]} == {"web": 30089, "exporter": 30646}
    others = [port["port"] for port in of(cluster, "services", "locust-master")["spec"]["ports"]]
    assert (others, of(cluster, "services", "locust-master")["spec"]["type"]) == ([5557], "ClusterIP")

    again = play(tmp_path, **wanted)
    assert again.returncode == 0, again.stdout
    assert "changed=0" in again.stdout

    before = set(cluster.names("configmaps") + cluster.names("secrets"))
    (tmp_path / "load/locustfile.py").write_text("print('another')\n")
    other = play(tmp_path, **wanted)
    assert other.returncode == 0, other.stdout
    assert (
        files_of(cluster, pod_of(cluster, "locust-workers"), "locust")["load/locustfile.py"][1] == b"print('another')\n"
    )
    # What pods had before is gone; the exporter's is the same.
    after = set(cluster.names("configmaps") + cluster.names("secrets"))
    assert len(after) == len(before)
    assert len(after & before) == 1

    gone = play(tmp_path, "absent_cluster", **wanted)
    assert gone.returncode == 0, gone.stdout
    assert {plural for plural, _unused, _name in cluster.objects} == {"nodes"}


def test_what_is_rendered_is_valid_and_restricted(cluster: Cluster, tmp_path: Path) -> None:
    # They are made, then.
    shutil.rmtree(tmp_path / "secrets")
    done = play(
        tmp_path,
        "playbooks/render.yml",
        monitor_lab_manifests_dir=f"{tmp_path}/manifests",
        locust_worker_autoscaling={"min_replicas": 2, "max_replicas": 8, "target_cpu": 70},
    )
    assert done.returncode == 0, done.stdout
    assert cluster.writes == []
    kustomization = (tmp_path / "manifests/locust/kustomization.yaml").read_text()
    objects = [
        yaml.safe_load((tmp_path / "manifests/locust" / name).read_text())
        for name in yaml.safe_load(kustomization)["resources"]
    ]
    for version in VERSIONS:
        for one in objects:
            assert kubernetes_validate.validate(one, version, strict=True) == version
    by_kind = {(one["kind"], one["metadata"]["name"]): one for one in objects}
    assert "replicas" not in by_kind["Deployment", "locust-workers"]["spec"]
    scaler = by_kind["HorizontalPodAutoscaler", "locust-workers"]["spec"]
    target = by_kind["Deployment", "locust-workers"]
    assert scaler == {
        "scaleTargetRef": {
            "apiVersion": target["apiVersion"],
            "kind": target["kind"],
            "name": target["metadata"]["name"],
        },
        "minReplicas": 2,
        "maxReplicas": 8,
        "targetCPUUtilizationPercentage": 70,
    }

    written = "".join(path.read_text() for path in (tmp_path / "manifests/locust").iterdir())
    made = ("locust_password", "locust_exporter_password", "locust_master.key", "locust_worker.key", "tls/one.key")
    for secret in (USERS, *((tmp_path / "secrets" / name).read_text() for name in made)):
        assert secret not in written
        assert base64.b64encode(secret.encode()).decode() not in written
    left_out = [line for line in kustomization.splitlines() if line.startswith("# The Secret locust-")]
    assert len(left_out) == 3
    assert "locust_password" in left_out[0]
    # That of the node that was asked for.
    assert "192.0.2.1" in certificate_names(tmp_path / "secrets/tls/one.crt")
    for name in ("locust-master", "locust-workers"):
        deployment, policy = by_kind["Deployment", name], by_kind["NetworkPolicy", name]
        labels = deployment["spec"]["template"]["metadata"]["labels"]
        selector = deployment["spec"]["selector"]["matchLabels"]
        assert selector == {"app": name} == policy["spec"]["podSelector"]["matchLabels"]
        assert selector.items() <= labels.items()
        # https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
        pod = deployment["spec"]["template"]["spec"]
        assert pod["automountServiceAccountToken"] is False
        assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert {kind for volume in pod["volumes"] for kind in volume.keys() - {"name"}} <= {"projected", "emptyDir"}
        for container in pod["containers"]:
            assert container["securityContext"]["allowPrivilegeEscalation"] is False
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
            assert container["securityContext"]["readOnlyRootFilesystem"] is True
            assert container["resources"]["requests"].keys() == {"cpu", "memory"}
            assert container["resources"]["limits"].keys() == {"memory"}
    # Nobody but workers comes to the master, and nobody to them.
    from_anywhere, from_workers = by_kind["NetworkPolicy", "locust-master"]["spec"]["ingress"]
    assert "from" not in from_anywhere
    assert [port["port"] for port in from_anywhere["ports"]] == [8089, 9646]
    assert from_workers["from"] == [{"podSelector": {"matchLabels": {"app": "locust-workers"}}}]
    assert [port["port"] for port in from_workers["ports"]] == [5557]
    assert "ingress" not in by_kind["NetworkPolicy", "locust-workers"]["spec"]


def certificate_names(path: Path) -> str:
    shows = ["openssl", "x509", "-noout", "-ext", "subjectAltName", "-in", str(path)]
    return subprocess.run(shows, check=True, capture_output=True, text=True).stdout


REFUSED: dict[str, tuple[dict[str, Any], list[str]]] = {
    "no_metrics": (
        {"locust_worker_autoscaling": {"min_replicas": 1, "max_replicas": 2, "target_cpu": 70}},
        ["takes metrics.k8s.io, which this cluster does not have", "install its metrics-server"],
    ),
    "no_url": (
        {"locust_service_type": "ClusterIP"},
        ["locust_service_type is ClusterIP", "Set monitor_lab_locust_url and monitor_lab_locust_exporter_url"],
    ),
    "loopback": (
        {"locust_host": "http://127.0.0.1:30500"},
        ["locust_host is http://127.0.0.1:30500, which in a pod is the pod itself", "tokenization_runtime=kubernetes"],
    ),
    "no_registry": ({"locust_image_delivery": "registry"}, ["locust_image_registry is empty"]),
    "large": ({"locust_file": "large"}, ["load/data.csv has 1000001 bytes", "an image of your own or a volume"]),
    "right": ({}, []),
}


def refusals(folder: Path, hosts: dict[str, list[str]], cases: dict[str, dict[str, Any]]) -> dict[str, str]:
    """case → what was said of it, "" for nothing."""
    role = {"name": "devsecops.monitor_lab.locust", "tasks_from": "preflight_cluster", "rolespec_validate": False}
    results = "ansible_failed_result.results | default([ansible_failed_result])"
    failed = f"{results} | selectattr('failed', 'defined') | selectattr('failed') | map(attribute='msg') | first"
    said = "{{ said | default({}) | combine({'%s': %s}) }}"
    tasks = [
        {
            "block": [
                {"ansible.builtin.include_role": role, "vars": given},
                {"ansible.builtin.set_fact": {"said": said % (name, "''")}},
            ],
            # A loop's message is that of its item.
            "rescue": [{"ansible.builtin.set_fact": {"said": said % (name, failed)}}],
        }
        for name, given in cases.items()
    ]
    shows = {"ansible.builtin.debug": {"msg": "{{ said | to_json }}"}}
    (folder / "programs").mkdir()
    (folder / "programs/kind").symlink_to("/bin/true")
    of_play = {"hosts": "locust", "environment": {"PATH": f"{folder}/programs:/usr/bin:/bin"}}
    facts = {"ansible.builtin.setup": {"gather_subset": "!all,min"}}
    (folder / "refuse.yml").write_text(
        json.dumps([{**of_play, "gather_facts": False, "tasks": [facts, *tasks, shows]}])
    )
    done = play(folder, f"{folder}/refuse.yml", hosts)
    assert done.returncode == 0, done.stdout
    found = shown(done)[-1]
    assert isinstance(found, dict)
    return found


def test_preflight_says_what_is_wrong(cluster: Cluster, tmp_path: Path) -> None:
    (tmp_path / "large").mkdir()
    (tmp_path / "large/locustfile.py").write_text("")
    (tmp_path / "large/data.csv").write_text("x" * 1_000_001)
    cluster.objects["nodes", "", "node-a"]["status"]["nodeInfo"]["architecture"] = {
        "x86_64": "amd64",
        "aarch64": "arm64",
    }[platform.machine()]
    given = {name: {**case, **paths(tmp_path, case)} for name, (case, _unused) in REFUSED.items()}
    said = refusals(tmp_path, HOSTS, given)
    for name, (_unused, words) in REFUSED.items():
        assert [word for word in words if word not in said[name]] == [], said[name]
        assert bool(words) is bool(said[name]), said[name]
    assert cluster.writes == []


def paths(folder: Path, case: dict[str, Any]) -> dict[str, Any]:
    return {"locust_file": f"{folder}/{case['locust_file']}"} if "locust_file" in case else {}


def test_hosts_that_the_cluster_takes_the_place_of_are_refused(cluster: Cluster, tmp_path: Path) -> None:
    hosts = {**HOSTS, "locust_workers": ["one", "two"], "locust_exporter": ["three"]}
    said = refusals(tmp_path, hosts, {"hosts": {}})["hosts"]
    assert "take one, two, three out of the groups locust_workers and locust_exporter" in said
    assert cluster.writes == []


def test_a_run_loads_what_the_master_was_told(cluster: Cluster, tmp_path: Path) -> None:
    pod = {"containers": [{"name": "locust", "args": ["--master", "--host=http://shop.example/$$(1)"]}]}
    metadata = {"name": "locust-master", "labels": {"app": "locust-master"}}
    cluster.put("namespaces", "", {"metadata": {"name": "monitor-lab"}})
    cluster.put("deployments", "monitor-lab", {"metadata": metadata, "spec": {"template": {"spec": pod}}})
    role = {"name": "devsecops.monitor_lab.locust", "tasks_from": "alike", "rolespec_validate": False}
    shows = {"ansible.builtin.debug": {"msg": "{{ locust_host | to_json }}"}}
    tasks = [{"ansible.builtin.include_role": role}, shows]
    (tmp_path / "run.yml").write_text(json.dumps([{"hosts": "locust", "gather_facts": False, "tasks": tasks}]))
    done = play(tmp_path, f"{tmp_path}/run.yml")
    assert done.returncode == 0, done.stdout
    assert shown(done) == ["http://shop.example/$(1)"]

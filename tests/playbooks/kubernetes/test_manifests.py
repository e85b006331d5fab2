# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What the cluster is given, against the published schemas and against what the pod promises."""

from __future__ import annotations

import json
from typing import Any

import kubernetes_validate
import pytest

# The oldest that kubernetes-validate knows, and the newest five.
VERSIONS = ("1.25", "1.33", "1.34", "1.35", "1.36", "1.37")
CLUSTER_CASES = [
    "sqlite",
    "postgres",
    "postgres_one",
    "exposed",
    "own_postgres",
    "own_postgres_tls",
    "old_cluster",
    "own_pod",
    "behind_ingress",
    "balanced",
]
DEPLOYMENT = ("Deployment", "tokenization-service")
POSTGRES = ("StatefulSet", "tokenization-postgres")
BUDGET = ("PodDisruptionBudget", "tokenization-service")
SERVICE = ("Service", "tokenization-service")
POLICY = ("NetworkPolicy", "tokenization-service")
CLAIM = ("PersistentVolumeClaim", "monitor-lab-tokenization")

Manifests = dict[str, dict[tuple[str, str], dict[str, Any]]]


def pod_of(manifest: dict[str, Any]) -> dict[str, Any]:
    pod: dict[str, Any] = manifest["spec"]["template"]["spec"]
    return pod


@pytest.mark.parametrize("version", VERSIONS)
def test_every_object_is_valid(manifests: Manifests, version: str) -> None:
    objects = {json.dumps(manifest): manifest for case in CLUSTER_CASES for manifest in manifests[case].values()}
    for manifest in objects.values():
        # Kubernetes 1.25 took this one away; it is for clusters older than any schema here.
        if manifest["apiVersion"] != "policy/v1beta1":
            assert kubernetes_validate.validate(manifest, version, strict=True) == version


@pytest.mark.parametrize("version", VERSIONS)
def test_the_schemas_notice_a_wrong_field(manifests: Manifests, version: str) -> None:
    manifest = manifests["sqlite"][DEPLOYMENT]
    wrong = {**manifest, "spec": {**manifest["spec"], "replica": 1}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, version, strict=True)


@pytest.mark.parametrize("case", CLUSTER_CASES)
def test_every_object_is_in_the_namespace(manifests: Manifests, case: str) -> None:
    assert {manifest["metadata"]["namespace"] for manifest in manifests[case].values()} == {"monitor-lab"}


@pytest.mark.parametrize(
    ("case", "key"),
    [(case, DEPLOYMENT) for case in CLUSTER_CASES if case != "own_pod"]
    + [("postgres", POSTGRES), ("postgres_one", POSTGRES)],
)
def test_the_pod_meets_pod_security_restricted(manifests: Manifests, case: str, key: tuple[str, str]) -> None:
    """https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted"""
    pod = pod_of(manifests[case][key])
    assert pod["automountServiceAccountToken"] is False
    assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] > 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    allowed = {"emptyDir", "persistentVolumeClaim", "secret"}
    assert {kind for volume in pod["volumes"] for kind in volume.keys() - {"name"}} <= allowed
    for container in pod["containers"]:
        context = container["securityContext"]
        assert context["allowPrivilegeEscalation"] is False
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert context["readOnlyRootFilesystem"] is True
        assert "privileged" not in context
        assert all("hostPort" not in port for port in container["ports"])
        assert container["resources"]["requests"].keys() == {"cpu", "memory"}
        assert container["resources"]["limits"].keys() == {"memory"}
        assert {"startupProbe", "readinessProbe", "livenessProbe"} <= container.keys()


@pytest.mark.parametrize("case", CLUSTER_CASES)
def test_no_secret_is_in_an_object(manifests: Manifests, case: str) -> None:
    assert not any(kind == "Secret" for kind, _unused in manifests[case])
    container = pod_of(manifests[case][DEPLOYMENT])["containers"][0]
    paths = ("_FILE", "PGSSLROOTCERT", "EXTRA")
    values = {one["name"]: one["value"] for one in container["env"] if not one["name"].endswith(paths)}
    alone = {"TOKENIZATION_DATABASE_ALONE": "1"} if case in ("sqlite", "behind_ingress", "balanced") else {}
    assert values == {
        **alone,
        "TOKENIZATION_HOST": "0.0.0.0",
        "TOKENIZATION_HOSTS": values["TOKENIZATION_HOSTS"],
        "TOKENIZATION_REQUIRE_TOKEN_TO_TOKENIZE": "0" if case == "exposed" else "1",
    }
    assert "tokenization-service" in values["TOKENIZATION_HOSTS"].split(",")


def test_sqlite_has_one_process_and_a_claim(manifests: Manifests) -> None:
    case = manifests["sqlite"]
    assert case[DEPLOYMENT]["spec"]["strategy"] == {"type": "Recreate"}
    assert CLAIM in case
    assert BUDGET not in case
    assert case[POLICY]["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert "egress" not in case[POLICY]["spec"]


@pytest.mark.parametrize("case", ["postgres", "own_postgres", "old_cluster"])
def test_replicas_never_become_fewer(manifests: Manifests, case: str) -> None:
    deployment = manifests[case][DEPLOYMENT]
    assert deployment["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    assert pod_of(deployment)["topologySpreadConstraints"]
    assert manifests[case][BUDGET]["spec"]["maxUnavailable"] == 1
    assert CLAIM not in manifests[case]


def test_volumes_of_different_kinds_have_different_names(manifests: Manifests) -> None:
    """A cluster merges volumes by their names, and does not let go of an emptyDir for a claim."""
    (claimed,) = [volume for volume in pod_of(manifests["sqlite"][DEPLOYMENT])["volumes"] if "secret" not in volume]
    (empty,) = [volume for volume in pod_of(manifests["postgres"][DEPLOYMENT])["volumes"] if "secret" not in volume]
    assert (claimed.keys(), empty.keys()) == ({"name", "persistentVolumeClaim"}, {"name", "emptyDir"})
    assert claimed["name"] != empty["name"]


def test_the_budget_is_of_the_api_that_the_cluster_has(manifests: Manifests) -> None:
    assert manifests["postgres"][BUDGET]["apiVersion"] == "policy/v1"
    assert manifests["old_cluster"][BUDGET]["apiVersion"] == "policy/v1beta1"


def test_the_pod_speaks_to_its_postgresql_alone(manifests: Manifests) -> None:
    (egress,) = manifests["postgres"][POLICY]["spec"]["egress"]
    (peer,) = egress["to"]
    labels = manifests["postgres"][POSTGRES]["spec"]["template"]["metadata"]["labels"]
    assert peer == {"podSelector": {"matchLabels": labels}}
    # Where PostgreSQL is the user's, only the user knows how it is reached.
    assert manifests["own_postgres"][POLICY]["spec"]["policyTypes"] == ["Ingress"]


@pytest.mark.parametrize("case", CLUSTER_CASES)
def test_selectors_find_their_pods(manifests: Manifests, case: str) -> None:
    deployment = manifests[case][DEPLOYMENT]
    labels = deployment["spec"]["template"]["metadata"]["labels"].items()
    assert deployment["spec"]["selector"]["matchLabels"].items() <= labels
    assert manifests[case][SERVICE]["spec"]["selector"].items() <= labels
    assert manifests[case][POLICY]["spec"]["podSelector"]["matchLabels"].items() <= labels


@pytest.mark.parametrize("case", CLUSTER_CASES)
def test_ports_state_their_protocol(manifests: Manifests, case: str) -> None:
    """Kubernetes 1.20 refuses to apply a list that is keyed by a field which it would have to guess."""
    services = [manifest for (kind, _unused), manifest in manifests[case].items() if kind == "Service"]
    containers = [
        container
        for key in (DEPLOYMENT, POSTGRES)
        if key in manifests[case]
        for container in pod_of(manifests[case][key])["containers"]
    ]
    ports = [port for service in services for port in service["spec"]["ports"]]
    ports += [port for container in containers for port in container.get("ports", [])]
    assert {port.get("protocol") for port in ports} == {"TCP"}


def test_the_service_is_at_the_lab_s_port(manifests: Manifests) -> None:
    (port,) = manifests["sqlite"][SERVICE]["spec"]["ports"]
    assert (port["nodePort"], port["targetPort"]) == (30500, "http")


def test_a_service_may_be_behind_an_ingress(manifests: Manifests) -> None:
    case = manifests["behind_ingress"]
    (port,) = case[SERVICE]["spec"]["ports"]
    assert (case[SERVICE]["spec"]["type"], "nodePort" in port) == ("ClusterIP", False)
    ingress = case["Ingress", "tokenization-service"]["spec"]
    assert (ingress["ingressClassName"], ingress["tls"][0]["secretName"]) == ("nginx", "vault-tls")
    (rule,) = ingress["rules"]
    (path,) = rule["http"]["paths"]
    assert rule["host"] == "vault.example.org"
    assert path["backend"]["service"] == {"name": "tokenization-service", "port": {"name": port["name"]}}
    assert manifests["balanced"][SERVICE]["spec"]["type"] == "LoadBalancer"
    assert manifests["balanced"]["Ingress", "tokenization-service"]["spec"].keys() == {"rules"}
    assert ("Ingress", "tokenization-service") not in manifests["sqlite"]


@pytest.mark.parametrize("case", ["postgres", "postgres_one", "old_cluster"])
def test_postgresql_s_folder_stays_its_own_at_every_mount(manifests: Manifests, case: str) -> None:
    """Otherwise kubelet makes it writable for the group, which PostgreSQL refuses, whenever its pod is replaced."""
    assert pod_of(manifests[case][POSTGRES])["securityContext"]["fsGroupChangePolicy"] == "OnRootMismatch"


def test_podman_gets_what_it_can_do(manifests: Manifests) -> None:
    """Podman 4.3: the host's network, keys from files of the host, and no probes (facts about it in the template)."""
    (deployment,) = manifests["podman"].values()
    pod = pod_of(deployment)
    (container,) = pod["containers"]
    assert pod["hostNetwork"] is True and "ports" not in container
    environment = {variable["name"]: variable["value"] for variable in container["env"]}
    assert (environment["TOKENIZATION_HOST"], environment["TOKENIZATION_PORT"]) == ("127.0.0.1", "30500")
    assert [volume["name"] for volume in pod["volumes"] if "hostPath" in volume] == ["keys"]
    assert not {"startupProbe", "readinessProbe", "livenessProbe", "lifecycle"} & container.keys()
    assert "namespace" not in deployment["metadata"]


def environment(deployment: dict[str, Any]) -> dict[str, str]:
    (container,) = pod_of(deployment)["containers"]
    return {one["name"]: one["value"] for one in container["env"]}


def test_metrics_want_a_token_on_every_node(manifests: Manifests, secrets: dict[str, Any]) -> None:
    assert environment(manifests["sqlite"][DEPLOYMENT])["TOKENIZATION_METRICS_TOKEN_FILE"] == "/run/keys/metrics_token"
    assert secrets["sqlite"]["service"]["metrics_token"] == "metrics_token"
    assert "TOKENIZATION_METRICS_TOKEN_FILE" not in environment(manifests["exposed"][DEPLOYMENT])
    assert "metrics_token" not in secrets["exposed"]["service"]


def test_the_lab_s_postgresql_proves_who_it_is(manifests: Manifests, secrets: dict[str, Any]) -> None:
    case, found = manifests["postgres"], secrets["postgres"]
    postgres, service = pod_of(case[POSTGRES]), pod_of(case[DEPLOYMENT])
    (container,) = postgres["containers"]
    assert container["args"] == [
        *("-c", "ssl=on"),
        *("-c", "ssl_cert_file=/run/keys/tls.crt"),
        *("-c", "ssl_key_file=/run/keys/tls.key"),
    ]
    assert found["postgres"] == {
        "password": "postgres_password",
        "tls.crt": "tokenization-postgres.crt",
        "tls.key": "tokenization-postgres.key",
    }
    # A name that no name service has to know, and that the certificate is for.
    assert service["hostAliases"] == [{"ip": "10.96.0.7", "hostnames": ["tokenization-postgres"]}]
    assert found["service"]["dsn"] == (
        "postgresql://tokenization:postgres_password@tokenization-postgres/tokenization?sslmode=verify-full"
    )
    assert found["service"]["dsn_ca"] == "authority.crt"
    assert environment(case[DEPLOYMENT])["PGSSLROOTCERT"] == "/run/keys/dsn_ca"
    assert case[POSTGRES]["spec"]["template"]["metadata"]["annotations"]["monitor-lab-certificate"]


def test_the_postgresql_of_an_exposed_lab_is_without_tls(manifests: Manifests, secrets: dict[str, Any]) -> None:
    case, found = manifests["exposed"], secrets["exposed"]
    assert "args" not in pod_of(case[POSTGRES])["containers"][0]
    assert found["postgres"].keys() == {"password"}
    assert found["service"]["dsn"] == (
        "postgresql://tokenization:postgres_password@10.96.0.7/tokenization?sslmode=disable"
    )
    assert "dsn_ca" not in found["service"]
    assert "PGSSLROOTCERT" not in environment(case[DEPLOYMENT])


def test_a_postgresql_of_one_s_own_comes_with_its_authority(manifests: Manifests, secrets: dict[str, Any]) -> None:
    case, found = manifests["own_postgres_tls"], secrets["own_postgres_tls"]
    assert (found["service"]["dsn"], found["service"]["dsn_ca"]) == ("dsn", "ca.crt")
    assert environment(case[DEPLOYMENT])["PGSSLROOTCERT"] == "/run/keys/dsn_ca"
    assert "hostAliases" not in pod_of(case[DEPLOYMENT])


def test_only_a_registry_s_image_is_pulled(manifests: Manifests) -> None:
    policies = {
        case: pod_of(manifests[case][DEPLOYMENT])["containers"][0]["imagePullPolicy"]
        for case in ("sqlite", "own_postgres")
    }
    assert policies == {"sqlite": "Never", "own_postgres": "IfNotPresent"}


def test_an_image_has_the_name_that_its_runtime_knows(manifests: Manifests) -> None:
    images = [
        pod_of(manifests[case][key])["containers"][0]["image"]
        for case, key in (("podman", DEPLOYMENT), ("postgres", DEPLOYMENT), ("postgres", POSTGRES))
    ]
    registry = "registry.example"
    assert images == [
        "localhost/monitor-lab/tokenization:0123456789ab",
        f"{registry}/tokenization:0123456789ab",
        f"{registry}/postgres:0123456789ab",
    ]


def test_memory_is_bytes(manifests: Manifests) -> None:
    """Kubernetes takes 256m for a quarter of a byte."""
    (container,) = pod_of(manifests["sqlite"][DEPLOYMENT])["containers"]
    assert container["resources"]["limits"] == {"memory": str(256 * 1024**2)}
    assert container["resources"]["requests"]["memory"] == str(256 * 1024**2)


def test_anything_of_a_pod_is_the_user_s(manifests: Manifests) -> None:
    template = manifests["own_pod"][DEPLOYMENT]["spec"]["template"]
    pod, ours = template["spec"], pod_of(manifests["postgres_one"][DEPLOYMENT])
    assert template["metadata"]["labels"]["team"] == "payments"
    assert template["metadata"]["labels"]["app"] == "tokenization-service"
    assert template["metadata"]["annotations"] == {"example.com/owner": "payments"}
    assert (pod["imagePullSecrets"], pod["nodeSelector"]) == ([{"name": "registry"}], {"disk": "fast"})
    assert [toleration["key"] for toleration in pod["tolerations"]] == ["lab"]
    # A user that the platform gives, without the rest of what we say of security.
    assert pod["securityContext"] == {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    assert [container["name"] for container in pod["initContainers"]] == ["wait"]
    service, sidecar = pod["containers"]
    assert sidecar == {"name": "sidecar", "image": "registry.example/sidecar:1"}
    memory = ours["containers"][0]["resources"]["requests"]["memory"]
    assert service["resources"] == {"requests": {"memory": memory}, "limits": {"cpu": "2", "memory": memory}}
    assert service["env"] == [*ours["containers"][0]["env"], {"name": "EXTRA", "value": "1"}]
    assert [volume["name"] for volume in pod["volumes"]] == ["no-data", "keys", "cache"]
    postgres = pod_of(manifests["own_pod"][POSTGRES])
    assert postgres["priorityClassName"] == "high"
    assert postgres["containers"][0]["resources"]["limits"] == {"memory": "1Gi"}

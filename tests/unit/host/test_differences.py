# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What differs between what is wanted and what a host has; what Docker and Podman say is recorded from them."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._lab import host
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._differences import (
    container_module_options,
    container_options,
    container_unstated,
    differences,
    due_files,
    strays,
    whole_files,
)

RECORDINGS = Path(__file__).parent / "recordings"
DOCKER = json.loads((RECORDINGS / "docker-20.10.24.json").read_text())
# It was recorded before containers had these.
LIMITS = {"MemorySwap": 2**30, "NanoCpus": 10**9, "PidsLimit": 2048}
HOST_CONFIG = DOCKER["container"]["HostConfig"]
HOST_CONFIG.update(LIMITS)
PODMAN = json.loads((RECORDINGS / "podman-4.3.1.json").read_text())
IMAGE = "localhost/monitor-lab/prometheus:5c439ec46517"
WANTED: dict[str, Any] = {
    "name": "monitor-lab-prometheus",
    "service": "prometheus",
    "image": IMAGE,
    "command": [
        "--config.file=/etc/prometheus/prometheus.yml",
        "--storage.tsdb.path=/prometheus",
        "--storage.tsdb.retention.time=15d",
        "--web.listen-address=127.0.0.1:9090",
    ],
    "mounts": [
        {"type": "bind", "source": "/etc/monitor_lab/prometheus", "target": "/etc/prometheus", "read_only": True},
        {"type": "volume", "source": "monitor-lab-prometheus", "target": "/prometheus"},
    ],
    "user": 65534,
    "memory": "1g",
}


def looked(inspected: dict[str, Any] = DOCKER["container"]) -> dict[str, Any]:
    return {
        "ansible_facts": {"ansible_service_mgr": "systemd"},
        "files": {},
        "docker": {
            "limits": host.limits(DOCKER["info"]),
            "images": {IMAGE: DOCKER["container"]["Image"]},
            "containers": {"monitor-lab-prometheus": host.container(inspected, DOCKER["image"])},
        },
        "podman": podman(),
    }


def podman(recorded: dict[str, Any] = PODMAN, proc: Path = RECORDINGS / "proc") -> dict[str, Any]:
    answers = {"images": recorded["images"], "pod": recorded["pods"], "container": recorded["containers"]}
    return host.podman(lambda command: json.dumps(answers[command[1]]), proc)


def changed(path: str, value: Any) -> dict[str, Any]:
    """The recorded container with another value at a path of keys."""
    inspected = copy.deepcopy(DOCKER["container"])
    *keys, last = path.split(".")
    place = inspected
    for key in keys:
        place = place[key]
    place[last] = value
    return inspected


def test_a_container_that_is_as_wanted_differs_in_nothing() -> None:
    assert differences(looked(), containers=[WANTED]) == []
    assert container_unstated(WANTED, looked()) == []
    assert not container_module_options(WANTED, looked())["recreate"]


def test_a_container_that_is_gone_or_does_not_run_differs() -> None:
    gone = {**looked(), "docker": {**looked()["docker"], "images": {}, "containers": {}}}
    assert differences(gone, containers=[WANTED]) == ["container monitor-lab-prometheus is not there"]
    assert differences({**looked(), "docker": None}, containers=[WANTED]) == [
        "container monitor-lab-prometheus is not there"
    ]
    assert container_unstated(WANTED, gone) == []
    for state in ("exited", "paused", "restarting", "created", "dead"):
        assert differences(looked(changed("State.Status", state)), containers=[WANTED]) == [
            f"container monitor-lab-prometheus is {state}"
        ]


def test_what_a_container_sees_of_its_host_it_cannot_change() -> None:
    sees = {**WANTED, "sees": ["/proc"]}
    expected = {"type": "bind", "source": "/proc", "target": "/host/proc", "read_only": True, "non_recursive": True}
    assert container_options(sees, looked())["mounts"] == [*WANTED["mounts"], expected]
    docker = {"Type": "bind", "Source": "/proc", "Target": "/host/proc", "ReadOnly": True}
    mounts = [*DOCKER["container"]["HostConfig"]["Mounts"], {**docker, "BindOptions": {"NonRecursive": True}}]
    assert differences(looked(changed("HostConfig.Mounts", mounts)), containers=[sees]) == []
    mounts[-1] = docker
    assert differences(looked(changed("HostConfig.Mounts", mounts)), containers=[sees]) == [
        "container monitor-lab-prometheus has another mounts"
    ]


@pytest.mark.parametrize(
    ("path", "value", "name"),
    [
        ("Config.Image", "localhost/other:1", "image"),
        ("Image", "sha256:0", "image"),
        ("Config.Cmd", ["--version"], "command"),
        ("Config.Entrypoint", ["sh"], "entrypoint"),
        ("Config.Env", ["MONITOR_LAB_SERVICE=other"], "environment"),
        ("Config.Labels", {}, "labels"),
        ("Config.User", "0", "user"),
        ("HostConfig.Mounts", None, "mounts"),
        ("HostConfig.Tmpfs", None, "tmpfs"),
        ("HostConfig.Memory", 2**29, "memory"),
        ("HostConfig.MemorySwap", 2**31, "memory_swap"),
        ("HostConfig.MemorySwap", -1, "memory_swap"),
        ("HostConfig.NanoCpus", 5 * 10**8, "cpus"),
        ("HostConfig.NanoCpus", 0, "cpus"),
        ("HostConfig.PidsLimit", 10, "pids_limit"),
        ("HostConfig.PidsLimit", None, "pids_limit"),
        ("HostConfig.NetworkMode", "bridge", "network"),
        ("HostConfig.ReadonlyRootfs", False, "read_only"),
        ("HostConfig.CapDrop", None, "cap_drop"),
        ("HostConfig.SecurityOpt", None, "security_opts"),
        ("HostConfig.RestartPolicy", {"Name": "no", "MaximumRetryCount": 0}, "restart_policy"),
        ("HostConfig.LogConfig", {"Type": "json-file", "Config": {}}, "log"),
    ],
)
def test_what_makes_a_container_is_compared(path: str, value: Any, name: str) -> None:
    assert differences(looked(changed(path, value)), containers=[WANTED]) == [
        f"container monitor-lab-prometheus has another {name}"
    ]


@pytest.mark.parametrize(
    ("path", "value", "name"),
    [
        ("Config.Env", [*DOCKER["container"]["Config"]["Env"], "HTTP_PROXY=x"], "environment"),
        ("Config.Labels", {**DOCKER["container"]["Config"]["Labels"], "more": ""}, "labels"),
        ("Config.Entrypoint", ["sh"], "entrypoint"),
        (
            "HostConfig.Mounts",
            [*DOCKER["container"]["HostConfig"]["Mounts"], {"Type": "bind", "Source": "/", "Target": "/host"}],
            "mounts",
        ),
        ("HostConfig.Tmpfs", {"/tmp": "", "/more": ""}, "tmpfs"),
        ("HostConfig.CpuShares", 512, "CpuShares"),
        ("HostConfig.CpuQuota", 50_000, "CpuQuota"),
        ("HostConfig.CpusetCpus", "0", "CpusetCpus"),
        ("HostConfig.CapAdd", ["NET_ADMIN"], "CapAdd"),
        ("HostConfig.Privileged", True, "Privileged"),
    ],
)
def test_what_no_option_puts_right_is_told_so(path: str, value: Any, name: str) -> None:
    """community.docker leaves alone what no option names, so the container has to be made anew."""
    assert container_unstated(WANTED, looked(changed(path, value))) == [name]
    assert container_module_options(WANTED, looked(changed(path, value)))["recreate"]
    assert f"container monitor-lab-prometheus has another {name}" in differences(
        looked(changed(path, value)), containers=[WANTED]
    )


@pytest.mark.parametrize("unset", [None, 0, -1])
def test_no_limit_is_written_in_several_ways(unset: int | None) -> None:
    assert differences(looked(changed("HostConfig.CpuShares", unset)), containers=[WANTED]) == []
    without = looked(changed("HostConfig", {**HOST_CONFIG, **dict.fromkeys(LIMITS, unset)}))
    without["docker"]["limits"] = {"cpus": 0, "pids": False, "swap": False}
    assert differences(without, containers=[WANTED]) == []


def test_an_engine_says_what_it_can_hold_containers_to() -> None:
    assert host.limits(DOCKER["info"]) == {"cpus": 2, "pids": True, "swap": True}
    less = {**DOCKER["info"], "CpuCfsQuota": False, "PidsLimit": False, "SwapLimit": False}
    assert host.limits(less) == {"cpus": 0, "pids": False, "swap": False}


def test_a_container_has_limits_that_its_host_can_hold() -> None:
    options = container_options({**WANTED, "cpus": "1.5"}, looked())
    assert (options["cpus"], options["pids_limit"], options["memory_swap"]) == (1.5, 2048, options["memory"])
    # Docker refuses more processors than there are.
    assert container_options({**WANTED, "cpus": 5}, looked())["cpus"] == 2
    bare = container_options(WANTED, {**looked(), "docker": None})
    assert [bare[name] for name in ("cpus", "pids_limit", "memory_swap")] == [None, None, None]


def test_secrets_in_the_environment_are_compared_and_not_told() -> None:
    wanted = {**WANTED, "env": {"PASSWORD": "hunter2"}}
    assert differences(looked(), containers=[wanted]) == ["container monitor-lab-prometheus has another environment"]
    inspected = changed("Config.Env", [*DOCKER["container"]["Config"]["Env"], "PASSWORD=hunter2"])
    assert differences(looked(inspected), containers=[wanted]) == []
    assert "hunter2" not in json.dumps(looked(inspected))


def test_what_a_host_is_not_to_run_is_not_missed() -> None:
    wanted = {**WANTED, "name": "monitor-lab-other", "wanted": False}
    assert differences(looked(), containers=[wanted]) == []


def test_without_systemd_the_engine_keeps_the_log() -> None:
    assert container_options(WANTED, looked())["log_driver"] == "journald"
    without = {**looked(), "ansible_facts": {"ansible_service_mgr": "sysvinit"}}
    assert container_options(WANTED, without)["log_options"] == {"max-size": "10m", "max-file": "3"}


def wanted_files(folder: Path) -> list[dict[str, Any]]:
    own = {"owner": os.getuid(), "group": os.getgid()}
    source = folder.parent / "source"
    source.write_bytes(b"\xff\n")
    return [
        {"path": str(folder), "state": "directory", "whole": True, **own},
        {"path": str(folder / "keys"), "state": "directory", "mode": "0500", **own},
        {"path": str(folder / "a.yml"), "content": "a: 1\n", **own},
        {"path": str(folder / "b.py"), "src": str(source), **own},
        {"path": str(folder / "keys" / "c"), "content": "secret", "mode": "0400", "secret": True, **own},
        {"path": str(folder / "not-here"), "content": "", "wanted": False, **own},
    ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The wanted files as the role would leave them."""
    made = tmp_path / "lab"
    for file in whole_files(wanted_files(made)):
        path = Path(file["path"])
        if file["state"] == "directory":
            path.mkdir()
            path.chmod(0o700)
        else:
            path.write_bytes(Path(file["src"]).read_bytes() if "src" in file else file["content"].encode())
    for file in reversed(whole_files(wanted_files(made))):
        Path(file["path"]).chmod(int(file["mode"], 8))
    return made


def differing(folder: Path) -> list[str]:
    seen = {**looked(), "files": host.files([folder])}
    return [sentence.replace(f"{folder}/", "") for sentence in differences(seen, files=wanted_files(folder))]


def test_files_that_are_as_wanted_differ_in_nothing(folder: Path) -> None:
    assert differing(folder) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda folder: (folder / "a.yml").write_text("a: 2\n"), "a.yml has another content"),
        (lambda folder: (folder / "b.py").write_text("b"), "b.py has another content"),
        (lambda folder: (folder / "a.yml").chmod(0o666), "a.yml has another mode"),
        (lambda folder: (folder / "keys").chmod(0o755), "keys has another mode"),
        (lambda folder: (folder / "a.yml").unlink(), "a.yml is not there"),
        (lambda folder: (folder / "more").write_text(""), "more does not belong there"),
        (lambda folder: (folder / "not-here").write_text(""), "not-here does not belong there"),
    ],
)
def test_what_was_changed_of_a_file_is_told_and_put_right_alone(
    change: Callable[[Path], object], says: str, folder: Path
) -> None:
    change(folder)
    assert differing(folder) == [says]
    due = due_files(wanted_files(folder), host.files([folder]))
    assert [file["path"] for file in due] == (
        [] if says.endswith("does not belong there") else [f"{folder}/{says.split()[0]}"]
    )


def test_another_owner_is_told(folder: Path) -> None:
    seen = host.files([folder])
    seen[str(folder / "a.yml")]["owner"] += 1
    seen[str(folder / "keys")]["group"] += 1
    found = differences({**looked(), "files": seen}, files=wanted_files(folder))
    assert found == [f"{folder}/keys has another group", f"{folder}/a.yml has another owner"]


def test_numbers_that_a_template_made_text_of_are_numbers() -> None:
    (file,) = whole_files([{"path": "/x", "content": "", "owner": "10003", "group": "10003"}])
    assert (file["owner"], file["group"]) == (10003, 10003)


def test_what_is_of_another_kind_is_told_and_goes_first(folder: Path) -> None:
    (folder / "a.yml").unlink()
    (folder / "a.yml").mkdir()
    (folder / "a.yml" / "below").write_text("")
    (folder / "b.py").unlink()
    (folder / "b.py").symlink_to("/etc/passwd")
    assert strays(wanted_files(folder), host.files([folder])) == [str(folder / "a.yml"), str(folder / "b.py")]
    assert "b.py is a link" in differing(folder)


def test_a_folder_that_others_use_too_keeps_what_they_have(tmp_path: Path) -> None:
    (tmp_path / "others").write_text("")
    assert strays([{"path": str(tmp_path), "state": "directory"}], host.files([tmp_path])) == []


def test_a_file_that_may_not_be_read_is_taken_for_another() -> None:
    seen = {"/x": {"kind": "file", "owner": 0, "group": 0, "mode": "0644", "sha256": None}}
    assert differences({**looked(), "files": seen}, files=[{"path": "/x", "content": ""}]) == ["/x has another content"]


def test_a_pod_that_is_as_wanted_differs_in_nothing() -> None:
    assert differences(looked(), pod=PODMAN["manifest"]) == []


@pytest.mark.parametrize(
    ("before", "after", "name"),
    [
        ('"268435456"', '"134217728"', "memory"),
        ("tokenization:f7b6f5b357f7", "tokenization:000000000000", "image"),
        ('value: "0.0.0.0"', 'value: "127.0.0.1"', "environment"),
        ("monitor-lab-service: tokenization", "monitor-lab-service: other", "labels"),
    ],
)
def test_what_makes_a_pod_is_compared(before: str, after: str, name: str) -> None:
    assert before in PODMAN["manifest"]
    found = differences(looked(), pod=PODMAN["manifest"].replace(before, after))
    assert found == [f"pod tokenization-service has another {name}"]


def test_a_pod_that_is_gone_or_does_not_run_differs() -> None:
    gone = {**looked(), "podman": podman({**PODMAN, "pods": []})}
    assert differences(gone, pod=PODMAN["manifest"]) == ["pod tokenization-service is not there"]
    assert differences({**looked(), "podman": None}, pod=PODMAN["manifest"]) == [
        "pod tokenization-service is not there"
    ]
    stopped = {**looked(), "podman": podman({**PODMAN, "pods": [{**PODMAN["pods"][0], "Status": "Degraded"}]})}
    assert differences(stopped, pod=PODMAN["manifest"]) == ["pod tokenization-service is Degraded"]


def test_a_pod_that_did_not_outlive_a_reboot_differs(tmp_path: Path) -> None:
    """Where /run did, Podman says that it runs."""
    dead = ["pod tokenization-service is Dead"]
    assert differences({**looked(), "podman": podman(proc=tmp_path)}, pod=PODMAN["manifest"]) == dead
    # Another process has the number by now.
    (tmp_path / "2934").mkdir()
    (tmp_path / "2934" / "cmdline").write_bytes(b"/usr/bin/conmon\0-c\0" + b"0" * 64)
    assert differences({**looked(), "podman": podman(proc=tmp_path)}, pod=PODMAN["manifest"]) == dead


def test_what_is_true_of_further_sentences_is_told() -> None:
    assert differences(looked(), further={"it rains": True, "it snows": False}) == ["it rains"]

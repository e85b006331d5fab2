# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The lab on this machine, from `./lab up` to `./lab down`, looked at from outside. The tests follow one another."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import psutil
import pytest
import requests

from tests.checks.tree import CHECKOUT, copy_as_collection
from tests.e2e.by_hand import ROUNDS, Change, changed
from tests.e2e.conftest import (
    CONFIG,
    PORTS,
    SERVICES,
    URLS,
    VOLUMES,
    Lab,
    detokenize,
    docker_images,
    files,
    keep_image,
    listed,
    query,
    state,
    tokenize,
    volumes,
)
from tests.e2e.reboot import empty_run, end_all, kill_docker, numbers_of_others, others
from tests.integration.tokenization.load import Answers, enough, lost, store
from tests.integration.tokenization.service import UID, free_port
from tests.made_up import add
from tests.stranger import listening
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(1800)
# Alerts of what the machine is like beside the lab.
OF_THE_MACHINE = {"HostBusy", "HostMemoryLow", "DiskFull", "DiskFilling", "HostKilledForMemory"}


def image_of_the_service() -> str:
    return next(reference for reference in docker_images() if "/tokenization:" in reference)


def is_of_lab(process: int) -> bool:
    try:
        return "MONITOR_LAB_SERVICE" in psutil.Process(process).environ()
    except psutil.Error:  # It has ended.
        return False


def listeners() -> list[tuple[str, int]]:
    """Address and port of all that a container or pod of the lab listens on: they have this machine's network."""
    found = set()
    for one in psutil.net_connections("tcp"):
        if one.status == psutil.CONN_LISTEN and one.laddr and one.pid and is_of_lab(one.pid):
            found.add((one.laddr.ip, one.laddr.port))
    return sorted(found)


def test_up_shows_every_service_and_where_the_passwords_are(lab: Lab) -> None:
    assert lab.first
    for name, url in URLS.items():
        assert f"{name} {url} up" in lab.first.message
    assert f"Passwords and keys: {lab.secrets}" in lab.first.message
    assert "No Grafana: " in lab.first.message or "grafana http://127.0.0.1:3000 up" in lab.first.message


def test_the_first_run_is_recorded_and_prometheus_saw_it(lab: Lab) -> None:
    (summary,) = (lab.checkout / "artifacts").glob("*/summary.json")
    run = json.loads(summary.read_text())
    assert run["verdict"] == "passed"
    requested = run["stats"]["overall"]["num_requests"]
    assert requested > 50

    def seen() -> float:
        (sample,) = query('max_over_time(locust_requests_num_requests{name="Aggregated"}[10m])')
        return float(sample["value"][1])

    # The last of them come with the next scrape.
    wait_until("Prometheus has all its requests", lambda: seen() >= requested, 30)
    (served,) = query("sum(increase(tokenization_requests_total[10m]))")
    assert float(served["value"][1]) > 0


def test_the_first_run_has_a_report_with_what_prometheus_knows(lab: Lab) -> None:
    (page,) = (lab.checkout / "artifacts").glob("*/lab_report.html")
    assert lab.first
    assert f"Its report: {page}" in lab.first.message
    shown = page.read_text()
    assert "✓ passed" in shown
    assert "Memory of the service" in shown
    assert "Prometheus could not be asked" not in shown


def test_listeners_are_on_loopback_only(lab: Lab) -> None:
    grafana = [3000] if "monitor-lab-grafana" in lab.containers() else []
    assert listeners() == sorted(("127.0.0.1", port) for port in [*PORTS, *grafana])


def test_prometheus_keeps_no_more_than_it_may(lab: Lab) -> None:
    """What is in force, as Prometheus writes it."""
    running = requests.get(f"{URLS['prometheus']}/api/v1/status/runtimeinfo", timeout=10).json()["data"]
    assert running["storageRetention"] == "15d or 2GiB"


def test_every_target_is_up(lab: Lab) -> None:
    targets = requests.get(f"{URLS['prometheus']}/api/v1/targets", timeout=10).json()["data"]["activeTargets"]
    assert {target["labels"]["job"]: target["health"] for target in targets} == {
        entry["name"]: "up" for entry in SERVICES if "metrics" in entry
    }


def test_containers_run_with_as_little_as_they_need(lab: Lab) -> None:
    engine = docker.from_env().info()
    for name, container in lab.containers().items():
        host = container.attrs["HostConfig"]
        assert host["ReadonlyRootfs"], name
        assert host["CapDrop"] == ["ALL"], name
        assert host["Memory"] > 0, name
        if engine["SwapLimit"]:
            assert host["MemorySwap"] == host["Memory"], name
        if engine["CpuCfsQuota"]:
            assert 0 < host["NanoCpus"] <= engine["NCPU"] * 10**9, name
        if engine["PidsLimit"]:
            assert host["PidsLimit"] == 2048, name
        assert host["LogConfig"]["Type"] == "journald" or host["LogConfig"]["Config"]["max-size"], name
        assert not host["Privileged"], name
        # Names of containers are in files that root alone may read.
        if name != "monitor-lab-container-exporter":
            assert container.attrs["Config"]["User"] not in ("", "0", "root"), name


def test_the_container_exporter_can_change_nothing_that_it_sees(lab: Lab) -> None:
    process = Path("/proc", str(lab.containers()["monitor-lab-container-exporter"].attrs["State"]["Pid"]))
    status = (process / "status").read_text()
    assert set(re.findall(r"^Cap\w+:\s+(\d+)$", status, re.MULTILINE)) == {"0" * 16}
    assert "NoNewPrivs:\t1" in status
    # proc_pid_mountinfo(5): where it is, and its options.
    mounts = [line.split()[4:6] for line in (process / "mountinfo").read_text().splitlines()]
    seen = {place: options.split(",") for place, options in mounts if place.startswith("/host/")}
    assert {"/host/proc", "/host/var/lib/docker/containers"} <= seen.keys()
    assert [place for place, options in seen.items() if "ro" not in options] == []


def test_every_container_takes_the_signal_that_stops_it(lab: Lab) -> None:
    """Its first process has no default for it: an engine would wait for ten seconds, and kill all of it."""
    (pod,) = listed("podman", "ps", "--filter", "name=tokenization-service", "--format", "{{.Pid}}")
    first = {name: str(container.attrs["State"]["Pid"]) for name, container in lab.containers().items()}
    first["tokenization-service"] = pod
    deaf = []
    for name, process in first.items():
        # proc_pid_status(5): what it catches, and what its threads block, while one waits for it; from signal 1 on.
        told = "".join(path.read_text() for path in Path("/proc", process, "task").glob("*/status"))
        masks = re.findall(r"^Sig(?:Cgt|Blk):\t(\w+)$", told, re.MULTILINE)
        if not any(int(mask, 16) & 1 << (signal.SIGTERM - 1) for mask in masks):
            deaf.append(name)
    assert deaf == []


def test_every_container_is_told_of_and_no_other(lab: Lab) -> None:
    text = requests.get(f"{URLS['container_exporter']}/metrics", timeout=10).text
    told = set(re.findall(r'^container_memory_working_set_bytes\{.*name="([^"]+)"', text, re.MULTILINE))
    pod = listed("podman", "ps", "--filter", "name=tokenization-service", "--format", "{{.Names}}")
    assert told == {*lab.containers(), *pod}


def test_every_rule_is_worked_out_and_no_alert_fires(lab: Lab) -> None:
    groups = requests.get(f"{URLS['prometheus']}/api/v1/rules", timeout=10).json()["data"]["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert {rule["health"] for rule in rules} == {"ok"}
    firing = {rule["name"] for rule in rules if rule.get("state") == "firing"}
    # That the first run has just ended.
    assert firing <= {"LoadRunActive", *OF_THE_MACHINE}


def test_what_alertmanager_is_told_is_kept(lab: Lab) -> None:
    (manager,) = requests.get(f"{URLS['prometheus']}/api/v1/alertmanagers", timeout=10).json()["data"][
        "activeAlertmanagers"
    ]
    assert manager["url"] == f"{URLS['alertmanager']}/api/v2/alerts"
    alert = {"labels": {"alertname": "ByHand", "severity": "warning", "class": "security"}}
    login = ("alertmanager", lab.secret("alertmanager_password"))
    told = requests.post(f"{URLS['alertmanager']}/api/v2/alerts", json=[alert], auth=login, timeout=10)
    assert told.status_code == 200, told.text
    kept = VOLUMES[0] / "monitor-lab-alert-receiver" / "_data" / "alerts.jsonl"
    wait_until("the receiver was told", lambda: "ByHand" in kept.read_text(), 60)


# Other tests run beside this one.
BESIDE = ["-e", json.dumps({"exercise_may": [*sorted(OF_THE_MACHINE), "LatencyHigh"]})]


def test_the_exercise_is_green_and_leaves_the_lab_as_it_was(lab: Lab) -> None:
    before = state(lab)
    played = lab("exercise", *BESIDE)
    assert played.code == 0, played.output[-6000:]
    (folder,) = (lab.checkout / "artifacts").glob("exercise-*")
    made = json.loads((folder / "exercise.json").read_text())
    assert [case["expected"] for case in made["cases"]] == ["", "CredentialGuessing", "SlowClients", "TrafficSpike"]
    assert {path.name for path in folder.iterdir()} == {"exercise.json", "exercise.md", "junit.xml"}
    shutil.rmtree(folder)
    assert state(lab) == before


def test_the_exercise_is_red_without_a_rule(lab: Lab) -> None:
    rules = lab.checkout / "files" / "prometheus" / "rules" / "service.yml"
    whole = rules.read_text()
    rules.write_text(re.sub(r" +- alert: SlowClients\n(?: {8}.*\n)+", "", whole))
    assert "SlowClients" not in rules.read_text()
    try:
        assert lab("up", "--tags", "prometheus").code == 0
        played = lab("exercise", "--only", "slow_client", *BESIDE)
    finally:
        rules.write_text(whole)
        again = lab("up", "--tags", "prometheus")
    assert played.code != 0
    assert "The exercise is red: slow_client: Prometheus has no rule SlowClients." in played.message
    assert again.code == 0, again.output[-4000:]


def test_the_exercise_has_no_case_of_another_name(lab: Lab) -> None:
    played = lab("exercise", "--only", "spikes")
    assert played.code != 0
    assert "there is no case spikes: write spike. Nothing was done." in played.message


def test_the_pod_has_limits(lab: Lab) -> None:
    (name,) = listed("podman", "ps", "--filter", "name=tokenization-service", "--format", "{{.Names}}")
    (inspected,) = json.loads(subprocess.run(["podman", "inspect", name], capture_output=True, check=True).stdout)
    host = inspected["HostConfig"]
    engine = docker.from_env().info()
    assert host["Memory"] == 256 * 2**20
    if engine["CpuCfsQuota"]:
        assert host["CpuQuota"] == 2 * host["CpuPeriod"]
    monitor = Path(inspected["ConmonPidFile"]).read_text()
    arguments = Path(f"/proc/{monitor}/cmdline").read_text().split("\0")
    assert arguments[arguments.index("--log-size-max") + 1] == "30000000"


def test_what_root_reads_is_in_folders_of_root(lab: Lab) -> None:
    """A service's user is an ordinary one on the host, and whose folder it is may put other files there."""
    read_by_root = [path for path in (CONFIG, *CONFIG.rglob("*")) if path.is_dir() and path.name != "keys"]
    assert {"monitor_lab", "tokenization", "locust", "prometheus"} <= {path.name for path in read_by_root}
    assert [path for path in read_by_root if path.stat().st_uid != 0 or path.stat().st_mode & 0o022] == []


def test_no_user_gets_to_what_a_service_has_even_under_its_number(lab: Lab) -> None:
    key = CONFIG / "tokenization" / "keys" / "private_key"
    assert key.stat().st_uid == UID
    looked = subprocess.run(["test", "-e", key], user=UID, group=UID, extra_groups=[], check=False)
    assert looked.returncode == 1


def test_builds_leave_no_stage(lab: Lab) -> None:
    assert docker.from_env().images.list(filters={"label": "monitor_lab.stage"}) == []


def test_no_secret_shows_in_output_containers_or_processes(lab: Lab) -> None:
    assert lab.first
    secrets = [lab.secret(path.name) for path in lab.secrets.iterdir()]
    assert len(secrets) >= 2
    command_lines = " ".join(" ".join(process.info["cmdline"] or []) for process in psutil.process_iter(["cmdline"]))
    pods = subprocess.run(["podman", "inspect", "--all"], capture_output=True, text=True, check=False).stdout
    pods += subprocess.run(["podman", "ps", "-aq"], capture_output=True, text=True, check=True).stdout
    inspected = json.dumps([container.attrs for container in lab.containers().values()]) + pods
    for secret in secrets:
        for place in (lab.first.output, command_lines, inspected):
            assert secret not in place
    files = [path for path in CONFIG.rglob("keys/*") if path.is_file()]
    assert len(files) >= 3
    for path in [*files, *lab.secrets.iterdir()]:
        assert path.stat().st_mode & 0o077 == 0, path


def test_only_the_bearer_of_the_token_detokenizes(lab: Lab) -> None:
    tokenize("bearer")
    assert detokenize("bearer", "wrong").status_code == 401
    assert detokenize("bearer", lab.secret("tokenization_bearer_token")).json() == {"data": "kept"}


def test_a_second_up_changes_nothing_and_makes_no_load(lab: Lab) -> None:
    second = lab("up")
    assert second.code == 0, second.output[-4000:]
    assert second.recap["changed"] == 0, second.output
    assert len(list((lab.checkout / "artifacts").glob("*/summary.json"))) == 1


@pytest.mark.parametrize("changes", ROUNDS, ids=lambda changes: ", ".join(change.name for change in changes))
def test_what_was_changed_by_hand_is_put_right_and_nothing_else(changes: list[Change], lab: Lab) -> None:
    for change in changes:
        change.make()
    repaired = lab("up")
    assert repaired.code == 0, repaired.output[-4000:]
    expected = [report for change in changes for report in change.reports]
    assert sorted(changed(repaired.output)) == sorted(expected), repaired.output


def test_a_service_that_hangs_is_found_though_nothing_differs(lab: Lab) -> None:
    (process,) = (line[1] for line in lab.containers()["monitor-lab-locust-exporter"].top()["Processes"])
    os.kill(int(process), signal.SIGSTOP)
    try:
        done = lab("up")
    finally:
        os.kill(int(process), signal.SIGCONT)
    assert done.code != 0
    assert done.recap["changed"] == 0, done.output
    assert "locust_exporter http://127.0.0.1:9646 NO ANSWER" in done.message


def test_the_installed_collection_finds_the_lab_with_an_inventory_from_elsewhere(lab: Lab, tmp_path: Path) -> None:
    bin_ = lab.checkout / ".venv" / "bin"
    built = lab.call(f"{bin_}/ansible-galaxy", "collection", "build", "--output-path", str(tmp_path))
    assert built.code == 0, built.output
    (artifact,) = tmp_path.glob("*.tar.gz")
    installed = lab.call(
        f"{bin_}/ansible-galaxy",
        "collection",
        "install",
        "--force",
        "--no-deps",
        "--offline",
        "-p",
        str(tmp_path),
        str(artifact),
    )
    assert installed.code == 0, installed.output
    (tmp_path / "ansible.cfg").write_text("[defaults]\n")
    inventory = tmp_path / "elsewhere.yml"
    inventory.write_text((CHECKOUT / "inventory" / "local.yml").read_text())
    played = lab.call(
        "env",
        "-C",
        str(tmp_path),
        f"ANSIBLE_COLLECTIONS_PATH={tmp_path}",
        f"ANSIBLE_CONFIG={tmp_path}/ansible.cfg",
        f"{bin_}/ansible-playbook",
        "-i",
        str(inventory),
        "devsecops.monitor_lab.site",
    )
    assert played.code == 0, played.output[-4000:]
    assert played.recap["changed"] == 0, played.output


OTHERWISE = {
    "monitor_lab_scrape_interval": "3s",
    "prometheus_cpus": 0.5,
    "locust_memory": "900m",
    "locust_exporter_memory": "100m",
    "tokenization_memory": "300Mi",
}


def test_check_mode_changes_nothing_of_a_lab_under_load(lab: Lab, tmp_path: Path) -> None:
    def load() -> dict[str, Any]:
        answer: dict[str, Any] = requests.get(f"{URLS['locust']}/stats/requests", timeout=10).json()
        return answer

    def requested() -> int:
        return sum(row["num_requests"] for row in load()["stats"] if row["name"] == "Aggregated")

    # render.yml is for a cluster, and refused where there is none.
    playbooks = sorted({path.name for path in (CHECKOUT / "playbooks").glob("*.yml")} - {"render.yml"})
    arguments = {
        "bundle.yml": ["-e", f"monitor_lab_bundle_dir={tmp_path}/bundle"],
        "pin.yml": ["-e", f"monitor_lab_pins_file={tmp_path}/pins.yml"],
        # Of a lab that is as wanted it would do nothing.
        "site.yml": ["-e", json.dumps(OTHERWISE)],
        "teardown.yml": ["-e", "monitor_lab_purge=true"],
    }
    play = str(lab.checkout / ".venv" / "bin" / "ansible-playbook")
    calls = [[play, f"playbooks/{playbook}", "--check", *arguments.get(playbook, [])] for playbook in playbooks]
    form = {"user_count": 3, "spawn_rate": 3, "host": URLS["tokenization"]}
    tokenize("checked")
    assert requests.post(f"{URLS['locust']}/swarm", data=form, timeout=10).json()["success"]
    try:
        wait_until("every user has come", lambda: load()["user_count"] == 3 and requested() > 10, 30)
        before, requests_before = state(lab), requested()
        for playbook, checked in zip(playbooks, lab.together(*calls), strict=True):
            # Where no registry answers, there are no digests.
            is_silent = playbook == "pin.yml" and "the digests are not told" in checked.message
            assert checked.code == 0 or is_silent, playbook + checked.output[-4000:]
            assert "The lab is removed" not in checked.message
            assert changed(checked.output) or is_silent or playbook not in arguments, playbook + checked.output[-4000:]
        assert state(lab) == before
        assert list(tmp_path.iterdir()) == []
        after = load()
        assert (after["state"], after["user_count"], after["fail_ratio"]) == ("running", 3, 0)
        assert requested() > requests_before
    finally:
        assert requests.post(f"{URLS['locust']}/stop", timeout=30).json()["success"]
    assert detokenize("checked", lab.secret("tokenization_bearer_token")).json() == {"data": "kept"}


def test_status_tells_what_is_up(lab: Lab) -> None:
    status = lab("status")
    assert status.code == 0, status.output
    assert f"prometheus {URLS['prometheus']} up" in status.message


def test_other_web_pages_change_nothing(lab: Lab) -> None:
    """What a browser sends for a page of another origin, or of a name that somebody has lead here."""
    assert lab.first
    elsewhere = {"Origin": "http://elsewhere.example"}
    form = {"user_count": 1, "spawn_rate": 1, "host": "http://elsewhere.example"}
    assert requests.post(f"{URLS['locust']}/swarm", data=form, headers=elsewhere, timeout=10).status_code == 403
    stored = {"name": "elsewhere", "data": "x"}
    assert (
        requests.post(f"{URLS['tokenization']}/tokenize", json=stored, headers=elsewhere, timeout=10).status_code == 403
    )
    for name in ("locust", "tokenization"):
        led_here = requests.get(URLS[name], headers={"Host": "elsewhere.example"}, timeout=10)
        assert led_here.status_code == 421, name
    assert requests.get(f"{URLS['locust']}/stats/requests", timeout=10).json()["state"] in ("ready", "stopped")
    read = requests.get(f"{URLS['prometheus']}/api/v1/query?query=up", headers=elsewhere, timeout=10)
    assert "Access-Control-Allow-Origin" not in read.headers
    # It knows no origins.
    for path in ("silences", "alerts"):
        told = requests.post(f"{URLS['alertmanager']}/api/v2/{path}", json={}, headers=elsewhere, timeout=10)
        assert told.status_code == 401, path


def test_whoever_names_another_host_gets_no_token(lab: Lab) -> None:
    """As any program on this machine can, and any page in the browser of somebody with a tunnel to Locust."""
    with listening() as (stranger, heard):
        form = {"user_count": 3, "spawn_rate": 3, "host": stranger, "run_time": "60s"}
        assert requests.post(f"{URLS['locust']}/swarm", data=form, timeout=10).json()["success"]
        wait_until("every user has come", lambda: len(heard) > 10, 30)
        assert requests.post(f"{URLS['locust']}/stop", timeout=30).json()["success"]
    assert lab.secret("tokenization_bearer_token") not in "".join(heard)
    assert "bearer" not in "".join(heard).lower()
    assert "nothing is detokenized there" in lab.containers()["monitor-lab-locust"].logs(tail=50).decode()


def test_run_gives_a_verdict(lab: Lab) -> None:
    passed = lab("run", "-e", "locust_run_time=10s")
    assert passed.code == 0, passed.output[-4000:]
    summaries = [json.loads(path.read_text()) for path in (lab.checkout / "artifacts").glob("*/summary.json")]
    newest = max(summaries, key=lambda summary: summary["started"])
    assert newest["settings"]["host"] == URLS["tokenization"], "not the host of the run before"
    failed = lab(
        "run",
        "-e",
        "locust_run_time=10s",
        "-e",
        json.dumps({"locust_run_thresholds": ["p95 < 0.001", "fail_ratio < 0.5"]}),
    )
    assert failed.code == 2
    assert "p95 < 0.001" in failed.message
    marks = 'max_over_time(locust_run_info{lab="localhost",verdict="failed"}[1m])'
    wait_until("Prometheus has the run's mark", lambda: bool(query(marks)), 30)


def test_run_loads_what_the_lab_was_told_to_load(lab: Lab) -> None:
    with listening() as (service, heard):
        played = lab("up", "-e", f"locust_host={service}")
        assert played.code == 0, played.output[-4000:]
        run = lab("run", "-e", "locust_run_time=5s")
    assert run.code == 0, run.output[-4000:]
    assert len(heard) > 10
    assert lab.secret("tokenization_bearer_token") not in "".join(heard)


LOCUSTFILE = """
import os
from pathlib import Path
from locust import HttpUser, constant, events, task
from lib.first import FIRST
WORDS = Path("words.txt").read_text().split()
@events.init_command_line_parser.add_listener
def region(parser): parser.add_argument("--region", choices=["eu", "us"])
class Reader(HttpUser):
    wait_time = constant(float(os.environ["WAIT"]))
    @task
    def read(self):
        from lib.later import LATER
        Path("/tmp/seen").write_text("can be written to")
        token = Path("/etc/locust/keys/token").read_text()
        path = "/".join(["", FIRST, LATER, *WORDS, self.environment.parsed_options.region])
        self.client.get(path, headers={"T": token})
"""


def test_what_people_have_is_taken_and_tried_first(lab: Lab, tmp_path: Path) -> None:
    load = tmp_path / "load"
    (load / "lib").mkdir(parents=True)
    for name, content in {
        "locustfile.py": LOCUSTFILE,
        "lib/first.py": "FIRST = 'first'",
        "lib/later.py": "LATER = 'later'",
        "words.txt": "data",
    }.items():
        (load / name).write_text(content)
    (tmp_path / "token").write_text("t0ken-of-mine")
    with listening() as (service, heard):
        given = {
            "locust_file": str(load),
            "locust_host": service,
            "locust_env": {"WAIT": 0.5},
            "locust_arguments": ["--region", "eu"],
            "locust_secret_files": {"token": str(tmp_path / "token")},
        }
        arguments = ["up", "-e", json.dumps(given)]
        first = lab(*arguments)
        assert first.code == 0, first.output[-4000:]
        run = lab("run", "-e", "locust_run_time=5s")
        assert run.code == 0, run.output[-4000:]
        second = lab(*arguments)
        assert second.recap["changed"] == 0, second.output
    assert "GET /first/later/data/eu" in "".join(heard)
    assert "t0ken-of-mine" in "".join(heard)
    assert "t0ken-of-mine" not in json.dumps([one.attrs for one in lab.containers().values()]) + first.output
    before = state(lab)
    (load / "lib" / "first.py").write_text("import time\ntime.sleep(1000)")
    hangs = lab(*arguments, "-e", "locust_start_timeout=5")
    assert hangs.code != 0
    assert "/etc/locust/load/lib/first.py" in hangs.message
    assert "within 5 s" in hangs.message
    assert state(lab) == before
    assert not [name for name in lab.containers() if "trial" in name]
    assert not (CONFIG / "locust" / "trial").exists()


@pytest.fixture(params=["podman", "docker"])
def pod(request: pytest.FixtureRequest, lab: Lab, tmp_path: Path) -> Iterator[tuple[str, str, str]]:
    """The service under an engine, as it is deployed: engine, container and URL. It is there again afterwards."""
    if request.param == "podman":
        (name,) = listed("podman", "ps", "--filter", "name=tokenization-service", "--format", "{{.Names}}")
        yield "podman", name, URLS["tokenization"]
        subprocess.run(["podman", "start", name], check=True)
        wait_until("the pod answers", lambda: requests.get(f"{URLS['tokenization']}/readyz", timeout=5).ok)
        return
    keys = tmp_path / "keys"
    shutil.copytree(CONFIG / "tokenization" / "keys", keys)
    for path in (keys, *keys.iterdir()):
        os.chown(path, UID, UID)
    port = free_port()
    container = docker.from_env().containers.run(
        image_of_the_service(),
        detach=True,
        network_mode="host",
        user=f"{UID}:{UID}",
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        read_only=True,
        volumes={str(keys): {"bind": "/run/keys", "mode": "ro"}},
        environment={
            "TOKENIZATION_HOST": "127.0.0.1",
            "TOKENIZATION_PORT": str(port),
            "TOKENIZATION_PRIVATE_KEY_FILE": "/run/keys/private_key",
            "TOKENIZATION_BEARER_TOKEN_FILE": "/run/keys/bearer_token",
        },
    )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until("the service answers", lambda: requests.get(f"{url}/readyz", timeout=5).ok, 30)
        yield "docker", str(container.name), url
    finally:
        container.remove(force=True, v=True)


def test_no_request_is_lost_when_the_pod_is_stopped_under_load(lab: Lab, pod: tuple[str, str, str]) -> None:
    engine, container, url = pod

    async def stop_in_the_middle(answers: Answers) -> None:
        await enough(answers, 300)
        await asyncio.to_thread(subprocess.run, [engine, "stop", container], check=True)

    answers = store(url, f"stop-{engine}", stop_in_the_middle)
    assert listed(engine, "inspect", "--format", "{{.State.ExitCode}}", container) == ["0"]
    assert set(answers.codes) == {200}
    assert answers.cut_off == 0, "requests that were sent, and got no answer"
    subprocess.run([engine, "start", container], check=True)
    wait_until("it is back", lambda: requests.get(f"{url}/readyz", timeout=5).ok, 30)
    bearer = {"Authorization": f"Bearer {lab.secret('tokenization_bearer_token')}"}
    assert lost(url, bearer, answers.stored) == {}


def test_a_changed_token_reaches_the_pod_and_a_changed_interval_is_a_reload(lab: Lab) -> None:
    """Of two services, so that each has its own way although both come at once; the data stay."""
    tokenize("changed")
    old = lab.secret("tokenization_bearer_token")
    (lab.secrets / "tokenization_bearer_token").write_text("n" * 43)
    before = lab.containers()["monitor-lab-prometheus"].attrs["State"]["StartedAt"]
    played = lab("up", "-e", "monitor_lab_scrape_interval=3s")
    assert played.code == 0, played.output[-4000:]
    assert detokenize("changed", old).status_code == 401
    assert detokenize("changed", "n" * 43).json() == {"data": "kept"}
    settings = requests.get(f"{URLS['prometheus']}/api/v1/status/config", timeout=10).json()["data"]["yaml"]
    assert "scrape_interval: 3s" in settings
    assert lab.containers()["monitor-lab-prometheus"].attrs["State"]["StartedAt"] == before


@pytest.mark.parametrize("has_a_key", [True, False])
def test_a_controller_without_the_vault_s_key_is_refused(lab: Lab, tmp_path: Path, has_a_key: bool) -> None:
    """Another machine, a CI runner, another HOME: what it has, or would make, must not replace the only copy."""
    key = CONFIG / "tokenization" / "keys" / "private_key"
    before = state(lab)
    elsewhere = ["-e", f"monitor_lab_secrets_dir={tmp_path}/secrets"]
    if has_a_key:
        (tmp_path / "secrets").mkdir()
        (tmp_path / "secrets" / "tokenization_private_key").write_text("1" * 64)
    for refused in lab.together(["./lab", "up", *elsewhere], ["./lab", "down", "--keep-data", *elsewhere]):
        assert refused.code != 0
        assert refused.recap["changed"] == 0, refused.output
        assert f"({key}) is not the one of this controller" in refused.message
        assert f"Either bring the folder {tmp_path}/secrets of the controller that deployed it" in refused.message
        assert "remove the lab with its data (./lab down), then deploy again" in refused.message
    assert state(lab) == before
    assert has_a_key or not (tmp_path / "secrets").exists()


def test_data_is_not_kept_without_its_key(lab: Lab) -> None:
    before = state(lab)
    refused = lab("down", "--keep-data", "--purge")
    assert refused.code != 0
    assert "--keep-data (monitor_lab_keep_data) keeps the vault, and --purge" in refused.message
    assert state(lab) == before


def test_a_broken_snippet_is_refused(lab: Lab) -> None:
    before = lab.containers()["monitor-lab-prometheus"].attrs["State"]["StartedAt"]
    broken = lab("up", "-e", json.dumps({"prometheus_scrape_configs": [{"job_nam": "typo"}]}))
    assert broken.code != 0
    assert "job_nam" in broken.message
    assert lab.containers()["monitor-lab-prometheus"].attrs["State"]["StartedAt"] == before
    assert requests.get(f"{URLS['prometheus']}/-/ready", timeout=10).status_code == 200


def test_grafana_from_an_archive(lab: Lab, tmp_path: Path) -> None:
    """With a stand-in (tests/grafana_stand_in), which is no Grafana: this tests the role, not Grafana."""
    engine = docker.from_env()
    base = image_of_the_service()
    folder = CHECKOUT / "tests" / "grafana_stand_in"
    tag = "grafana-stand-in:1"
    image = engine.images.build(path=str(folder), buildargs={"BASE": base}, tag=tag, network_mode="none", rm=True)[0]
    with (tmp_path / "grafana.tar").open("wb") as archive:
        archive.writelines(image.save(named=True))
    engine.images.remove(tag)
    arguments = ["up", "-e", f"image_archives_dir={tmp_path}", "-e", "grafana_required=true"]
    first = lab(*arguments)
    assert first.code == 0, first.output[-4000:]
    second = lab(*arguments)
    assert second.recap["changed"] == 0, second.output
    password = lab.secret("grafana_admin_password")
    found = requests.get("http://127.0.0.1:3000/api/search", auth=("admin", password), timeout=10)
    assert found.status_code == 200
    anonymous = requests.get("http://127.0.0.1:3000/api/search", timeout=10)
    assert anonymous.status_code == 401
    assert password not in json.dumps(lab.containers()["monitor-lab-grafana"].attrs)


def test_a_grafana_that_cannot_be_had_stops_before_anything_is_touched(lab: Lab) -> None:
    before = state(lab)
    refused = lab("up", "-e", "grafana_required=true", "-e", "image_registry=", "-e", "grafana_version=0")
    assert refused.code != 0
    assert "grafana_required is true" in refused.message
    assert refused.recap["changed"] == 0, refused.output
    assert state(lab) == before


def test_a_broken_locustfile_is_refused(lab: Lab, tmp_path: Path) -> None:
    started = lab.containers()["monitor-lab-locust"].attrs["State"]["StartedAt"]
    for text, message in (("def (:\n", "not valid Python"), ("import nowhere_to_be_found\n", "nowhere_to_be_found")):
        (tmp_path / "broken.py").write_text(text)
        played = lab("up", "-e", f"locust_file={tmp_path}/broken.py")
        assert played.code != 0
        assert message in played.message
    assert lab.containers()["monitor-lab-locust"].attrs["State"]["StartedAt"] == started


def test_an_image_that_the_controller_keeps_is_not_built_again(lab: Lab, tmp_path: Path) -> None:
    exporter = lab.containers()["monitor-lab-locust-exporter"]
    name = exporter.attrs["Config"]["Image"]
    keep_image(name, tmp_path / "images")
    exporter.remove(force=True)
    docker.from_env().images.remove(name)
    played = lab("up", "-e", f"monitor_lab_cache_dir={tmp_path}")
    assert played.code == 0, played.output[-4000:]
    assert "image : Load the archive]" in played.output
    assert "Build the image" not in played.output
    assert lab.containers()["monitor-lab-locust-exporter"].status == "running"


def test_requirements_that_cannot_be_had_are_named(lab: Lab, tmp_path: Path) -> None:
    before = {name: container.id for name, container in lab.containers().items()}
    (tmp_path / "mine.txt").write_text("no-such-package-as-this==1.0\n")
    played = lab("up", "-e", f"locust_requirements={tmp_path}/mine.txt")
    assert played.code != 0
    assert "The wheels for the image locust could not be had on the controller" in played.message
    assert "no-such-package-as-this" in played.message
    assert {name: container.id for name, container in lab.containers().items()} == before


def test_a_taken_port_is_named_with_what_has_it(lab: Lab) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        played = lab("up", "-e", f"monitor_lab_prometheus_port={port}")
    assert played.code != 0
    assert f"port {port}, which prometheus needs, is taken by" in played.message
    assert "pytest" in played.message


def test_down_with_data_kept_and_up_again(lab: Lab) -> None:
    tokenize("down")
    assert lab("down", "--keep-data").code == 0
    assert listeners() == []
    assert lab("up").code == 0
    assert detokenize("down", lab.secret("tokenization_bearer_token")).json() == {"data": "kept"}
    assert query("sum(max_over_time(tokenization_requests_total[30m]))")


def test_up_brings_back_a_docker_that_was_killed(lab: Lab) -> None:
    """Without systemd nothing else does."""
    tokenize("killed")
    kill_docker()
    played = lab("up")
    assert played.code == 0, played.output[-4000:]
    assert detokenize("killed", lab.secret("tokenization_bearer_token")).json() == {"data": "kept"}


@pytest.mark.skipif(Path("/run/systemd/system").exists(), reason="the scenario default reboots what has systemd")
@pytest.mark.parametrize("run", ["kept", pytest.param("emptied", marks=pytest.mark.release)])
def test_up_brings_a_lab_back_after_a_reboot(lab: Lab, run: str) -> None:
    """Without systemd nothing is started, which status says; all that is on the disk is there."""
    if run == "emptied":
        assert others(lab) == [], "what others have here would be lost"
    tokenize("reboot")
    scraped = time.time()
    kept = files(CONFIG, lab.secrets), volumes()
    end_all(lab)
    if run == "emptied":
        empty_run()
    with numbers_of_others() if run == "kept" else contextlib.nullcontext():
        told = lab("status")
        assert told.code != 0
        for name, url in URLS.items():
            assert f"{name} {url} NO ANSWER" in told.message
        assert (files(CONFIG, lab.secrets), volumes()) == kept
        played = lab("up")
    assert played.code == 0, played.output[-6000:]
    assert ("Run the pod tokenization-service", "") in changed(played.output)
    assert (files(CONFIG, lab.secrets), volumes()) == kept
    assert detokenize("reboot", lab.secret("tokenization_bearer_token")).json() == {"data": "kept"}
    (before,) = query(f'up{{job="tokenization"}} @ {scraped:.3f}')
    assert before["value"][1] == "1"
    assert lab("up").recap["changed"] == 0


def test_every_fault_of_the_values_is_told_at_once(lab: Lab) -> None:
    before = state(lab)
    values = {
        "monitor_lab_prometheus_port": "nine",
        "prometheus_retention": "long",
        "locust_file": "/nowhere.py",
        "locust_requirements": "/nowhere.txt",
        "locust_arguments": ["--headless"],
        "locust_env": {"WAIT": None},
    }
    played = lab("up", "-e", json.dumps(values))
    assert played.code != 0
    assert f"{len(values)} values cannot be used; nothing was changed." in played.message
    assert "localhost: monitor_lab_prometheus_port: nine is not a port" in played.message
    assert "localhost: prometheus_retention: long is not a duration" in played.message
    assert "localhost: locust_file: there is no /nowhere.py" in played.message
    assert "localhost: locust_requirements: there is no /nowhere.txt" in played.message
    assert "the role itself decides --headless" in played.message
    assert "WAIT is nothing" in played.message
    assert played.recap["changed"] == 0, played.output
    assert "argument_spec" not in played.output
    assert state(lab) == before


def test_an_inventory_that_makes_no_lab_is_refused(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "hosts.yml").write_text("promethues: {hosts: {localhost: {ansible_connection: local}}}")
    for refused in lab.together(
        *(["./lab", command, "-i", f"{tmp_path}/hosts.yml"] for command in ("up", "status", "down"))
    ):
        assert refused.code != 0
        assert "a group promethues, and none called prometheus: correct the name." in refused.message


def test_a_service_that_is_added_comes_and_goes(lab: Lab, tmp_path: Path) -> None:
    """A role, an entry and a group, and nothing else; the lab is down afterwards."""
    checkout = copy_as_collection(tmp_path)
    add(checkout)
    play = (
        "env",
        f"ANSIBLE_COLLECTIONS_PATH={tmp_path}",
        str(lab.checkout / ".venv" / "bin" / "ansible-playbook"),
        "--inventory",
        str(checkout / "inventory" / "local.yml"),
    )
    up = lab.call(*play, "devsecops.monitor_lab.site")
    assert up.code == 0, up.output[-4000:]
    assert "made_up http://127.0.0.1:9999 up" in up.message
    assert lab.containers()["monitor-lab-made-up"].attrs["HostConfig"]["Memory"] == 64 * 2**20
    assert "monitor-lab-made-up" in volumes()
    (sample,) = query('up{job="made_up"}')
    assert sample["value"][1] == "1"
    down = lab.call(*play, "devsecops.monitor_lab.teardown")
    assert down.code == 0, down.output[-4000:]
    # The engine that the lab had started is stopped, and can't be asked.
    assert volumes() == lab.volumes_before
    with pytest.raises(requests.ConnectionError):
        requests.get("http://127.0.0.1:9999/health", timeout=10)


def test_too_small_a_machine_is_refused(lab: Lab) -> None:
    played = lab("up", "-e", "container_engine_disk_mb=99999999")
    assert played.code != 0
    assert "the lab needs 1024 and 99999999" in played.message
    assert played.recap["changed"] == 0


def test_ctrl_c_leaves_a_state_that_up_and_down_take(lab: Lab) -> None:
    for task in (
        "Put the files in place",
        "Run the container monitor-lab-locust]",
        "Run the container monitor-lab-prometheus]",
    ):
        assert lab.interrupted(task, "up") != 0
    played = lab("up")
    assert played.code == 0, played.output[-4000:]
    assert lab("up").recap["changed"] == 0
    assert lab.interrupted("Remove the exporter", "down") != 0


def test_down_leaves_nothing_but_what_it_names(lab: Lab) -> None:
    down = lab("down")
    assert down.code == 0, down.output[-4000:]
    assert listeners() == []
    assert not CONFIG.exists()
    assert volumes() == lab.volumes_before
    for command in (
        ["podman", "ps", "--all", "--quiet"],
        ["podman", "pod", "ps", "--quiet"],
        ["podman", "network", "ls", "--quiet", "--filter", "name=podman-default-kube-network"],
    ):
        assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "", command
    assert "What stays on purpose" in down.message
    assert str(lab.secrets) in down.message
    assert lab.secrets.exists()

    purged = lab("down", "--purge")
    assert purged.code == 0, purged.output[-4000:]
    # A test before has written another into it.
    assert [path.name for path in lab.secrets.iterdir()] == ["tokenization_bearer_token"]
    assert f"secrets that the lab did not make: {lab.secrets}/tokenization_bearer_token" in purged.message
    # From the engine's own file: where the lab had started the engine, removal has stopped it.
    for repositories in Path("/var/lib/docker/image").glob("*/repositories.json"):
        assert "localhost/monitor-lab/" not in repositories.read_text()
    images = subprocess.run(["podman", "images", "--quiet"], capture_output=True, text=True, check=True).stdout
    assert images == ""
    command_lines = [" ".join(process.info["cmdline"] or []) for process in psutil.process_iter(["cmdline"])]
    assert [line for line in command_lines if "/etc/locust/load/locustfile.py" in line and "127.0.0.1" in line] == []
    assert lab("down").code == 0

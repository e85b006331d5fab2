# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""`./lab test [PART …]`: runs the named parts, or the usual ones; ends with 1 where one fails.

A part that is named alone prints as it runs. Of several, each writes into `artifacts/tests/PART.log`, and what failed
is shown at the end, where nobody has to look for it in an hour's output. The part whose subject is load and time runs
by itself, then the one that has the lab on this machine, then the scenarios side by side, since each waits for hosts
and packages as long as it works. All that is work for processors has what these two leave of them.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import yaml

from tests.checks.sanity import sanity_home
from tests.checks.tree import CHECKOUT, copy_as_collection
from tests.cores import Core, environment_of, those_here

# Debian packages that the integration tests start real servers from, and the service that each brings.
DEBIAN_SERVERS = {
    "docker.io": "docker",
    "postgresql": "postgresql",
    "prometheus": "prometheus",
    "prometheus-alertmanager": "prometheus-alertmanager",
}
# And what has no service that would have to be stopped: an engine, and the browser that opens pages of strangers.
DEBIAN_PACKAGES = (*DEBIAN_SERVERS, "podman", "chromium-headless-shell")
# Each is checked from its own folder, from which its modules import each other.
PACKAGES = ("tokenization", "locust_exporter", "container_exporter")
PLUGINS = "ansible_collections.devsecops.monitor_lab.plugins"
# So many at once that what runs beside them would starve.
MANY_LOCUSTS = "tests/integration/locust_run/test_fault_matrix.py"
# A load run with a real Locust, as people begin it.
REAL_RUN = "tests/integration/locust_run/test_locust_run_playbook.py"
LOGS = CHECKOUT / "artifacts" / "tests"
SHOWN_LINES = 40


def run(*command: str, cwd: Path = CHECKOUT, env: Mapping[str, str] | None = None) -> bool:
    print(f"+ {shlex.join(command)}", flush=True)
    return subprocess.run(command, cwd=cwd, env={**os.environ, **(env or {})}, check=False).returncode == 0


def types() -> bool:
    strict = ["mypy", "--strict", "--config-file", str(CHECKOUT / "pyproject.toml")]
    folders = [CHECKOUT / "files" / name for name in PACKAGES]
    results = [
        run(*strict, "--package", PLUGINS),
        *(run(*strict, folder.name, cwd=folder) for folder in folders),
        run(
            "mypy",
            "tests",
            "benchmarks",
            "tools",
            "files/locust",
            "files/alert_receiver",
            env={"MYPYPATH": ":".join(map(str, folders))},
        ),
    ]
    return all(results)


def lint() -> bool:
    with tempfile.TemporaryDirectory() as collections:
        copy = copy_as_collection(Path(collections))
        results = [
            run("ruff", "check"),
            run("ruff", "format", "--check"),
            types(),
            run("vermin", "--no-tips", "--violations", "--no-parse-comments", "--target=3.9-", "plugins"),
            run("ansible-lint", cwd=copy, env={"ANSIBLE_COLLECTIONS_PATH": collections}),
            run(sys.executable, "-m", "tests.checks"),
            run("reuse", "lint", "--quiet"),
            run("antsibull-changelog", "lint"),
        ]
    return all([*results, documentation()])


def documentation() -> bool:
    """What antsibull-docs says of plugins and roles. It would read all that the collection depends on, for minutes."""
    with tempfile.TemporaryDirectory() as collections:
        copy = copy_as_collection(Path(collections))
        about = yaml.safe_load((copy / "galaxy.yml").read_text(encoding="utf-8"))
        (copy / "galaxy.yml").write_text(yaml.safe_dump({**about, "dependencies": {}}), encoding="utf-8")
        command = ["antsibull-docs", "lint-collection-docs", "--plugin-docs", "--validate-collection-refs=self", "."]
        return run(*command, cwd=copy, env={"ANSIBLE_COLLECTIONS_PATH": collections})


def sanity() -> bool:
    # This Python alone: others on the PATH may be a version manager's shims that lead nowhere.
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    with tempfile.TemporaryDirectory() as collections:
        return run(
            "ansible-test",
            "sanity",
            "--python",
            python,
            cwd=copy_as_collection(Path(collections)),
            env={"HOME": str(sanity_home())},
        )


def galaxy() -> bool:
    """What Galaxy, who builds an execution environment, and who shows its documentation make of the artifact."""
    return run(sys.executable, "-m", "tests.checks.galaxy")


def unit() -> bool:
    # More than there are processors: for a part of their time they wait.
    return run(sys.executable, "-m", "pytest", "--numprocesses=4", "--dist=worksteal", "tests/unit")


def coverage() -> bool:
    """What the unit tests run of the plugins; pyproject.toml says how much that has to be. Their time doubles."""
    return run(sys.executable, "-m", "pytest", "--numprocesses=4", "--dist=worksteal", "tests/unit", "--cov")


def playbooks() -> bool:
    return run(sys.executable, "-m", "pytest", "--numprocesses=2", "--dist=worksteal", "tests/playbooks")


def integration() -> bool:
    pytest = [sys.executable, "-m", "pytest"]
    # By files, which start their servers once, in the order of tests/conftest.py; three, since what they start is
    # waited for longer than it works.
    by_files = ["--numprocesses=3", "--dist=loadfile", "--no-loadscope-reorder"]
    beside = [*pytest, *by_files, f"--ignore={MANY_LOCUSTS}"]
    return debian_packages() and all(
        [run(*beside, "tests/integration"), run(*pytest, "--numprocesses=2", MANY_LOCUSTS)]
    )


def release() -> bool:
    """What is marked so: the Locusts between the oldest and the newest, and whole exercises."""
    return debian_packages() and run(sys.executable, "-m", "pytest", "-m", "release", "tests/integration", "tests/e2e")


def mutation() -> bool:
    return run(sys.executable, "-m", "tests.mutation")


def with_core(core: Core) -> bool:
    """The unit tests, hosts of other Pythons and a load run with another ansible-core."""
    folder = environment_of(core) / "bin"
    pytest = [str(folder / "python"), "-m", "pytest"]
    env = {"PATH": f"{folder}:{os.environ['PATH']}"}
    # Its runs are timed, so by themselves; the oldest Locust has no packages for a newer Python.
    return all(
        [
            run(*pytest, "--numprocesses=4", "--dist=worksteal", "tests/unit", "tests/versions", env=env),
            run(*pytest, "-k", "not 2.15.1", REAL_RUN, env=env),
        ]
    )


def versions() -> bool:
    """The oldest ansible-core and the newest that this machine can run."""
    cores = those_here()
    results = [with_core(core) for core in cores[:1] + cores[1:][-1:]]
    return all(results)


def more_versions() -> bool:
    """Those between, and sanity as the newest has it."""
    cores = those_here()
    results = [with_core(core) for core in cores[1:-1]]
    if cores:
        folder = environment_of(cores[-1]) / "bin"
        env = {"PATH": f"{folder}:{os.environ['PATH']}"}
        results.append(run(str(folder / "python"), "-m", "tests", "sanity", env=env))
    return all(results)


def e2e() -> bool:
    return run(sys.executable, "-m", "pytest", "tests/e2e")


def molecule() -> bool:
    return run("molecule", "test")


def offline() -> bool:
    return run("molecule", "test", "--scenario-name", "offline")


def kubernetes() -> bool:
    return run("molecule", "test", "--scenario-name", "kubernetes")


def alone() -> bool:
    return run("molecule", "test", "--scenario-name", "alone")


def debian_packages() -> bool:
    missing = [name for name in DEBIAN_PACKAGES if not Path(f"/var/lib/dpkg/info/{name}.list").exists()]
    if not missing:
        return True
    root = [] if os.geteuid() == 0 else ["sudo"]
    install = ["apt-get", "install", "--yes", "--no-install-recommends", *missing]
    if not (run(*root, "apt-get", "update") and run(*root, *install)):
        print(f"the integration tests need Debian packages: {shlex.join([*root, *install])}", file=sys.stderr)
        return False
    # The tests start servers of their own, and Prometheus's usual port belongs to the lab.
    servers = [service for name, service in DEBIAN_SERVERS.items() if name in missing]
    return all(run(*root, "service", name, "stop") and run(*root, "update-rc.d", name, "disable") for name in servers)


PARTS: dict[str, Callable[[], bool]] = {
    part.__name__: part
    for part in (
        *(lint, sanity, unit, playbooks, versions, integration, e2e, molecule, offline),
        *(galaxy, more_versions, alone, kubernetes, coverage, mutation, release),
    )
}
# What is long and guards a release. A cluster is made of programs that are built for it, from their source.
RELEASE = ("galaxy", "more_versions", "alone", "kubernetes", "coverage", "mutation", "release")
USUAL = tuple(name for name in PARTS if name not in RELEASE)
# The subject of these is load and time, and another part beside them would be in what they measure; and galaxy-importer
# gives ansible-lint three minutes, whatever else the machine does.
ALONE = ("integration", "release", "galaxy")
# Work for processors alone, which get to it when nothing else wants them (SCHED_IDLE).
IDLE = ("lint", "sanity", "playbooks", "unit", "versions", "more_versions", "coverage", "mutation")
# What these have in common is Docker on this machine: none may install, start or stop it under another. Nor under e2e,
# which does all that as a user does. The longest first, so that what is left for the end is short.
SCENARIOS = ("molecule", "offline", "kubernetes", "alone")
DOCKER_STAYS = "MONITOR_LAB_DOCKER_STAYS"


def log_of(name: str) -> Path:
    return LOGS / f"{name}.log"


def command_of(name: str) -> list[str]:
    return [sys.executable, "-m", "tests", name]


class Watch:
    """How long something took, and how busy the machine was meanwhile, by whatever."""

    def __init__(self) -> None:
        self.start = time.monotonic()
        self.busy, self.all = self.processors()

    @staticmethod
    def processors() -> tuple[float, float]:
        times = psutil.cpu_times()
        # What guests had is in `user` too.
        everything = times.user + times.nice + times.system + times.idle + times.iowait + times.irq + times.softirq
        return everything - times.idle - times.iowait, everything

    def __str__(self) -> str:
        busy, everything = self.processors()
        share = (busy - self.busy) / max(everything - self.all, 0.01)
        return f"{time.monotonic() - self.start:.0f} s, processors {share:.0%} busy"


def logged(name: str, command: list[str]) -> tuple[bool, float]:
    """Whether it passed, and the processor seconds of it and of what it waited for: not of what is in containers."""
    LOGS.mkdir(parents=True, exist_ok=True)
    with log_of(name).open("w") as log:
        process = subprocess.Popen(
            command, cwd=CHECKOUT, stdout=log, stderr=subprocess.STDOUT, env={**os.environ, DOCKER_STAYS: "yes"}
        )
        status, usage = os.wait4(process.pid, 0)[1:]
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode == 0, usage.ru_utime + usage.ru_stime


def passes(name: str) -> bool:
    """Run a part by itself, and say how it ended, how long it took, and how much of that it worked."""
    watch = Watch()
    passed, worked = logged(name, [*(["chrt", "--idle", "0"] if name in IDLE else []), *command_of(name)])
    print(f"{name:<11} {'passed' if passed else 'FAILED'} in {watch}, {worked:.0f} s by its programs", flush=True)
    return passed


def docker(state: str) -> bool:
    play = ["ansible-playbook", "--inventory=localhost,", "molecule/shared/docker.yml"]
    return logged(f"docker-{state}", [*play, f"--extra-vars=docker_state={state}"])[0]


def those_that_fail(names: list[str]) -> list[str]:
    passed = {name: passes(name) for name in ALONE if name in names}
    scenarios = [name for name in SCENARIOS if name in names]
    with ThreadPoolExecutor(2) as idle, ThreadPoolExecutor(2) as pool:
        running = {name: idle.submit(passes, name) for name in IDLE if name in names}
        if "e2e" in names:
            passed["e2e"] = passes("e2e")
        if scenarios:
            passed["docker-started"] = docker("started")
            running |= {name: pool.submit(passes, name) for name in scenarios}
        passed |= {name: future.result() for name, future in running.items()}
    if scenarios:
        passed["docker-stopped"] = docker("stopped")
    return [name for name in passed if not passed[name]]


def what_failed(log: str) -> str:
    """The last lines of a part's log; of a play that failed, the last ones before what Molecule does after it."""
    lines = log.splitlines()
    recap = re.compile(r" : ok=.* (unreachable|failed)=[1-9]")
    end = next((number for number, line in enumerate(lines, 1) if recap.search(line)), None)
    return "\n".join(lines[:end][-SHOWN_LINES:])


def main(names: list[str]) -> int:
    unknown = sorted(set(names) - set(PARTS))
    if unknown:
        print(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}", file=sys.stderr)
        return 2
    if len(names) == 1:
        return int(not PARTS[names[0]]())
    watch = Watch()
    failed = those_that_fail(names or list(USUAL))
    print(f"all in {watch}", flush=True)
    for name in failed:
        print(f"\n== {name} failed; all that it printed is in {log_of(name)}\n{what_failed(log_of(name).read_text())}")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

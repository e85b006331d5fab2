# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The pipelines of docs/pipeline.md, their steps run as shell, against a service that they start themselves."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from tests.checks.tree import copy_as_collection
from tests.documents import blocks
from tests.integration.locust_run.real_locust import free_port

PAGE = Path("docs/pipeline.md")
BIN = Path(sys.executable).parent


def steps_of(pipeline: dict[str, Any]) -> list[str]:
    """Return what a pipeline has its runner's shell do; GitHub's has a new one for each step."""
    if "jobs" in pipeline:
        return [step["run"] for step in pipeline["jobs"]["gate"]["steps"] if "run" in step]
    return ["\n".join(pipeline["load-test"]["script"])]


YAML = [yaml.safe_load(block.text) for block in blocks(PAGE, "yaml")]
PIPELINES = {
    "GitHub Actions": next(one for one in YAML if "jobs" in one),
    "GitLab CI": next(one for one in YAML if "load-test" in one),
}


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What Galaxy would have: this checkout."""
    folder = tmp_path_factory.mktemp("artifact")
    command = [str(BIN / "ansible-galaxy"), "collection", "build", "--output-path", str(folder)]
    subprocess.run(command, cwd=copy_as_collection(folder), check=True, stdout=subprocess.DEVNULL)
    (path,) = folder.glob("*.tar.gz")
    return path


class Runner:
    """A folder with the page's gate.yml and locustfile.py, in which a pipeline's steps are run, for seconds only."""

    def __init__(self, folder: Path, artifact: Path) -> None:
        self.folder = folder
        self.groups: list[int] = []
        self._instead = {
            "--no-deps devsecops.monitor_lab": f"--no-deps {artifact}",
            "127.0.0.1:8089": f"127.0.0.1:{free_port()}",
            "8000": str(free_port()),
            "run_time: 30s": "run_time: 6s",
        }
        (folder / "gate.yml").write_text(self._here(blocks(PAGE, "yaml")[0].text))
        (folder / "locustfile.py").write_text(blocks(PAGE, "python")[0].text)

    def _here(self, text: str) -> str:
        for there, here in self._instead.items():
            text = text.replace(there, here)
        return text

    def run(self, step: str) -> int:
        """Return what the step ends with in the shell of a runner, which ends at the first failure."""
        around = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHON"))}
        around |= {"PATH": f"{BIN}:{around['PATH']}", "ANSIBLE_COLLECTIONS_PATH": str(self.folder / "collections")}
        shell = subprocess.Popen(
            ["bash", "-e", "-o", "pipefail", "-c", self._here(step)],
            cwd=self.folder,
            env=around,
            start_new_session=True,
        )
        self.groups.append(shell.pid)
        return shell.wait(timeout=120)


@pytest.fixture
def runner(tmp_path: Path, artifact: Path) -> Iterator[Runner]:
    made = Runner(tmp_path, artifact)
    yield made
    for group in made.groups:
        # Nothing may be left of it.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)


def outcome(runner: Runner) -> dict[str, list[str]]:
    """Return the test cases of the one run's JUnit report, by name, each with what is wrong with it."""
    (report,) = (runner.folder / "artifacts").glob("*/junit.xml")
    cases = ElementTree.parse(report).iter("testcase")
    return {case.attrib["name"]: [fault.tag for fault in case] for case in cases}


@pytest.mark.parametrize("name", PIPELINES)
def test_the_gate_is_open_for_a_service_that_holds_what_it_promises(name: str, runner: Runner) -> None:
    for step in steps_of(PIPELINES[name]):
        assert runner.run(step) == 0, step
    cases = outcome(runner)
    assert {"run", "p95 < 200", "fail_ratio < 0.01"} <= cases.keys()
    assert not any(cases.values())


def test_the_gate_is_closed_for_one_that_does_not(runner: Runner) -> None:
    install, load = steps_of(PIPELINES["GitHub Actions"])
    assert runner.run(install) == 0
    # What is asked for is not there.
    (runner.folder / "locustfile.py").write_text(blocks(PAGE, "python")[0].text.replace('"/"', '"/nowhere"'))
    assert runner.run(load) == 2
    assert "failure" in outcome(runner)["fail_ratio < 0.01"]

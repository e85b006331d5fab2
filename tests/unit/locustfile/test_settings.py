# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The shipped locustfile in a process of its own each time: importing Locust patches the one that does it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

LOCUSTFILE = Path(__file__).resolve().parents[3] / "files" / "locust" / "locustfile.py"


def run(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def ratios(**environment: str) -> dict[str, float]:
    shown = run("-m", "locust", "-f", LOCUSTFILE, "--show-task-ratio-json", **environment)
    assert shown.returncode == 0, shown.stderr
    tasks = json.loads(shown.stdout)["total"]["TokenizationServiceUser"]["tasks"]
    return {name: task["ratio"] for name, task in tasks.items()}


@pytest.fixture
def token(tmp_path: Path) -> str:
    path = tmp_path / "token"
    path.write_text("secret\n")
    return str(path)


def test_without_a_token_nothing_is_detokenized() -> None:
    assert ratios(DETOKENIZE_WEIGHT="5") == {"tokenize": 1}


def test_weights_by_default(token: str) -> None:
    assert ratios(TOKENIZATION_BEARER_TOKEN_FILE=token) == {"tokenize": 0.9, "detokenize": 0.1}


def test_weights_as_set(token: str) -> None:
    weights = {"TOKENIZE_WEIGHT": "1", "DETOKENIZE_WEIGHT": "3"}
    assert ratios(TOKENIZATION_BEARER_TOKEN_FILE=token, **weights) == {"tokenize": 0.25, "detokenize": 0.75}


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"WAIT_MIN": "-1"}, "WAIT_MIN is '-1'; set it to a number of 0 or more"),
        ({"WAIT_MAX": "soon"}, "WAIT_MAX is 'soon'; set it to a number of 0 or more"),
        ({"WAIT_MIN": "3"}, "WAIT_MIN is 3, more than WAIT_MAX, which is 2"),
        ({"TOKENIZE_WEIGHT": "1.5"}, "TOKENIZE_WEIGHT is 1.5; a task's weight is a whole number"),
        ({"TOKENIZE_WEIGHT": "0"}, "TOKENIZE_WEIGHT is 0; only what was tokenized"),
        ({"TOKENIZATION_BEARER_TOKEN_FILE": "/nowhere"}, "No such file or directory: '/nowhere'"),
        ({"TOKENIZATION_BEARER_TOKEN_FILE": os.devnull}, f"TOKENIZATION_BEARER_TOKEN_FILE {os.devnull} is empty"),
    ],
)
def test_bad_settings_end_it_with_one_line(environment: dict[str, str], message: str) -> None:
    loaded = run(LOCUSTFILE, **environment)
    assert loaded.returncode == 1
    assert loaded.stderr.startswith("locustfile: ")
    assert message in loaded.stderr
    assert loaded.stderr.count("\n") == 1

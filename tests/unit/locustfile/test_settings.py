# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The shipped locustfile under different environments, in a process of its own: Locust patches what imports it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

LOCUSTFILE = Path(__file__).resolve().parents[3] / "files" / "locust" / "locustfile.py"
# Locust, which takes a second to import, is imported once for all of them.
LOAD = """
import collections, json, os, runpy, sys
outcomes = []
for environment in json.load(sys.stdin):
    os.environ.update(environment)
    try:
        user = runpy.run_path(sys.argv[1])["TokenizationServiceUser"]
        outcomes.append(collections.Counter(task.__name__ for task in user.tasks))
    except SystemExit as error:
        outcomes.append(error.code)
    for name in environment:
        del os.environ[name]
print(json.dumps(outcomes))
"""
TOKEN = {"TOKENIZATION_BEARER_TOKEN_FILE": "token", "TOKENIZATION_URL": "http://127.0.0.1:30500"}
WEIGHTS = [
    ({}, {"tokenize": 9}),
    ({"DETOKENIZE_WEIGHT": "5"}, {"tokenize": 9}),
    (TOKEN, {"tokenize": 9, "detokenize": 1}),
    ({**TOKEN, "TOKENIZE_WEIGHT": "1", "DETOKENIZE_WEIGHT": "3"}, {"tokenize": 1, "detokenize": 3}),
    ({**TOKEN, "DETOKENIZE_WEIGHT": "0"}, {"tokenize": 9}),
]
REFUSED = [
    ({"WAIT_MIN": "-1"}, "WAIT_MIN is '-1'; set it to a number of 0 or more"),
    ({"WAIT_MAX": "soon"}, "WAIT_MAX is 'soon'; set it to a number of 0 or more"),
    ({"WAIT_MAX": "inf"}, "WAIT_MAX is 'inf'; set it to a number of 0 or more"),
    ({"WAIT_MIN": "3"}, "WAIT_MIN is 3, more than WAIT_MAX, which is 2"),
    ({"TOKENIZE_WEIGHT": "1.5"}, "TOKENIZE_WEIGHT is 1.5; a task's weight is a whole number"),
    ({"TOKENIZE_WEIGHT": "0"}, "TOKENIZE_WEIGHT is 0; only what was tokenized"),
    ({"TOKENIZATION_BEARER_TOKEN_FILE": "/nowhere"}, "No such file or directory: '/nowhere'"),
    ({"TOKENIZATION_BEARER_TOKEN_FILE": os.devnull}, f"{os.devnull} holds 0 words; it must hold the bearer token"),
    ({"TOKENIZATION_BEARER_TOKEN_FILE": "words"}, "words holds 2 words; it must hold the bearer token"),
    ({"TOKENIZATION_BEARER_TOKEN_FILE": "token"}, "needs TOKENIZATION_URL, the service that the token is for"),
]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> list[object]:
    folder = tmp_path_factory.mktemp("locustfile")
    (folder / "token").write_text("a-bearer-token\n")
    (folder / "words").write_text("a token")
    environments = [environment for environment, outcome in [*WEIGHTS, *REFUSED]]
    run = subprocess.run(
        [sys.executable, "-c", LOAD, LOCUSTFILE],
        # What Locust itself does for a locustfile.
        env={**os.environ, "PYTHONPATH": str(LOCUSTFILE.parent)},
        input=json.dumps(environments),
        capture_output=True,
        check=True,
        cwd=folder,
        text=True,
    )
    loaded: list[object] = json.loads(run.stdout)
    return loaded


@pytest.mark.parametrize("case", range(len(WEIGHTS)))
def test_weights(outcomes: list[object], case: int) -> None:
    assert outcomes[case] == WEIGHTS[case][1]


@pytest.mark.parametrize("case", range(len(REFUSED)))
def test_bad_settings_end_it_with_one_line(outcomes: list[object], case: int) -> None:
    message = outcomes[len(WEIGHTS) + case]
    assert isinstance(message, str)
    assert message.startswith("locustfile: ")
    assert REFUSED[case][1] in message
    assert "\n" not in message

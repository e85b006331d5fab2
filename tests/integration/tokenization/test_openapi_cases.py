# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""10,000 requests that schemathesis makes from the OpenAPI document: only documented answers, and none of 5xx."""

from __future__ import annotations

import subprocess
import sys
from urllib.parse import urlsplit

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import ignored_auth

from tests.integration.tokenization.service import BEARER, Service

CASES = 10_000
ROUTES = ("/tokenize", "/detokenize")
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)


def ask(document: schemathesis.BaseSchema, route: str, mode: GenerationMode, cases: int) -> int:
    session = requests.Session()
    # What is sent to another host is refused as such, whatever it is.
    headers = {**BEARER, "Host": urlsplit(document.get_base_url()).netloc}
    asked = 0

    @settings(
        max_examples=cases,
        phases=[Phase.generate],
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=document[route]["POST"].as_strategy(generation_mode=mode))
    def one(case: schemathesis.Case) -> None:
        nonlocal asked
        asked += 1
        # Wrong bearer tokens are slowed: the run below looks at them, a few times.
        case.call_and_validate(session=session, headers=headers, excluded_checks=[ignored_auth])

    one()
    return asked


@pytest.mark.timeout(1200)
def test_every_answer_is_documented(on_sqlite: Service) -> None:
    service = on_sqlite.start()
    document = schemathesis.openapi.from_url(f"{service.url}/openapi.json")
    asked = [ask(document, route, mode, CASES // len(ROUTES) // len(MODES)) for route in ROUTES for mode in MODES]
    assert sum(asked) >= CASES
    # What is not about bodies: methods, headers, who may ask.
    command = (
        "-m",
        "schemathesis.cli",
        "run",
        f"{service.url}/openapi.json",
        "--phases",
        "coverage",
        "--checks",
        "all",
    )
    bearer = "Authorization: {Authorization}".format(**BEARER)
    done = subprocess.run(
        [sys.executable, *command, "--header", bearer], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout
    assert service.terminate() == 0
    assert not [line for line in service.logged() if line["level"] == "ERROR"]

# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Takes under a minute on two busy cores."""

from __future__ import annotations

import contextlib
import http.server
import json
import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.integration.locustfile.conftest import BEARER_TOKEN, SEED, Result, load, tokenization
from tests.stranger import listening


def test_stores_and_reads_back(service: str, token_file: str) -> None:
    result = load(service, TOKENIZATION_BEARER_TOKEN_FILE=token_file, DETOKENIZE_WEIGHT="3")
    assert (result.exit_code, result.failures) == (0, {}), result.output
    assert result.requests.keys() == {"/tokenize", "/detokenize"}
    assert result.requests["/tokenize"] > result.requests["/detokenize"] > 10
    headers = {"Authorization": f"Bearer {BEARER_TOKEN}"}
    stored = {}
    for name in (f"token_{number}" for number in range(1, 101)):
        answer = requests.post(f"{service}/detokenize", json={"name": name}, headers=headers, timeout=5)
        if answer.ok:
            stored[name] = answer.json()["data"]
    assert stored
    assert stored == {name: f"example sensitive info of {name}" for name in stored}


def test_processes_that_replace_each_others_data_agree(service: str, token_file: str) -> None:
    def run(process: int) -> Result:
        return load(service, TOKENIZATION_BEARER_TOKEN_FILE=token_file, DETOKENIZE_WEIGHT="9")

    with ThreadPoolExecutor() as processes:
        for result in processes.map(run, range(2)):
            assert (result.exit_code, result.failures) == (0, {}), result.output
            assert result.requests["/detokenize"] > 10


def test_without_a_token_only_stores(service: str) -> None:
    result = load(service)
    assert (result.exit_code, result.failures) == (0, {}), result.output
    assert result.requests.keys() == {"/tokenize"}


def test_a_wrong_token_fails_what_needs_it(service: str, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("not-the-bearer-token")
    result = load(service, TOKENIZATION_BEARER_TOKEN_FILE=str(tmp_path / "token"), DETOKENIZE_WEIGHT="3")
    assert result.exit_code == 1
    assert result.failures == {"/detokenize": result.requests["/detokenize"]}


def test_a_service_that_takes_the_token_for_storing_too(tmp_path: Path, token_file: str) -> None:
    with tokenization(tmp_path, TOKENIZATION_REQUIRE_TOKEN_TO_TOKENIZE="1") as url:
        result = load(url, TOKENIZATION_BEARER_TOKEN_FILE=token_file)
    assert (result.exit_code, result.failures) == (0, {}), result.output


def test_the_seeds_locustfile_runs_unchanged(service: str, tmp_path: Path) -> None:
    locustfile = Path(shutil.copy(SEED, tmp_path / "locustfile.py"))
    result = load(service, locustfile=locustfile)
    assert (result.exit_code, result.failures) == (0, {}), result.output
    assert result.requests.keys() == {"/tokenize"}


# The last two a URL's readers may take for the service's or for the stranger's, each in its own way.
@pytest.mark.parametrize("named", ["{stranger}", "{service}@{stranger_address}", "{service}#@{stranger_address}"])
def test_another_host_never_gets_the_token(service: str, token_file: str, named: str) -> None:
    with listening() as (stranger, heard):
        host = named.format(stranger=stranger, service=service, stranger_address=stranger.removeprefix("http://"))
        result = load(host, TOKENIZATION_BEARER_TOKEN_FILE=token_file, TOKENIZATION_URL=service, DETOKENIZE_WEIGHT="9")
    assert "/detokenize" not in result.requests
    assert heard or named != "{stranger}"
    assert "bearer" not in "".join(heard).lower()
    assert BEARER_TOKEN not in "".join(heard)
    assert "nothing is detokenized there" in result.output


def test_a_redirect_does_not_take_the_token_along(token_file: str) -> None:
    with contextlib.ExitStack() as started:
        stranger, heard = started.enter_context(listening())
        service, asked = started.enter_context(listening(redirect=stranger))
        result = load(service, TOKENIZATION_BEARER_TOKEN_FILE=token_file)
    assert BEARER_TOKEN in "".join(asked)
    assert heard == []
    assert result.failures == result.requests, "a redirect is a failure"


class WrongAnswers(http.server.BaseHTTPRequestHandler):
    """A double: the real service never gives these answers."""

    protocol_version = "HTTP/1.1"
    answer = b""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        content = json.dumps({"token": "00"}).encode() if self.path == "/tokenize" else self.answer
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(params=[b'{"data": "example sensitive info of token_0"}', b'{"text": ""}', b"[1]", b"not JSON", b""])
def wrong_service(request: pytest.FixtureRequest) -> Iterator[str]:
    handler = type("Handler", (WrongAnswers,), {"answer": request.param})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_wrong_answer_is_a_failure(wrong_service: str, token_file: str) -> None:
    result = load(wrong_service, TOKENIZATION_BEARER_TOKEN_FILE=token_file, DETOKENIZE_WEIGHT="3")
    assert result.exit_code == 1
    assert result.failures == {"/detokenize": result.requests["/detokenize"]}
    assert "the answer is not the data that was stored under the name" in result.output

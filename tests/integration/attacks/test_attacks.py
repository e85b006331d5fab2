# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Each attack does to the real service what it says, goes to no other, and ends by itself."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.checks.tree import CHECKOUT
from tests.integration.locust_run.real_locust import Playbook
from tests.integration.locustfile.conftest import BEARER_TOKEN, tokenization
from tests.stranger import listening
from tests.waiting import wait_until

LOCUST = CHECKOUT / "files" / "locust"
ATTACKS = LOCUST / "attacks"
NAMES = sorted(path.stem for path in ATTACKS.glob("[!_]*.py"))
# What the service counts of each, and nothing else: answers by route, and why it refused.
COUNTED = {
    "spike": {"/tokenize 200"},
    "credential_guessing": {"/detokenize 401", "/detokenize wrong_credential"},
    "credential_missing": {"/detokenize 401", "/detokenize no_credential"},
    "enumeration": {"/detokenize 404", "/detokenize unknown_name", "/detokenize unknown_token"},
    "malformed": {
        *(f"/tokenize {status}" for status in (400, 405, 415, 422)),
        *(f"/tokenize {reason}" for reason in ("malformed", "wrong_method", "wrong_type")),
    },
    "oversized": {"/tokenize 413", "/tokenize too_large"},
    "slow_client": set(),
    "endpoint_failure": {"/tokenize 200", "/detokenize 200"},
    "soak": {"/tokenize 200", "/detokenize 200"},
}


ANSWERS = re.compile(r'^tokenization_requests_total\{.*route="(/\w*tokenize)",status="(.*)"\} (\S+)$', re.MULTILINE)
REFUSALS = re.compile(r'^tokenization_refusals_total\{reason="(.*)",route="(.*)"\} (\S+)$', re.MULTILINE)


def counted(url: str) -> Counter[str]:
    text = requests.get(f"{url}/metrics", timeout=10).text
    lines = ANSWERS.findall(text) + [(route, reason, count) for reason, route, count in REFUSALS.findall(text)]
    return +Counter({f"{route} {what}": int(float(count)) for route, what, count in lines})


def receiving(url: str) -> int:
    text = requests.get(f"{url}/metrics", timeout=10).text
    (count,) = re.findall(r'^tokenization_connections\{state="receiving"\} (\S+)$', text, re.MULTILINE)
    return int(float(count))


def environment(service: str, folder: Path) -> dict[str, str]:
    return {
        "TOKENIZATION_URL": service,
        "TOKENIZATION_BEARER_TOKEN_FILE": str(folder / "token"),
        "PYTHONPATH": f"{LOCUST}:{ATTACKS}",
    }


def command(locustfile: Path, host: str, users: int = 5, seconds: int = 5) -> list[str]:
    options = ["--headless", f"--locustfile={locustfile}", f"--host={host}", f"--run-time={seconds}s"]
    return [sys.executable, "-P", "-m", "locust", *options, f"--users={users}", f"--spawn-rate={users}"]


def attack(locustfile: Path, host: str, around: dict[str, str], users: int = 5, seconds: int = 5) -> tuple[int, str]:
    """Locust's exit code, and what it said."""
    done = subprocess.run(
        command(locustfile, host, users, seconds),
        env={**os.environ, **around},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout


@pytest.fixture
def stranger() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0), backlog=20) as listener:
        yield listener


def test_each_attack_is_looked_at() -> None:
    assert sorted(COUNTED) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_service_counts_what_the_attack_is_called(name: str, tmp_path: Path) -> None:
    with tokenization(tmp_path) as service:
        # Until it has done each thing, by chance, as often as it is due.
        seen: set[str] = set()
        for _attempt in range(3):
            code, said = attack(ATTACKS / f"{name}.py", service, environment(service, tmp_path))
            assert code == 0, said
            seen = set(counted(service))
            if seen == COUNTED[name]:
                break
        assert seen == COUNTED[name], said


def test_a_slow_client_holds_a_connection_for_each_user(tmp_path: Path) -> None:
    with tokenization(tmp_path) as service:
        arguments = command(ATTACKS / "slow_client.py", service, users=60, seconds=60)
        around = {**os.environ, **environment(service, tmp_path)}
        held = subprocess.Popen(arguments, env=around, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_until("all are held", lambda: receiving(service) == 60, 40)
            assert requests.get(f"{service}/readyz", timeout=10).ok
        finally:
            held.terminate()
            held.wait()
        wait_until("all are let go", lambda: receiving(service) == 0, 40)


def test_a_service_that_lets_itself_be_held_is_a_failure(stranger: socket.socket, tmp_path: Path) -> None:
    text = "import slow_client\nslow_client.MOST_HELD_SECONDS = 2\nfrom slow_client import SlowClient\n"
    (tmp_path / "slow.py").write_text(text)
    (tmp_path / "token").write_text(BEARER_TOKEN)
    host = f"http://127.0.0.1:{stranger.getsockname()[1]}"
    code, said = attack(tmp_path / "slow.py", host, environment(host, tmp_path))
    assert code == 1, said
    assert "the service lets a client hold a connection for as long as he likes" in said


def test_endpoint_failure_takes_503_of_writes_and_goes_on_reading(tmp_path: Path) -> None:
    """The vault is locked as the exercise does it."""
    with tokenization(tmp_path) as service:
        running = subprocess.Popen(
            command(ATTACKS / "endpoint_failure.py", service, users=3, seconds=20),
            env={**os.environ, **environment(service, tmp_path)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        wait_until("it reads", lambda: counted(service)["/detokenize 200"] > 10, 40)
        with contextlib.closing(sqlite3.connect(tmp_path / "vault.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            before = counted(service)
            said = running.communicate()[0]
            after = counted(service) - before
    assert running.returncode == 0, said
    assert after["/tokenize 503"] > 0
    assert after["/detokenize 200"] > 10
    assert after.keys() <= {"/tokenize 503", "/detokenize 200", "/tokenize 200"}


@pytest.mark.parametrize("name", NAMES)
def test_no_stranger_is_attacked(name: str, stranger: socket.socket, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(BEARER_TOKEN)
    host = f"http://127.0.0.1:{stranger.getsockname()[1]}"
    code, said = attack(ATTACKS / f"{name}.py", host, environment("http://127.0.0.1:9", tmp_path), seconds=1)
    assert code == 2
    assert f"the lab's own service, TOKENIZATION_URL: set ATTACK_URL to attack {host}, if it is yours" in said
    stranger.settimeout(0.1)
    with pytest.raises(TimeoutError):
        stranger.accept()


def test_one_that_is_named_is_attacked_without_the_token(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(BEARER_TOKEN)
    with listening() as (named, heard):
        around = {**environment("http://127.0.0.1:9", tmp_path), "ATTACK_URL": named}
        code, said = attack(ATTACKS / "spike.py", named, around)
    assert code == 0, said
    assert len(heard) > 10
    assert "bearer" not in "".join(heard).lower()


@pytest.mark.parametrize("name", ["enumeration", "endpoint_failure"])
@pytest.mark.parametrize("without", ["a token", "the service that it is for"])
def test_what_takes_the_token_says_so(name: str, without: str, stranger: socket.socket, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(BEARER_TOKEN)
    host = f"http://127.0.0.1:{stranger.getsockname()[1]}"
    around = {**environment("http://127.0.0.1:9", tmp_path), "ATTACK_URL": host}
    if without == "a token":
        around |= {"TOKENIZATION_URL": host, "TOKENIZATION_BEARER_TOKEN_FILE": ""}
    code, said = attack(ATTACKS / f"{name}.py", host, around, seconds=1)
    assert code == 2
    assert "needs TOKENIZATION_BEARER_TOKEN_FILE, and the service that the token is for" in said


def test_users_rate_and_time_are_bounded(tmp_path: Path) -> None:
    (tmp_path / "brief.py").write_text(
        "import spike\nclass Brief(spike.Spike):\n    most_users, most_seconds = 2, 1\n", encoding="utf-8"
    )
    with tokenization(tmp_path) as service:
        around = environment(service, tmp_path)
        code, said = attack(tmp_path / "brief.py", service, around, users=2)
        assert code == 0, said
        # Ten a second of each for one of five seconds, and what each begins with.
        assert 2 <= counted(service)["/tokenize 200"] <= 22
        code, said = attack(tmp_path / "brief.py", service, around, users=3, seconds=1)
        assert code == 2
        assert "Brief has no more than 2 users in a process" in said


@pytest.fixture
def playbook(tmp_path: Path) -> Iterator[Playbook]:
    playbook = Playbook(tmp_path)
    yield playbook
    playbook.end()


# The last ends no request before the service does.
@pytest.mark.parametrize(("name", "seconds"), [("Spike", 5), ("CredentialGuessing", 5), ("SlowClient", 15)])
def test_locust_run_runs_it_by_its_class(name: str, seconds: int, playbook: Playbook, tmp_path: Path) -> None:
    files = ("spike", "credential_guessing", "slow_client")
    with tokenization(tmp_path) as service:
        played = playbook.run(
            mode="process",
            locust_url=f"http://127.0.0.1:{free_port()}",
            locustfile=",".join(str(ATTACKS / f"{file}.py") for file in files),
            user_classes=[name],
            users=3,
            spawn_rate=3,
            run_time=seconds,
            host=service,
            environment=environment(service, tmp_path),
        )
    assert played.result["verdict"] == "passed", played.result["msg"]
    assert played.summary["settings"]["user_classes"] == [name]


def test_locust_run_says_that_no_stranger_was_attacked(
    playbook: Playbook, stranger: socket.socket, tmp_path: Path
) -> None:
    played = playbook.run(
        mode="process",
        locust_url=f"http://127.0.0.1:{free_port()}",
        locustfile=str(ATTACKS / "spike.py"),
        users=3,
        spawn_rate=3,
        run_time=5,
        host=f"http://127.0.0.1:{stranger.getsockname()[1]}",
        environment=environment("http://127.0.0.1:9", tmp_path),
    )
    assert played.result["verdict"] == "incomplete"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port

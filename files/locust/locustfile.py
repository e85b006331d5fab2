# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The load on the tokenization service. README.md beside this file lists the environment variables that shape it."""

from __future__ import annotations

import gc
import logging
import os
import random
import sys
from pathlib import Path

from locust import between, events, task
from locust.env import Environment

from lean_http_user import LeanHttpUser

log = logging.getLogger(__name__)


def number(variable: str, default: float) -> float:
    """Return the value of an environment variable, a number >= 0."""
    text = os.environ.get(variable) or str(default)
    try:
        value = float(text)
    except ValueError:
        value = -1
    if not 0 <= value < float("inf"):
        sys.exit(f"locustfile: {variable} is {text!r}; set it to a number of 0 or more")
    return value


def weight(variable: str, default: int) -> int:
    value = number(variable, default)
    if value != int(value):
        sys.exit(f"locustfile: {variable} is {value}; a task's weight is a whole number")
    return int(value)


def service() -> str:
    """Return the base URL of the service that the bearer token is for; a run may name any other host."""
    return os.environ.get("TOKENIZATION_URL", "").rstrip("/")


def is_service(host: str | None) -> bool:
    """Whether the token may go there. No URL is taken apart here, so none can be read in two ways."""
    return host is not None and host.rstrip("/") == service()


def authorization() -> dict[str, str]:
    """Return the header that detokenizing takes (and tokenizing, if asked to), or none where no token is configured."""
    path = os.environ.get("TOKENIZATION_BEARER_TOKEN_FILE")
    if not path:
        return {}
    try:
        words = Path(path).read_text(encoding="ascii").split()
    except (OSError, UnicodeDecodeError) as error:
        sys.exit(f"locustfile: TOKENIZATION_BEARER_TOKEN_FILE can't be read: {error}")
    if len(words) != 1:
        sys.exit(
            f"locustfile: TOKENIZATION_BEARER_TOKEN_FILE {path} holds {len(words)} words; it must hold the bearer token"
        )
    if not service():
        sys.exit("locustfile: TOKENIZATION_BEARER_TOKEN_FILE needs TOKENIZATION_URL, the service that the token is for")
    return {"Authorization": f"Bearer {words[0]}"}


def data_for(name: str) -> str:
    # The same for every user and worker, so that one may replace what another stored; different for every name, so
    # that an answer that belongs to another name is recognised.
    return f"example sensitive info of {name}"


AUTHORIZATION = authorization()
TOKENIZE_WEIGHT = weight("TOKENIZE_WEIGHT", 9)
DETOKENIZE_WEIGHT = weight("DETOKENIZE_WEIGHT", 1) if AUTHORIZATION else 0
WAIT_MIN = number("WAIT_MIN", 1)
WAIT_MAX = number("WAIT_MAX", 2)
if not TOKENIZE_WEIGHT:
    sys.exit("locustfile: TOKENIZE_WEIGHT is 0; only what was tokenized can be detokenized, so set it to 1 or more")
if WAIT_MIN > WAIT_MAX:
    sys.exit(f"locustfile: WAIT_MIN is {WAIT_MIN:g}, more than WAIT_MAX, which is {WAIT_MAX:g}")


@events.test_start.add_listener
def say_what_is_left_out(environment: Environment, **_kwargs: object) -> None:
    if AUTHORIZATION and not is_service(environment.host):
        log.warning("%r is not %s, which the token is for: nothing is detokenized there", environment.host, service())


# What is loaded by now stays: the collector need not go through it again and again.
gc.freeze()


class TokenizationServiceUser(LeanHttpUser):
    wait_time = between(WAIT_MIN, WAIT_MAX)
    # The token goes to nobody who only says that he is the service.
    insecure = False
    # The service does not redirect: whatever does is a failure, and is not followed with the token.
    valid_response_codes = frozenset([200])

    def __init__(self, environment: Environment) -> None:
        # Of this user: whoever starts a run chooses the host, and the class's changes with the next run.
        self.host = self.host
        self.detokenizes = is_service(self.host)
        if self.detokenizes:
            self.default_headers = AUTHORIZATION
        super().__init__(environment)

    def on_start(self) -> None:
        self.stored: set[str] = set()

    @task(TOKENIZE_WEIGHT)
    def tokenize(self) -> None:
        name = f"token_{random.randint(1, 1000)}"
        response = self.client.post("/tokenize", json={"name": name, "data": data_for(name)})
        if response.status_code == 200:
            self.stored.add(name)

    @task(DETOKENIZE_WEIGHT)
    def detokenize(self) -> None:
        if not (self.stored and self.detokenizes):
            self.tokenize()
            return
        name = random.choice(tuple(self.stored))
        with self.client.post("/detokenize", json={"name": name}, catch_response=True) as response:
            if response.status_code != 200:
                return  # Locust counts it as a failure.
            try:
                right = response.json()["data"] == data_for(name)
            except (ValueError, KeyError, TypeError):
                right = False
            if not right:
                response.failure("the answer is not the data that was stored under the name")

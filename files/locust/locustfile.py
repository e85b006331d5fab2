# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The load on the tokenization service. README.md beside this file lists the environment variables that shape it."""

from __future__ import annotations

import gc
import os
import random
import sys
from pathlib import Path

from locust import FastHttpUser, between, task


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

# What is loaded by now stays: the collector need not go through it again and again.
gc.freeze()


class TokenizationServiceUser(FastHttpUser):
    wait_time = between(WAIT_MIN, WAIT_MAX)
    default_headers = AUTHORIZATION

    def on_start(self) -> None:
        self.stored: set[str] = set()
        # The service sets none, and looking for them with every request costs a tenth of the rate.
        self.client.client.cookiejar = None

    @task(TOKENIZE_WEIGHT)
    def tokenize(self) -> None:
        name = f"token_{random.randint(1, 1000)}"
        response = self.client.post("/tokenize", json={"name": name, "data": data_for(name)})
        if response.status_code == 200:
            self.stored.add(name)

    @task(DETOKENIZE_WEIGHT)
    def detokenize(self) -> None:
        if not self.stored:
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

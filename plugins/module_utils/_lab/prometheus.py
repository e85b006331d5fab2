# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""Prometheus asked by its API: https://prometheus.io/docs/prometheus/latest/querying/api/."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.parse
from collections.abc import Callable, Mapping
from typing import Any, Optional

from ansible.module_utils.urls import open_url

from .._locust.transport import printable

MOST_BYTES = 32 * 2**20
# Of what is said of a query that is refused.
_MOST_SAID = 500

Ask = Callable[[str, Mapping[str, Any]], Any]
"""Path below C(/api/v1) and parameters → C(data) of the answer. Raises PrometheusError."""


class PrometheusError(Exception):
    """Prometheus did not tell; the message says why."""


def asker(url: str, username: Optional[str], password: Optional[str], ca_path: Optional[str], timeout: int) -> Ask:
    """Return what asks the Prometheus at a URL. The environment's proxy is not used."""

    def ask(path: str, parameters: Mapping[str, Any]) -> Any:
        try:
            with open_url(
                f"{url.rstrip('/')}/api/v1/{path}?{urllib.parse.urlencode(parameters)}",
                timeout=timeout,
                use_proxy=False,
                url_username=username,
                url_password=password,
                force_basic_auth=username is not None,
                # A redirect would take the login to another address.
                follow_redirects="none",
                use_netrc=False,
                ca_path=ca_path,
            ) as answer:
                body = answer.read(MOST_BYTES + 1)
        except urllib.error.HTTPError as error:
            with error:
                said = printable(error.read(_MOST_SAID).decode(errors="replace"))
            raise PrometheusError(f"Prometheus at {url} answers {error.code}: {said}") from error
        except (OSError, http.client.HTTPException) as error:
            raise PrometheusError(f"no answer from Prometheus at {url}: {getattr(error, 'reason', error)}") from error
        if len(body) > MOST_BYTES:
            raise PrometheusError(f"an answer of Prometheus at {url} is larger than {MOST_BYTES} bytes")
        try:
            return json.loads(body)["data"]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise PrometheusError(f"what answers at {url} is no Prometheus") from error

    return ask

# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""Prometheus asked for what it knows of a stretch of time: https://prometheus.io/docs/prometheus/latest/querying/api/."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any, Optional, TypeVar
from urllib.error import HTTPError
from urllib.parse import urlencode

from ansible.module_utils.urls import Request

TIMEOUT = 10
MOST_BYTES = 32 * 2**20

Answer = TypeVar("Answer")


class PrometheusError(Exception):
    """Prometheus did not tell what it was asked."""


@dataclass(frozen=True)
class Series:
    labels: Mapping[str, str]
    points: Sequence[tuple[float, float]]
    """Each a time in seconds since the epoch and a number."""


class Prometheus:
    """One Prometheus, with the login and the authority that it wants. The environment's proxy is not asked."""

    def __init__(
        self, url: str, username: Optional[str] = None, password: Optional[str] = None, ca_path: Optional[str] = None
    ) -> None:
        if not url.startswith(("http://", "https://")) or "@" in url:
            raise PrometheusError("prometheus_url must be http://HOST[:PORT][/PATH] or https://…, with no login in it")
        self.url = url.rstrip("/")
        self._request = Request(
            headers={"Accept": "application/json"},
            url_username=username,
            url_password=password or "",
            force_basic_auth=username is not None,
            ca_path=ca_path,
            timeout=TIMEOUT,
            use_proxy=False,
            # A redirect would take the login to another address.
            follow_redirects="none",
            use_netrc=False,
        )

    def at(self, query: str, time: float) -> list[Mapping[str, str]]:
        """Return the labels of each series of a query at one moment."""
        asked = {"query": query, "time": f"{time:.3f}"}
        return self._ask("query", asked, lambda data: [dict(one["metric"]) for one in data["result"]])

    def over(self, query: str, start: float, end: float, step: float) -> list[Series]:
        """Return each series of a query over a time, without what is no number."""
        asked = {"query": query, "start": f"{start:.3f}", "end": f"{end:.3f}", "step": f"{step:.3f}"}

        def read(data: Any) -> list[Series]:
            return [Series(dict(one["metric"]), _numbers(one["values"])) for one in data["result"]]

        return self._ask("query_range", asked, read)

    def runbooks(self) -> dict[str, str]:
        """Return by the name of each alert where its rule says that it is explained."""

        def read(data: Any) -> dict[str, str]:
            rules = [rule for group in data["groups"] for rule in group["rules"]]
            return {rule["name"]: str(rule["annotations"].get("runbook_url", "")) for rule in rules}

        return self._ask("rules", {"type": "alert"}, read)

    def _ask(self, path: str, arguments: Mapping[str, str], read: Callable[[Any], Answer]) -> Answer:
        where = f"{self.url}/api/v1/{path}"
        try:
            with self._request.open("GET", f"{where}?{urlencode(arguments)}") as response:
                body = response.read(MOST_BYTES + 1)
        except HTTPError as error:
            with error:
                raise PrometheusError(f"{where} answered HTTP {error.code}{_said(error.read(MOST_BYTES))}") from error
        except (OSError, HTTPException, ValueError) as error:
            raise PrometheusError(f"no answer from {where}: {getattr(error, 'reason', error)}") from error
        if len(body) > MOST_BYTES:
            raise PrometheusError(f"the answer of {where} is larger than {MOST_BYTES} bytes")
        try:
            return read(json.loads(body)["data"])
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise PrometheusError(f"{where} did not answer as a Prometheus does") from error


def prometheus_from(options: Mapping[str, Any]) -> Optional[Prometheus]:
    """Return the Prometheus that the options of C(arguments.PROMETHEUS) name; none where they name none."""
    if not options["prometheus_url"]:
        return None
    names = ("prometheus_url", "prometheus_username", "prometheus_password", "prometheus_ca_path")
    return Prometheus(*(options[name] for name in names))


def _numbers(values: Sequence[tuple[float, str]]) -> list[tuple[float, float]]:
    points = [(time, float(text)) for time, text in values]
    return [(time, number) for time, number in points if math.isfinite(number)]


def _said(body: bytes) -> str:
    """Return what Prometheus itself says of a refusal, after a colon; a proxy before it says anything."""
    try:
        return f": {json.loads(body)['error']}"
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""

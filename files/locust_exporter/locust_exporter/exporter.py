# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""One scrape: ask Locust, and write a page that is true whatever Locust answered."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector, generate_latest

from locust_exporter import __version__, histograms, metrics
from locust_exporter.exposition import Page, labels
from locust_exporter.locust import Locust, LocustError, Reason

log = logging.getLogger(__name__)


class Exporter:
    """Makes the page of metrics, for use from several threads. `timeout` is what one scrape may take, in seconds."""

    def __init__(self, locust: Locust, timeout: float, namespace: str, histogram_endpoints: int) -> None:
        self._locust = locust
        self._timeout = timeout
        self._namespace = namespace
        self._histogram_endpoints = histogram_endpoints
        self._outcomes: Counter[Reason] = Counter()
        self._said: dict[str, str] = {}
        self._lock = threading.Lock()
        self._process = CollectorRegistry(auto_describe=False)
        ProcessCollector(registry=self._process)
        PlatformCollector(registry=self._process)

    def scrape(self, timeout: float | None = None) -> bytes:
        """The whole page; `timeout` shortens the exporter's own, and is what the asking Prometheus will wait."""
        start = time.monotonic()
        deadline = start + min(self._timeout, timeout or self._timeout)
        own: list[bytes] = []
        page = Page(self._namespace)
        version: str | None = None
        try:
            answer, has_histograms = self._locust.stats(deadline, lambda: own.append(generate_latest(self._process)))
            truncated = metrics.write(page, answer)
            if has_histograms:
                truncated["histograms"] = self._write_histograms(page, deadline)
            page.family(
                "gauge",
                "table_truncated",
                "1 where rows of this table are left out: Locust gives 500 rows at most.",
                [("{" + labels(table=table) + "}", int(reached)) for table, reached in truncated.items()],
            )
            version = self._version(deadline)
            reason, detail = Reason.OK, ""
        except LocustError as error:
            reason, detail = error.reason, error.detail
        except metrics.NotLocust as error:
            reason, detail = Reason.NOT_LOCUST, str(error)
        if reason is not Reason.OK:
            page = Page(self._namespace)
            self._locust.forget()
        with self._lock:
            self._outcomes[reason] += 1
            outcomes = dict(self._outcomes)
        self._log(reason, detail)
        up = Page(self._namespace)
        up.family("gauge", "up", "1 if Locust gave its figures at this scrape.", [("", int(reason is Reason.OK))])
        up.family("gauge", "up_info", "What came of asking Locust.", [("{" + labels(reason=reason.value) + "}", 1)])
        if version:
            up.family("gauge", "version_info", "Locust's version.", [("{" + labels(version=version) + "}", 1)])
        self._write_own(up, outcomes, time.monotonic() - start)
        return b"".join((up.encode(), page.encode(), own[0] if own else generate_latest(self._process)))

    def _write_histograms(self, page: Page, deadline: float) -> bool:
        return histograms.write(page, self._locust.histograms(deadline), self._histogram_endpoints)

    def _version(self, deadline: float) -> str | None:
        try:
            return self._locust.version(deadline)
        except LocustError as error:
            log.info("Locust's version cannot be read: %s", error)
            return None

    def _log(self, reason: Reason, detail: str) -> None:
        """Once for each change: a scrape every few seconds would fill a disk with the same line."""
        with self._lock:
            before = self._said.get("up", Reason.OK)
            self._said["up"] = reason
        if reason is before:
            return
        if reason is Reason.OK:
            log.info("Locust at %s answers again", self._locust.uri)
        else:
            log.warning("Locust at %s cannot be read (%s): %s", self._locust.uri, reason.value, detail)

    def _write_own(self, page: Page, outcomes: dict[Reason, int], seconds: float) -> None:
        page.family(
            "gauge",
            "exporter_build_info",
            "The exporter's version.",
            [("{" + labels(version=__version__) + "}", 1)],
        )
        page.family(
            "counter",
            "exporter_scrapes_total",
            "Scrapes by what came of asking Locust.",
            [("{" + labels(outcome=reason.value) + "}", outcomes.get(reason, 0)) for reason in Reason],
        )
        page.family("gauge", "exporter_scrape_duration_seconds", "Time that this scrape took.", [("", seconds)])

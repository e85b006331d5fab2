# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""One scrape: ask Locust, and write a page that is true whatever Locust answered."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector, generate_latest

from locust_exporter import __version__, histograms, metrics, run_mark
from locust_exporter.exposition import MAX_PAGE, Page, PageTooLargeError, labels
from locust_exporter.locust import HISTOGRAMS_HEADER, RUN_HEADER, Locust, LocustError, Reason

log = logging.getLogger(__name__)

_OUTCOMES = [(reason, f'{{outcome="{reason.value}"}}') for reason in Reason]


class Exporter:
    """Makes the page of metrics, for use from several threads. `timeout` is what one scrape may take, in seconds."""

    title = "Locust Exporter"

    def __init__(self, locust: Locust, timeout: float, namespace: str, histogram_endpoints: int) -> None:
        self._locust = locust
        self._timeout = timeout
        self._namespace = namespace
        self._histogram_endpoints = histogram_endpoints
        self._outcomes: Counter[Reason] = Counter()
        self._refused_logins = 0
        self._said: dict[str, Reason] = {}
        self._lock = threading.Lock()
        self._process = CollectorRegistry(auto_describe=False)
        ProcessCollector(registry=self._process)
        PlatformCollector(registry=self._process)
        self._process_figures = b""
        self.look_at_process()

    def scrape(self, timeout: float | None = None) -> bytes:
        """Return the whole page; `timeout`, in seconds, shortens the exporter's own."""
        start = time.monotonic()
        deadline = start + (self._timeout if timeout is None else min(self._timeout, timeout))
        page = Page(self._namespace)
        try:
            answer, plugins = self._locust.stats(deadline)
            truncated = metrics.write(page, answer)
            if RUN_HEADER in plugins:
                self._write_mark(page, deadline)
            if HISTOGRAMS_HEADER in plugins and self._histogram_endpoints:
                truncated |= self._write_histograms(page, deadline)
            page.family(
                "gauge",
                "table_truncated",
                "1 where rows of this table are left out: Locust gives 500 rows at most.",
                [("{" + labels(table=table) + "}", int(reached)) for table, reached in truncated.items()],
            )
            self._write_version(page, deadline)
            reason, detail = Reason.OK, ""
        except LocustError as error:
            reason, detail = error.reason, error.detail
        except metrics.NotLocustError as error:
            reason, detail = Reason.NOT_LOCUST, str(error)
        except PageTooLargeError:
            reason, detail = Reason.TOO_LARGE, f"the page of metrics would be larger than {MAX_PAGE} bytes"
        if reason is not Reason.OK:
            page = Page(self._namespace)
            self._locust.forget()
        with self._lock:
            self._outcomes[reason] += 1
            outcomes = self._outcomes.copy()
        self._say("figures", reason, detail)
        page.family("gauge", "up", "1 if Locust gave its figures at this scrape.", [("", int(reason is Reason.OK))])
        page.family("gauge", "up_info", "What came of asking Locust.", [(f'{{reason="{reason.value}"}}', 1)])
        self._write_own(page, outcomes, time.monotonic() - start)
        return page.encode() + self._process_figures

    def count_refused_login(self) -> None:
        with self._lock:
            self._refused_logins += 1

    def look_at_process(self) -> None:
        """Take the figures of the exporter's own process for the next page.

        That takes as long as all the rest of a small page, so it is done when nobody waits.
        """
        self._process_figures = generate_latest(self._process)

    def _write_histograms(self, page: Page, deadline: float) -> dict[str, bool]:
        try:
            answer = self._locust.histograms(self._histogram_endpoints, deadline)
        except LocustError as error:
            self._say("histograms", error.reason, error.detail)
            return {}
        self._say("histograms", Reason.OK, "")
        return {"histograms": histograms.write(page, answer, self._histogram_endpoints)}

    def _write_mark(self, page: Page, deadline: float) -> None:
        try:
            answer = self._locust.run(deadline)
        except LocustError as error:
            self._say("run's mark", error.reason, error.detail)
            return
        self._say("run's mark", Reason.OK, "")
        run_mark.write(page, answer)

    def _write_version(self, page: Page, deadline: float) -> None:
        try:
            version = self._locust.version(deadline)
        except LocustError as error:
            self._say("version", error.reason, error.detail)
            return
        self._say("version", Reason.OK, "")
        if version:
            page.family("gauge", "version_info", "Locust's version.", [("{" + labels(version=version) + "}", 1)])

    def _say(self, what: str, reason: Reason, detail: str) -> None:
        """Log a change, and nothing at the scrapes after it, which would fill a disk with the same line."""
        with self._lock:
            before = self._said.get(what, Reason.OK)
            self._said[what] = reason
        if reason is before:
            return
        if reason is Reason.OK:
            log.info("the %s of Locust at %s can be read again", what, self._locust.uri)
        else:
            log.warning("the %s of Locust at %s cannot be read (%s): %s", what, self._locust.uri, reason.value, detail)

    def _write_own(self, page: Page, outcomes: Counter[Reason], seconds: float) -> None:
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
            [(pair, outcomes[reason]) for reason, pair in _OUTCOMES],
        )
        page.family(
            "counter",
            "exporter_refused_logins_total",
            "Requests to the exporter with a wrong user name or password.",
            [("", self._refused_logins)],
        )
        page.family(
            "gauge",
            "page_info",
            "Where the exporter finds Locust's page.",
            [("{" + labels(url=self._locust.uri) + "}", 1)],
        )
        page.family("gauge", "exporter_scrape_duration_seconds", "Time that this scrape took.", [("", seconds)])

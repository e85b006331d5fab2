# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The page of a report: its numbers are the summary's, and it is harmless and small whatever it is about."""

from __future__ import annotations

import json
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._report.artifacts import ReportError, Run, read_run
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._report.chart import check_library
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._report.page import (
    MOST_ENDPOINTS,
    as_file,
    name_of,
    page_of_exercise,
    page_of_run,
    page_of_time,
)
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._report.prometheus import Prometheus

from tests.unit.report.made_run import EARLIER, EXERCISE, NAME, STARTED, made_exercise, made_run, row

# What a page may be made of. Whatever else is in it came out of a name.
TAGS = {
    *(
        "html",
        "head",
        "meta",
        "title",
        "link",
        "style",
        "body",
        "header",
        "section",
        "footer",
        "h1",
        "h2",
        "h3",
        "p",
        "ul",
    ),
    *(
        "li",
        "a",
        "strong",
        "span",
        "div",
        "dl",
        "dt",
        "dd",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "data",
        "figure",
    ),
    *("figcaption", "pre", "svg", "defs", "clippath", "g", "path", "rect", "text", "line", "use"),
}
EMPTY = {"meta", "link"}
NASTY = "</td></style><script>alert(1)</script><img src=x onerror=alert(1)> {{ 7 * 7 }} $x^2$ & ' \" \u202e \x00 \ud800"


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str, str]] = []
        self.numbers: list[Any] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(as_file(text).decode("utf-8"))
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self.open += [] if tag in EMPTY else [tag]
        if tag == "data":
            self.numbers.append(json.loads(dict(attrs)["value"] or ""))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in EMPTY:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)

    @property
    def shown(self) -> str:
        return " ".join(" ".join(self.words).split())


def harmless(page: Page) -> None:
    """Fail where it has anything that it was not made with, or that a browser would load."""
    assert page.tags <= TAGS, page.tags - TAGS
    assert not [each for each in page.attributes if each[1].startswith("on")]
    loads = [
        each for each in page.attributes if each[1] in ("src", "srcset", "data", "poster", "xlink:href", "background")
    ]
    assert [each for each in loads if not each[2].startswith("#")] == []
    assert [value for tag, name, value in page.attributes if tag == "link" and name == "href"] == ["data:,"]
    style = re.sub(r"url\(#\w+\)", "", page.text)
    assert "url(" not in style and "@import" not in style
    ids = [value for _tag, name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    assert len(as_file(page.text)) < 2e6


def test_its_numbers_are_the_summarys(tmp_path: Path) -> None:
    rows = [row(), row("/b", "POST", num_requests=50000, rps=123.45678901234567, p95=3400.0)]
    run = made_run(tmp_path, endpoints=rows, overall={**row("Aggregated", "", num_requests=50525), "num_exceptions": 0})
    page = Page(page_of_run(run))
    for each in (*rows, run.overall):
        for figure in (
            "num_requests",
            "num_failures",
            "rps",
            "p50",
            "p95",
            "p99",
            "avg",
            "min",
            "max",
            "avg_content_length",
        ):
            assert each[figure] in page.numbers, figure
    for shown in ("50,525", "123.46", "13.42", "3,400", "23.50"):
        assert shown in page.shown
    harmless(page)


@pytest.mark.parametrize(
    ("verdict", "word"), [("passed", "✓ passed"), ("failed", "✗ failed"), ("incomplete", "? incomplete")]
)
def test_a_verdict_is_a_word_and_a_sign(verdict: str, word: str, tmp_path: Path) -> None:
    page = Page(page_of_run(made_run(tmp_path, verdict=verdict, reasons=["the reason"], cautions=["the caution"])))
    assert word in page.shown
    assert "the reason" in page.shown and "the caution" in page.shown


def everywhere(text: str) -> dict[str, Any]:
    """Return the parts of a run with that text wherever one is somebody else's."""
    answer = {"threshold": "p95 < 200", "name": text, "method": text, "measured": 1.0, "passed": False, "message": text}
    return {
        "verdict": "failed",
        "reasons": [text],
        "cautions": [text],
        "thresholds": [answer],
        "endpoints": [row(text, text)],
        "errors": [{"method": text, "name": text, "error": text, "occurrences": 12}],
        "exceptions": [{"message": text, "traceback": text, "occurrences": 3}],
        "version": text,
        "options": {"host": text, "tags": [text], "locust_url": f"javascript:{text}"},
    }


def test_what_names_and_errors_hold_is_shown_and_not_obeyed(tmp_path: Path) -> None:
    page = Page(page_of_run(made_run(tmp_path, **everywhere(NASTY)), made_run(tmp_path, EARLIER)))
    harmless(page)
    assert page.shown.count("<script>alert(1)</script>") > 8
    assert "{{ 7 * 7 }}" in page.shown
    assert "\\u202e \\x00 \\ud800" in page.shown
    assert not [value for _tag, name, value in page.attributes if name == "href" and "javascript" in value]
    assert not set(page.text) & {"\u202e", "\x00", "\ud800"}


# In HTML the first is five characters, and spelt out the second is ten.
@pytest.mark.parametrize("character", ["&", "\U000e0001"])
def test_the_page_stays_small_whatever_it_is_about(character: str, tmp_path: Path) -> None:
    text = character * 3500
    parts = everywhere(text)
    parts["endpoints"] = [row(f"{number}{text}", num_requests=number) for number in range(500)]
    for name in ("errors", "exceptions", "reasons", "cautions", "thresholds"):
        parts[name] = parts[name] * 101
    runs = [made_run(tmp_path, name, length=7200, **parts) for name in (NAME, EARLIER)]
    page = Page(page_of_run(runs[0], runs[1]))
    harmless(page)
    assert f"And {500 - MOST_ENDPOINTS} more, in summary.json." in page.shown
    assert "characters more)" in page.shown
    # The busiest are shown.
    assert 499 in page.numbers and 299 not in page.numbers


def test_forty_endpoints_are_all_there(tmp_path: Path) -> None:
    page = Page(page_of_run(made_run(tmp_path, endpoints=[row(f"/{number}") for number in range(40)])))
    assert [f"GET /{number} " in page.shown for number in range(40)] == [True] * 40
    assert "more, in summary.json" not in page.shown


@pytest.mark.parametrize(
    "overall", [{}, {"num_requests": 3, "num_failures": 0, "fail_ratio": 0.0}], ids=["nothing", "what was known last"]
)
def test_a_run_of_which_locust_told_nothing(overall: dict[str, Any], tmp_path: Path) -> None:
    """As where Locust could not be asked at the end, and no request was made."""
    reasons = ["not a single request was made"]
    run = made_run(tmp_path, verdict="incomplete", reasons=reasons, overall=overall, endpoints=[], samples=[])
    page = Page(page_of_run(run))
    harmless(page)
    assert "not a single request was made" in page.shown
    assert "There is nothing to draw." in page.shown
    assert ("Locust told nothing of this run." in page.shown) == (not overall)
    assert ("No request failed." in page.shown) == bool(overall)
    assert "No task raised one." not in page.shown


def test_a_run_whose_requests_all_wait(tmp_path: Path) -> None:
    """Locust has no percentiles then, and no rates."""

    def figures(_elapsed: float) -> dict[str, Any]:
        return {"rps": None, "fail_per_sec": None, "p50": None, "p95": None, "generator_cpu": None, "workers": None}

    page = Page(page_of_run(made_run(tmp_path, figures=figures, workers=None)))
    assert "Users" in page.shown and "Response times, ms" not in page.shown


def test_failures_exceptions_and_thresholds_are_told(tmp_path: Path) -> None:
    thresholds = [
        {"threshold": "p95 < 20", "name": "", "method": "", "measured": 18.0, "passed": True, "message": "p95 is 18"},
        {"threshold": "p50 < 9000", "name": "", "method": "", "measured": 13.0, "passed": True, "message": "p50 is 13"},
        {
            "threshold": "p99 < 9",
            "name": "/a",
            "method": "GET",
            "measured": 21.0,
            "passed": False,
            "message": "p99 is 21",
        },
    ]
    errors = [{"method": "GET", "name": "/a", "error": "HTTPError('500')", "occurrences": number} for number in (1, 12)]
    exceptions = [{"message": "division by zero", "traceback": "line 1\n  line 2", "occurrences": 3}]
    page = Page(page_of_run(made_run(tmp_path, thresholds=thresholds, errors=errors, exceptions=exceptions)))
    assert "✓ yes p95 < 20 p95 is 18 the whole run" in page.shown
    assert "✗ no p99 < 9 p99 is 21 GET /a" in page.shown
    assert page.shown.index("12 GET /a") < page.shown.index("1 GET /a HTTPError")
    assert "division by zero" in page.shown and "line 1\n  line 2" in page.text
    # The other is far off the scale.
    assert "Dotted across: p95 < 20" in page.shown
    assert "p50 < 9000" not in page.shown[page.shown.index("Dotted across") :]


def test_it_leads_to_what_lies_beside_it(tmp_path: Path) -> None:
    run = made_run(tmp_path, files={"report.html": "Locust's"}, options={"locust_url": "http://127.0.0.1:8089"})
    page = Page(page_of_run(run, None, Prometheus("http://127.0.0.1:9/p/"), "http://127.0.0.1:3000/d/x?from=1&to=2"))
    links = [value for tag, name, value in page.attributes if (tag, name) == ("a", "href")]
    assert links == [
        *("report.html", "summary.json", "junit.xml", "samples.jsonl", "http://127.0.0.1:3000/d/x?from=1&to=2"),
        *("http://127.0.0.1:9/p", "http://127.0.0.1:9/p/alerts", "http://127.0.0.1:8089"),
    ]


def test_prometheus_that_does_not_answer_is_said(tmp_path: Path) -> None:
    page = Page(page_of_run(made_run(tmp_path), None, Prometheus("http://127.0.0.1:9")))
    assert "Prometheus could not be asked (no answer from Prometheus at http://127.0.0.1:9: " in page.shown
    assert "there are only the graphs of what the run itself saw, and alerts are not known" in page.shown
    assert "Requests, per second" in page.shown


def test_two_runs_have_one_scale(tmp_path: Path) -> None:
    def marks(run: Run, against: Run) -> list[list[str]]:
        text = page_of_run(run, against)
        pictures = re.findall(r"<figure>.*?</figure>", text[text.index("Response times") :], re.DOTALL)[:2]
        return [re.findall(r"<text[^>]*text-anchor: end[^>]*>([^<]*)", picture) for picture in pictures]

    slow = made_run(tmp_path, figures=lambda elapsed: {"p95": 180})
    first, second = marks(slow, made_run(tmp_path, EARLIER))
    assert first == second
    assert first[-1] == "150"


def test_a_stretch_of_time_lists_its_runs(tmp_path: Path) -> None:
    run = made_run(tmp_path, files={"report.html": "Locust's"}, verdict="failed")
    page = Page(page_of_time(STARTED - 60, STARTED + 600, [run], [NASTY]))
    harmless(page)
    assert f"{NAME} ✗ failed" in page.shown
    assert ("a", "href", f"{NAME}/report.html") in page.attributes
    (tmp_path / NAME / name_of()).write_text("ours")
    again = Page(page_of_time(STARTED - 60, STARTED + 600, [run]))
    assert ("a", "href", f"{NAME}/lab_report.html") in again.attributes


@pytest.mark.parametrize(("fires", "word"), [(True, "✓ green"), (False, "✗ red")])
def test_an_exercise_shows_its_table(fires: bool, word: str, tmp_path: Path) -> None:
    exercise = made_exercise(tmp_path, fires=fires)
    run = made_run(exercise.folder, files={"report.html": "Locust's"})
    page = Page(page_of_exercise(exercise, [run], [NASTY]))
    harmless(page)
    assert page.shown.startswith(f"The lab's {EXERCISE} The lab's {EXERCISE} {word}")
    assert "began attack expected fired after resolved after false alarms" in page.shown
    assert "2026-11-23 05:51:42 UTC baseline nothing none" in page.shown
    noticed = "22 s 12 s" if fires else "NEVER NEVER"
    assert f"2026-11-23 05:52:42 UTC slow_client SlowClients {noticed} none" in page.shown
    assert ("slow_client: SlowClients did not fire within 60 s" in page.shown) == (not fires)
    links = [value for tag, name, value in page.attributes if (tag, name) == ("a", "href")]
    assert links == [f"{NAME}/report.html", "junit.xml", "exercise.md", "exercise.json"]


def test_what_an_exercise_names_is_shown_and_not_obeyed(tmp_path: Path) -> None:
    page = Page(page_of_exercise(made_exercise(tmp_path, alert=NASTY), []))
    harmless(page)
    assert "<script>alert(1)</script>" in page.shown


def test_the_name_of_its_file_is_no_path(tmp_path: Path) -> None:
    made_run(tmp_path, EARLIER)
    summary = tmp_path / EARLIER / "summary.json"
    summary.write_text(summary.read_text().replace(EARLIER, "../../elsewhere"))
    assert name_of(read_run(tmp_path / EARLIER)) == f"lab_report_against_{EARLIER}.html"


def test_without_matplotlib_it_is_said_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    hidden: dict[str, Any] = sys.modules
    monkeypatch.setitem(hidden, "matplotlib", None)
    with pytest.raises(ReportError, match=r"install it by `\S+ -m pip install matplotlib`"):
        check_library()

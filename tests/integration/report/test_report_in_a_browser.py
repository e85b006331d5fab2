# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Reports of runs of a real Locust on the real service, with the exporter and Prometheus, opened in a real browser."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._report.artifacts import seconds_of

from tests.integration.browser.chromium import Browser, browser
from tests.integration.locust_exporter import harness
from tests.integration.locust_run.real_locust import Play, Playbook
from tests.integration.locustfile.conftest import tokenization
from tests.integration.locustfile.plugin_locusts import PLUGINS
from tests.unit.report.made_run import made_exercise

LOCUSTFILE = Path(__file__).with_name("locustfile.py")
RULES = """
groups:
  - name: report
    interval: 1s
    rules:
      - alert: RunFailing
        expr: locust_requests_fail_ratio > 0
        labels: {severity: critical, class: performance, note: "<b>fails</b>"}
        annotations: {runbook_url: "https://runbook.example/#runfailing"}
"""
FIGURES = ("num_requests", "num_failures", "rps", "p50", "p95", "p99", "avg", "min", "max", "avg_content_length")
COLUMNS_OF_LOCUST = ("Request Count", "Failure Count", "Average Response Time", "Requests/s", "50%", "95%", "99%")
PANELS = [
    "Requests, per second",
    "Failed requests, % of all",
    "Response times, ms",
    "Users",
    "CPU of the generators, % of a core",
    "Memory of the generators, MiB",
    "Answers of the service, per second",
    "CPU of the service, % of a core",
    "Memory of the service, MiB",
]


@dataclass
class Lab:
    prometheus: harness.Prometheus
    locust: harness.RealLocust
    playbook: Playbook
    runs: list[Path]
    """Of both, the folder with its artefacts."""

    def report(self, **options: Any) -> Path:
        given = {"artifacts_dir": str(self.playbook.artifacts), "prometheus_url": self.prometheus.url, **options}
        play = self.playbook.finish(self.playbook.start(module="lab_report", **given))
        assert play.code == 0, play.stdout
        return Path(play.result["report"])


class Numbers(HTMLParser):
    """The numbers of a page, each as programs and as people read it."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.found: list[tuple[Any, str]] = []
        self._value: str | None = None
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._value = dict(attrs)["value"] if tag == "data" else None

    def handle_data(self, data: str) -> None:
        if self._value is not None:
            self.found.append((json.loads(self._value), data))
            self._value = None


def run(playbook: Playbook, locust: str, host: str, prometheus: str) -> Play:
    play = playbook.run(
        locust_url=locust,
        host=host,
        users=4,
        spawn_rate=4,
        run_time="20s",
        lab="of these tests",
        thresholds=["fail_ratio <= 1", "num_exceptions >= 0", "p95 < 5000"],
        report=True,
        prometheus_url=prometheus,
        # Which does not answer.
        grafana_url="http://127.0.0.1:9",
        url_username="admin",
        url_password="of-these-tests",
        grafana_dashboard_uid="lab",
        progress=False,
    )
    assert play.code == 0, play.stdout + play.stderr
    assert "The run is not annotated in Grafana" in play.stdout + play.stderr
    return play


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("report")
    rules = folder / "rules.yml"
    rules.write_text(RULES)
    with ExitStack() as started:
        start = started.enter_context
        service = start(tokenization(tmp_path_factory.mktemp("service")))
        files = (LOCUSTFILE, PLUGINS / "histograms.py", PLUGINS / "run_mark.py")
        locust = start(harness.locust("2.47.0", files=files, master=True))
        start(locust.worker(LOCUSTFILE))
        exporter = start(harness.exporter(locust.url))
        more = f"  - job_name: tokenization\n    static_configs: [{{targets: ['{service.removeprefix('http://')}']}}]\n"
        scraped = exporter.url.removeprefix("http://")
        prometheus = start(harness.prometheus(scraped, extra=f"{more}rule_files: ['{rules}']\n"))
        locust.wait_for("the worker is there", lambda page: len(page["workers"]) == 1)
        playbook = Playbook(folder)
        started.callback(playbook.end)
        plays = [run(playbook, locust.url, service, prometheus.url) for _number in range(2)]
        assert [play.result["report"] for play in plays] == [
            f"{play.result['artifacts']}/lab_report.html" for play in plays
        ]
        yield Lab(prometheus, locust, playbook, [Path(play.result["artifacts"]) for play in plays])


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("browser")) as reader:
        yield reader


def test_its_numbers_are_those_of_the_summary_and_of_locust(lab: Lab) -> None:
    summary = json.loads((lab.runs[1] / "summary.json").read_text())
    found = Numbers(lab.runs[1] / "lab_report.html").found
    numbers = [number for number, _text in found]
    stats = summary["stats"]
    for row in [stats["overall"], *stats["endpoints"]]:
        for figure in FIGURES:
            assert row[figure] in numbers, figure
    # What Locust's own tables have, which it was asked for in the same moment: more comes late from its workers.
    with (lab.runs[1] / "locust_stats.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3
    for row in rows:
        for column in COLUMNS_OF_LOCUST:
            texts = [text for number, text in found if number == float(row[column])]
            assert texts and all(float(text.replace(",", "")) == round(float(row[column]), 2) for text in texts), column


def test_it_leads_to_grafana_at_its_time(lab: Lab) -> None:
    summary = json.loads((lab.runs[1] / "summary.json").read_text())
    page = (lab.runs[1] / "lab_report.html").read_text()
    since = re.search(r'href="http://127\.0\.0\.1:9/d/lab\?from=(\d+)&amp;to=', page)
    # The summary has whole milliseconds of what the link is rounded from.
    assert since and abs(int(since[1]) - (seconds_of(summary["started"]) - 5) * 1000) < 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_a_browser_shows_it_and_asks_for_nothing(lab: Lab, reader: Browser, width: int, scheme: str) -> None:
    page = lab.runs[1] / "lab_report.html"
    reader.open(page.as_uri(), width, scheme)
    assert reader.requests in ([page.as_uri()], [page.as_uri(), "data:,"])
    assert reader.run("document.title") == f"Load run {lab.runs[1].name}"
    assert reader.run("document.documentElement.scrollWidth") == width
    assert reader.run("[...document.querySelectorAll('figure h3')].map(each => each.innerText)") == PANELS
    text = reader.text
    overall = json.loads((lab.runs[1] / "summary.json").read_text())["stats"]["overall"]
    for shown in (f"{overall['num_requests']:,}", f"{overall['rps']:,.2f}", f"{overall['p95']:,.0f} ms", "✓ passed"):
        assert shown in text
    assert "<script>document.title='taken'</script>&\\u202e" in text
    assert "<img src=//198.51.100.1/x onerror=" in text
    assert reader.run("document.querySelector('td a').href") == "https://runbook.example/#runfailing"
    assert "RunFailing" in text and "<b>fails</b>" in text
    # What is read is told apart from what it stands on, by https://www.w3.org/TR/WCAG21/#contrast-minimum.
    pictures = [reader.run(f"getComputedStyle(document.querySelector('{each}')).{of}") for each, of in READ]
    behind = reader.run("getComputedStyle(document.body).backgroundColor")
    assert (luminance(behind) > 0.5) == (scheme == "light")
    assert [each for each, colour in zip(READ, pictures, strict=True) if contrast(colour, behind) < 4.5] == []
    # On a phone, too.
    heights = "[...document.querySelectorAll('figure svg text')].map(each => each.getBoundingClientRect().height)"
    assert min(reader.run(heights)) > 9


READ = [
    ("body", "color"),
    ("figcaption", "color"),
    ("a", "color"),
    (".good", "color"),
    ("figure svg text", "fill"),
    *((f'svg.key line[style$="{number})"]', "stroke") for number in range(2)),
]


def luminance(colour: str) -> float:
    """Return how bright a colour is, as WCAG has it."""
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_what_is_printed_is_black_on_white(lab: Lab, reader: Browser) -> None:
    reader.open((lab.runs[1] / "lab_report.html").as_uri(), scheme="dark")
    assert reader.printed().startswith(b"%PDF")
    dark = {"name": "prefers-color-scheme", "value": "dark"}
    reader.call("Emulation.setEmulatedMedia", media="print", features=[dark])
    assert reader.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert reader.run("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"


def test_two_runs_side_by_side(lab: Lab, reader: Browser) -> None:
    page = lab.report(run=lab.runs[1].name, against=lab.runs[0].name)
    assert page.parent == lab.runs[1]
    reader.open(page.as_uri(), 390)
    assert reader.run("document.documentElement.scrollWidth") == 390
    assert reader.run("[...document.querySelectorAll('.pair h3')].map(each => each.innerText)") == PANELS
    names = reader.run("[...document.querySelectorAll('.pair figcaption')].map(each => each.innerText)")
    assert names == [each.name for each in lab.runs] * len(PANELS)
    assert "windows of 12 s in which all users run, and these have" in reader.text
    assert page.stat().st_size < 2e6


def test_a_stretch_of_time(lab: Lab, reader: Browser) -> None:
    page = lab.report(**{"from": "10m"})
    reader.open(page.as_uri())
    assert reader.run("[...document.querySelectorAll('figure h3')].map(each => each.innerText)") == PANELS
    links = reader.run("[...document.querySelectorAll('tbody a')].map(each => each.getAttribute('href'))")
    assert links[:2] == [f"{each.name}/lab_report.html" for each in lab.runs]
    assert reader.requests in ([page.as_uri()], [page.as_uri(), "data:,"])


def test_an_exercise(lab: Lab, reader: Browser) -> None:
    begun = json.loads((lab.runs[0] / "samples.jsonl").read_text().partition("\n")[0])["time"]
    exercise = made_exercise(lab.playbook.artifacts, begun=begun)
    page = lab.report(run=exercise.name)
    assert page == exercise.folder / "lab_report.html"
    reader.open(page.as_uri(), 390)
    assert reader.run("document.documentElement.scrollWidth") == 390
    assert "✓ green" in reader.text and "SlowClients" in reader.text and "RunFailing" in reader.text
    assert reader.run("[...document.querySelectorAll('figure h3')].map(each => each.innerText)") == PANELS


def test_without_prometheus_it_has_what_the_run_saw(lab: Lab, reader: Browser) -> None:
    page = lab.report(run=lab.runs[0].name, prometheus_url="http://127.0.0.1:9")
    reader.open(page.as_uri())
    assert "Prometheus could not be asked (no answer from" in reader.text
    shown = reader.run("[...document.querySelectorAll('figure h3')].map(each => each.innerText)")
    assert shown == PANELS[:5]


def test_a_page_that_would_be_the_same_is_not_written(lab: Lab) -> None:
    def changed() -> bool:
        given = {"run": lab.runs[0].name, "artifacts_dir": str(lab.playbook.artifacts)}
        play = lab.playbook.finish(lab.playbook.start(module="lab_report", prometheus_url=lab.prometheus.url, **given))
        assert play.code == 0, play.stdout
        return bool(play.result["changed"])

    changed()
    assert not changed()


def test_each_line_is_there(lab: Lab) -> None:
    """A graph of which one is missing is drawn nevertheless."""
    pages = [lab.runs[1] / "lab_report.html", lab.report(**{"from": "10m"})]
    for page in pages:
        text = page.read_text(encoding="utf-8")
        for name in ("requests", "failures", "p50", "p95", "p99", "users"):
            assert re.search(rf"</svg> {name}</td>", text), (page.name, name)

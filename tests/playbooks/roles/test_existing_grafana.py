# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What the role does in a Grafana that is somebody else's: the stand-in, which answers as a real Grafana 7.5.5 did."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana.client import ROOT, Grafana

from tests.checks.tree import CHECKOUT
from tests.grafana_stand_in.stand_in import StandIn, handler
from tests.plays import ansible_playbook
from tests.small_server import reply, server
from tests.stranger import listening

PASSWORD = "geheim-4711"
THEIRS = {"name": "Prometheus", "uid": "theirs", "type": "prometheus", "access": "proxy", "url": "http://127.0.0.1:9"}
EXTERNAL = ("external", "dashboards")
STAYS = f"{CHECKOUT}/playbooks/templates/stays.j2"


@contextmanager
def prometheus() -> Iterator[str]:
    with server(reply(200, '{"status": "success", "data": {}}')) as there:
        yield there.url


@pytest.fixture
def grafana(tmp_path: Path) -> Iterator[Grafana]:
    (tmp_path / "data").mkdir()
    stand_in = StandIn(tmp_path / "data", tmp_path, "admin", PASSWORD, anonymous=False)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler(stand_in)) as there:
        Thread(target=there.serve_forever, kwargs={"poll_interval": 0.01}).start()
        yield Grafana(f"http://127.0.0.1:{there.server_port}", username="admin", password=PASSWORD)
        there.shutdown()


def played(
    grafana: str, url: str, folder: Path, *entries: str, options: tuple[str, ...] = (), **values: Any
) -> subprocess.CompletedProcess[str]:
    """Play entry points of the role on this machine, with the lab's Prometheus at `url`."""
    tasks: list[dict[str, Any]] = [
        {"ansible.builtin.import_role": {"name": "devsecops.monitor_lab.grafana", "tasks_from": entry}}
        for entry in entries
    ]
    tasks.append({"ansible.builtin.debug": {"msg": "found {{ grafana_differences | default(['none']) | first }}"}})
    tasks.append({"ansible.builtin.debug": {"msg": "{{ lookup('ansible.builtin.template', '" + STAYS + "') }}"}})
    (folder / "play.yml").write_text(json.dumps([{"hosts": "grafana", "gather_facts": False, "tasks": tasks}]))
    host = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    (folder / "hosts.json").write_text(json.dumps({"grafana": {"hosts": {"one": host}}}))
    (folder / "grafana_admin_password").write_text(PASSWORD)
    given = {
        "grafana_external_url": grafana,
        "monitor_lab_prometheus_url": url,
        "monitor_lab_secrets_dir": str(folder),
        "monitor_lab_config_dir": str(folder / "config"),
        "monitor_lab_host": {"distribution": {}, "docker": None},
        "monitor_lab_packages": [],
        **values,
    }
    done = ansible_playbook(
        folder / "play.yml", f"--inventory={folder}/hosts.json", f"--extra-vars={json.dumps(given)}", *options
    )
    assert PASSWORD not in done.stdout
    return done


def test_a_lab_comes_beside_what_is_there_and_goes_again(grafana: Grafana, tmp_path: Path) -> None:
    grafana.make_data_source(THEIRS)
    mine = {
        "kind": "ConfigMap",
        "apiVersion": "v1",
        "data": {"m.json": '{"uid": "mine", "title": "Mine", "panels": []}'},
    }
    (tmp_path / "mine.yaml").write_text(json.dumps(mine))
    more: dict[str, Any] = {"grafana_dashboards": [str(tmp_path / "mine.yaml")]}
    with prometheus() as url:
        checked = played(grafana.url, url, tmp_path, *EXTERNAL, options=("--check",), **more)
        assert checked.returncode == 0, checked.stdout
        assert [one["uid"] for one in grafana.data_sources()] == ["theirs"]
        done = played(grafana.url, url, tmp_path, *EXTERNAL, **more)
        assert done.returncode == 0, done.stdout
        again = played(grafana.url, url, tmp_path, *EXTERNAL, **more)
    assert "changed=0" in again.stdout
    names = {one["uid"]: one["name"] for one in grafana.data_sources()}
    assert names == {"theirs": "Prometheus", "monitor-lab-prometheus": "Prometheus (monitor_lab)"}
    imported = (*(f"monitor-lab-{name}" for name in ("locust", "tokenization", "security", "hosts")), "mine")
    kept = [grafana.dashboard(uid) for uid in imported]
    assert all(kept)
    assert kept[0] is not None
    assert kept[0].model["templating"]["list"][0]["current"]["value"] == "Prometheus (monitor_lab)"

    elsewhere = url.replace("127.0.0.1", "localhost")
    assert played(grafana.url, elsewhere, tmp_path, "absent", monitor_lab_keep_data=True).returncode == 0
    assert len(grafana.data_sources()) == 2
    gone = played(grafana.url, elsewhere, tmp_path, "absent", **more)
    assert gone.returncode == 0, gone.stdout
    assert [one["uid"] for one in grafana.data_sources()] == ["theirs"]
    assert [grafana.dashboard(uid) for uid in imported] == [None] * len(imported)


def test_a_dashboard_that_differs_is_seen(grafana: Grafana, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    mine = {"uid": "mine", "title": "Mine", "panels": []}
    more: dict[str, Any] = {"grafana_dashboards": [str(folder)]}
    (folder / "mine.json").write_text(json.dumps(mine))
    with prometheus() as url:
        done = played(grafana.url, url, tmp_path, *EXTERNAL, "compare_dashboards", **more)
    assert "found none" in done.stdout
    (folder / "mine.json").write_text(json.dumps({**mine, "refresh": "5s"}))
    assert "found a dashboard is another" in played(grafana.url, url, tmp_path, "compare_dashboards", **more).stdout
    (folder / "mine.json").write_text("{nope")
    assert (
        "found the dashboards cannot be seen" in played(grafana.url, url, tmp_path, "compare_dashboards", **more).stdout
    )


def kept_of(grafana: Grafana, uid: str) -> tuple[str, list[str], str]:
    """Return which data source a dashboard is bound to, its tags, and its folder."""
    kept = grafana.dashboard(uid)
    assert kept is not None
    return kept.model["templating"]["list"][0]["current"]["value"], kept.model["tags"], kept.folder.title


def test_of_two_labs_the_second_is_refused_until_it_has_a_name(grafana: Grafana, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    with prometheus() as first, prometheus() as second:
        done = played(grafana.url, first, tmp_path / "one", *EXTERNAL)
        assert done.returncode == 0, done.stdout
        before = grafana.data_sources(), kept_of(grafana, "monitor-lab-locust")
        refused = played(grafana.url, second, tmp_path / "other", *EXTERNAL)
        assert refused.returncode != 0
        assert "is of another lab, one-" in " ".join(refused.stdout.split())
        assert played(grafana.url, second, tmp_path / "other", "absent").returncode == 0
        assert (grafana.data_sources(), kept_of(grafana, "monitor-lab-locust")) == before

        # A data source of theirs suffices, but dashboards are the first lab's, too.
        grafana.make_data_source({**THEIRS, "name": "Theirs", "url": second})
        refused = played(grafana.url, second, tmp_path / "other", "dashboards", grafana_datasource="Theirs")
        assert "'Locust' with the uid 'monitor-lab-locust' is of another lab, one-" in " ".join(refused.stdout.split())
        grafana.delete_data_source("theirs")

        for options in ((), ("--check",)):
            done = played(grafana.url, second, tmp_path / "other", *EXTERNAL, options=options, grafana_lab="b")
            assert done.returncode == 0, done.stdout
        assert "changed=0" in done.stdout
        assert (grafana.data_sources()[:1], kept_of(grafana, "monitor-lab-locust")) == (before[0], before[1])
        assert [one["uid"] for one in grafana.data_sources()] == ["monitor-lab-prometheus", "monitor-lab-prometheus-b"]
        source, tags, folder = kept_of(grafana, "monitor-lab-locust-b")
        assert (source, folder, tags[-1].partition("-")[0]) == ("Prometheus (monitor_lab)", "b", "lab:b")

        gone = played(grafana.url, second, tmp_path / "other", "absent", grafana_lab="b")
        assert gone.returncode == 0, gone.stdout
        assert (grafana.data_sources(), kept_of(grafana, "monitor-lab-locust")) == before
        assert grafana.dashboard("monitor-lab-locust-b") is None


def test_another_url_is_corrected(grafana: Grafana, tmp_path: Path) -> None:
    with prometheus() as first, prometheus() as second:
        for url in (first, second):
            done = played(grafana.url, url, tmp_path, "external")
            assert done.returncode == 0, done.stdout
            assert [one["url"] for one in grafana.data_sources()] == [url]
        assert "changed=0" in played(grafana.url, second, tmp_path, "external").stdout


def test_a_data_source_with_that_url_is_used(grafana: Grafana, tmp_path: Path) -> None:
    with prometheus() as url:
        grafana.make_data_source({**THEIRS, "name": "Theirs", "url": url})
        done = played(grafana.url, url, tmp_path, *EXTERNAL)
    assert done.returncode == 0, done.stdout
    assert [one["name"] for one in grafana.data_sources()] == ["Theirs"]
    kept = grafana.dashboard("monitor-lab-locust")
    assert kept is not None
    assert kept.model["templating"]["list"][0]["current"]["value"] == "Theirs"


def test_the_data_source_that_is_named_is_used(grafana: Grafana, tmp_path: Path) -> None:
    with prometheus() as url:
        grafana.make_data_source({**THEIRS, "name": "Theirs", "url": url})
        given: dict[str, Any] = {"grafana_datasource": "Theirs", "monitor_lab_checked": True}
        done = played(grafana.url, "http://127.0.0.1:9", tmp_path, "external", **given)
    assert done.returncode == 0, done.stdout
    assert "changed=0" in done.stdout


def test_a_prometheus_that_grafana_does_not_reach_is_told(grafana: Grafana, tmp_path: Path) -> None:
    done = played(grafana.url, "http://127.0.0.1:9", tmp_path, "external")
    assert done.returncode != 0
    assert "gets no answer from Prometheus by its data source" in " ".join(done.stdout.split())


def test_settings_of_a_grafana_that_is_somebodys_are_refused(tmp_path: Path) -> None:
    given: dict[str, Any] = {"grafana_ini": {"smtp": {"password": "geheim-0815"}}, "grafana_plugins": ["a"]}
    done = played("http://127.0.0.1:9", "http://127.0.0.1:9", tmp_path, "preflight", monitor_lab_checked=True, **given)
    assert done.returncode != 0
    said = " ".join(done.stdout.split())
    assert "grafana_ini, grafana_plugins: this is for a Grafana of the lab's own" in said
    assert "geheim-0815" not in said


def test_a_token_goes_before_a_password(tmp_path: Path) -> None:
    (tmp_path / "grafana_token").write_text("glsa_4711\n")
    with listening() as there:
        done = played(there.url, "http://192.0.2.1:9090", tmp_path, "external")
    assert done.returncode != 0
    assert "Authorization: Bearer glsa_4711" in there.heard[0]
    assert "glsa_4711" not in done.stdout


def test_a_grafana_that_does_not_answer_is_left_and_told(tmp_path: Path) -> None:
    done = played("http://127.0.0.1:9", "http://192.0.2.1:9090", tmp_path, "absent")
    assert done.returncode == 0, done.stdout
    assert "what the lab made in http://127.0.0.1:9: GET http://127.0.0.1:9/api/health: no answer" in done.stdout


def test_what_somebody_saved_by_hand_is_left_and_told(grafana: Grafana, tmp_path: Path) -> None:
    mine = {"uid": "mine", "title": "Mine", "panels": []}
    (tmp_path / "mine.json").write_text(json.dumps(mine))
    grafana.save_dashboard(mine, ROOT, grafana.server().dialect, "by hand", None)
    done = played(
        grafana.url, "http://192.0.2.1:9090", tmp_path, "absent", grafana_dashboards=[str(tmp_path / "mine.json")]
    )
    assert done.returncode == 0, done.stdout
    assert "the dashboard 'Mine' was last saved by" in " ".join(done.stdout.split())
    assert grafana.dashboard("mine") is not None


def test_its_password_goes_nowhere_else(tmp_path: Path) -> None:
    with listening() as stranger, listening(redirect=stranger.url) as (grafana, asked):
        done = played(grafana, "http://192.0.2.1:9090", tmp_path, "external")
    assert done.returncode != 0
    assert "307" in done.stdout or "redirected" in done.stdout
    assert "Authorization: Basic" in asked[0]
    assert stranger.heard == []

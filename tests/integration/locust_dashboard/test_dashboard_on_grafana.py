# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The import against the recorded answers of a real Grafana 7.5.5."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana.client import ROOT, GrafanaError
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana.dashboard import DashboardError
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana.dashboard_import import (
    Change,
    Wish,
    absent,
    present,
)

from tests.integration.locust_dashboard.grafana_exchanges import Lab

JSON = dict[str, Any]

DASHBOARD: JSON = {
    "uid": "lab-locust",
    "title": "Locust",
    "schemaVersion": 27,
    "panels": [
        {
            "id": 1,
            "type": "stat",
            "title": "Users",
            "datasource": "${DS_PROMETHEUS}",
            "gridPos": {"x": 0, "y": 0, "w": 6, "h": 4},
            "targets": [{"expr": "locust_users", "refId": "A"}],
        }
    ],
}


AS_IT_IS = Wish()


def put(lab: Lab, wish: Wish = AS_IT_IS, *, check: bool = False, client: JSON | None = None, **changes: Any) -> Change:
    grafana = lab.client(**(client or {}))
    grafana.wait_until_ready(retries=0)
    [change] = present(grafana, [{**copy.deepcopy(DASHBOARD), **changes}], wish, check=check)
    return change


def remove(lab: Lab, wish: Wish, *given: JSON, check: bool = False, client: JSON | None = None) -> Change:
    [change] = absent(lab.client(**(client or {})), [copy.deepcopy(one) for one in given], wish, check=check)
    return change


def stored(lab: Lab, uid: str = "lab-locust") -> JSON:
    found: JSON = lab.api("GET", f"/api/dashboards/uid/{uid}")
    return found


def versions(lab: Lab) -> list[JSON]:
    found: list[JSON] = lab.api("GET", f"/api/dashboards/id/{stored(lab)['dashboard']['id']}/versions")
    return found


def test_first_import_changes_and_the_second_only_reads(lab: Lab) -> None:
    first = put(lab)
    assert (first.changed, first.uid, first.version, first.folder_uid) == (True, "lab-locust", 1, "")
    assert first.bound == {"DS_PROMETHEUS": "monitor-lab-prometheus"}
    assert first.after == {"title": "Locust", "uid": "lab-locust", "folder": "General"}
    assert stored(lab)["dashboard"]["panels"][0]["datasource"] == "Prometheus"
    lab.forget()
    second = put(lab)
    assert (second.changed, second.version, second.before, second.after) == (False, 1, {}, {})
    assert lab.exchanges.methods() == {"GET"}
    assert len(versions(lab)) == 1


def test_a_change_is_shown_and_stored(lab: Lab) -> None:
    put(lab)
    changed = put(lab, Wish(message="more often"), refresh="5s")
    assert (changed.changed, changed.version) == (True, 2)
    assert (changed.before, changed.after) == ({}, {"refresh": "5s"})
    assert stored(lab)["dashboard"]["refresh"] == "5s"
    assert versions(lab)[0]["message"] == "locust_dashboard: more often"


def test_check_mode_sends_only_get(lab: Lab) -> None:
    new = put(lab, Wish(folder="Load tests"), check=True)
    assert (new.changed, new.version, new.folder_uid) == (True, None, None)
    assert new.after == {"title": "Locust", "uid": "lab-locust", "folder": "Load tests"}
    assert lab.api("GET", "/api/folders") == []
    assert lab.api("GET", "/api/search") == []
    put(lab)
    before = (stored(lab), versions(lab))
    lab.forget()
    change = put(lab, Wish(folder="Load tests"), check=True, refresh="5s")
    assert change.changed
    assert (change.before, change.after) == ({"folder": "General"}, {"folder": "Load tests", "refresh": "5s"})
    assert remove(lab, Wish(uid="lab-locust"), check=True).changed
    assert lab.exchanges.methods() == {"GET"}
    assert (stored(lab), versions(lab)) == before
    assert lab.api("GET", "/api/folders") == []


def test_a_folder_is_made_and_found_by_title_and_uid(lab: Lab) -> None:
    made = put(lab, Wish(folder="Load tests"))
    assert made.folder_uid
    meta = stored(lab)["meta"]
    assert (meta["folderTitle"], made.folder_uid in meta["folderUrl"]) == ("Load tests", True)
    for folder in ("Load tests", made.folder_uid, None):
        again = put(lab, Wish(folder=folder))
        assert (again.changed, again.folder_uid) == (False, made.folder_uid)
    assert len(lab.api("GET", "/api/folders")) == 1


def test_a_change_leaves_a_dashboard_in_its_folder(lab: Lab) -> None:
    made = put(lab, Wish(folder="Load tests"))
    assert put(lab, refresh="5s").folder_uid == made.folder_uid
    assert stored(lab)["meta"]["folderTitle"] == "Load tests"


def test_a_dashboard_moves(lab: Lab) -> None:
    put(lab)
    moved = put(lab, Wish(folder="Load tests"))
    assert (moved.changed, moved.before, moved.after) == (True, {"folder": "General"}, {"folder": "Load tests"})
    assert stored(lab)["meta"]["folderTitle"] == "Load tests"
    back = put(lab, Wish(folder="General"))
    assert (back.changed, back.folder_uid) == (True, "")
    assert stored(lab)["meta"]["folderId"] == 0
    assert not put(lab).changed


def test_this_grafana_has_no_folders_in_folders(lab: Lab) -> None:
    with pytest.raises(DashboardError, match=r"folder 'Lab/Load tests': Grafana 7\.5\.5 has no folders in folders"):
        put(lab, Wish(folder="Lab/Load tests"))
    made = lab.api("POST", "/api/folders", {"title": "CI/CD"})
    assert put(lab, Wish(folder="CI/CD")).folder_uid == made["uid"]


def test_a_title_that_the_folder_has_is_refused(lab: Lab) -> None:
    other = {"uid": "other", "title": "Locust", "panels": [], "schemaVersion": 27}
    lab.api("POST", "/api/dashboards/db", {"dashboard": other})
    for check in (True, False):
        with pytest.raises(DashboardError) as raised:
            put(lab, check=check)
        assert str(raised.value) == (
            "the folder 'General' has another dashboard called 'Locust', with the uid 'other': "
            "set title, or set uid to 'other' to replace that one"
        )
    # Grafana compares what it makes of a title for the URL, so this is the same one to it.
    with pytest.raises(GrafanaError, match="412: A dashboard with the same name in the folder already exists"):
        put(lab, title="Locust!")
    assert stored(lab, "other")["dashboard"]["version"] == 1
    assert put(lab, Wish(folder="Load tests")).changed
    assert put(lab, Wish(uid="other")).version == 2


def test_what_someone_saved_by_hand_is_not_replaced_where_overwrite_is_false(lab: Lab) -> None:
    put(lab)
    assert put(lab, Wish(overwrite=False), refresh="5s").version == 2
    edited = {**stored(lab)["dashboard"], "refresh": "1m"}
    lab.api("POST", "/api/dashboards/db", {"dashboard": edited, "message": "by hand"})
    when = versions(lab)[0]["created"]
    for check in (True, False):
        with pytest.raises(DashboardError) as raised:
            put(lab, Wish(overwrite=False), check=check)
        assert f"'Locust' was last saved by admin at {when}, not by this module, and overwrite is false" in str(
            raised.value
        )
    assert stored(lab)["dashboard"]["refresh"] == "1m"
    assert put(lab, Wish(overwrite=False), refresh="1m").changed is False
    assert put(lab).version == 4


def test_a_first_version_made_by_hand_is_not_replaced_either(lab: Lab) -> None:
    lab.api("POST", "/api/dashboards/db", {"dashboard": {"uid": "lab-locust", "title": "Mine", "panels": []}})
    with pytest.raises(DashboardError, match="'Mine' was last saved by admin at 20"):
        put(lab, Wish(overwrite=False))


def test_a_version_that_someone_else_made_meanwhile_is_not_replaced(lab: Lab) -> None:
    put(lab)
    grafana = lab.client()
    read = grafana.dashboard("lab-locust")
    assert read is not None
    put(lab, refresh="5s")
    with pytest.raises(GrafanaError, match="412: The dashboard has been changed by someone else"):
        grafana.save_dashboard(read.model, ROOT, grafana.server().dialect, "late", read.version)


def test_a_viewer_is_told_so(lab: Lab) -> None:
    token = lab.api("POST", "/api/auth/keys", {"name": "lab-viewer", "role": "Viewer"})["key"]
    with pytest.raises(GrafanaError, match=r"403: .*This login's role does not allow it"):
        put(lab, client={"token": token})
    put(lab)
    assert put(lab, client={"token": token}).changed is False
    for check in (True, False):
        with pytest.raises(DashboardError, match="'Locust' can't be changed: this login may only view it"):
            put(lab, client={"token": token}, check=check, refresh="5s")
        with pytest.raises(DashboardError, match="'Locust' can't be deleted: this login may only view it"):
            remove(lab, Wish(uid="lab-locust"), check=check, client={"token": token})


def test_an_editors_token_is_enough(lab: Lab) -> None:
    token = lab.api("POST", "/api/auth/keys", {"name": "lab-editor", "role": "Editor"})["key"]
    assert put(lab, Wish(folder="Load tests", datasource="Second"), client={"token": token}).changed
    assert stored(lab)["dashboard"]["panels"][0]["datasource"] == "Second"


def test_a_refused_login_is_told_without_the_password(lab: Lab) -> None:
    for login in ({"password": "secret-wrong"}, {"token": "secret-wrong"}):
        with pytest.raises(
            GrafanaError, match=r"401: .*Check url_username and url_password, or grafana_api_key"
        ) as raised:
            put(lab, client=login)
        assert "secret-wrong" not in str(raised.value)


def test_an_organisation_is_named_in_each_request(lab: Lab) -> None:
    org = lab.api("POST", "/api/orgs", {"name": "Other"})["orgId"]
    with pytest.raises(DashboardError, match="this Grafana has none at all"):
        put(lab, client={"org_id": org})
    assert put(lab, client={"org_id": org}, panels=[{"id": 1, "type": "text"}]).changed
    assert lab.api("GET", "/api/search") == []
    assert lab.api("GET", "/api/org")["id"] == 1
    assert all("using" not in exchange["request"]["path"] for exchange in lab.exchanges.seen)
    with pytest.raises(GrafanaError, match="404: Organization not found"):
        put(lab, client={"org_id": 9999})


def test_a_dashboard_is_removed_once(lab: Lab) -> None:
    put(lab)
    assert remove(lab, AS_IT_IS, DASHBOARD).changed
    assert stored(lab) == {"message": "Dashboard not found"}
    lab.forget()
    assert not remove(lab, Wish(uid="lab-locust")).changed
    assert lab.exchanges.methods() == {"GET"}


def test_a_folders_uid_is_refused(lab: Lab) -> None:
    lab.api("POST", "/api/folders", {"uid": "lab-locust", "title": "A folder"})
    for act in (lambda: put(lab), lambda: remove(lab, Wish(uid="lab-locust"))):
        with pytest.raises(DashboardError, match="the uid 'lab-locust' belongs to the folder 'A folder'"):
            act()


def test_a_dashboard_from_a_file_is_refused(lab: Lab) -> None:
    """Recorded with a Grafana that has a dashboard `provisioned` from a file."""
    with pytest.raises(DashboardError, match="'From a file' comes from a file on the server, and can only be changed"):
        put(lab, uid="provisioned", title="Other")
    with pytest.raises(DashboardError, match="'From a file' comes from a file on the server, and can only be deleted"):
        remove(lab, Wish(uid="provisioned"), check=True)


def test_a_title_of_a_folder_is_refused_by_grafana(lab: Lab) -> None:
    lab.api("POST", "/api/folders", {"title": "Locust"})
    with pytest.raises(GrafanaError, match=r"400: .*folder"):
        put(lab)


def test_panel_types_that_this_grafana_lacks_are_warned_of(lab: Lab) -> None:
    panels = [{"id": 1, "type": "state-timeline", "title": "State"}, {"id": 2, "type": "singlestat", "title": "Old"}]
    outcome = put(lab, panels=panels)
    assert outcome.warnings == ["Grafana 7.5.5 has no panel type 'state-timeline', which is wanted by 'State'"]


def test_a_missing_data_source_is_told_before_anything_is_made(lab: Lab) -> None:
    with pytest.raises(DashboardError, match=r"datasource: this Grafana has no data source 'Nope'; it has Loki"):
        put(lab, Wish(datasource="Nope", folder="Load tests"))
    assert lab.exchanges.methods() == {"GET"}


def test_what_a_browser_adds_changes_nothing(lab: Lab) -> None:
    put(lab)
    saved = {**stored(lab)["dashboard"], "editable": True, "links": [], "style": "dark", "iteration": 1700000000000}
    lab.api("POST", "/api/dashboards/db", {"dashboard": saved})
    assert put(lab).changed is False

# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What somebody sets of Grafana reaches it as it is, or is refused with what to do instead."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._grafana_settings import (
    environment,
    settings_text,
)
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._values import KINDS

SMTP: dict[str, Any] = {
    "enabled": True,
    "host": "mail.example.org:587",
    "password": "a#b;c`\"'",
    "from_name": "",
    "ehlo_timeout": 5,
}


def test_settings_are_written_as_grafana_reads_them() -> None:
    # gopkg.in/ini.v1 takes what is between the first and the last three quotes.
    assert settings_text({"smtp": SMTP, "plugin.a-b": {"x": 0.5}}) == (
        '[smtp]\nenabled = """true"""\nhost = """mail.example.org:587"""\npassword = """a#b;c`"\'"""\n'
        'ehlo_timeout = """5"""\nfrom_name =\n[plugin.a-b]\nx = """0.5"""\n'
    )


def test_what_is_given_goes_before_the_roles_own() -> None:
    own: dict[str, Any] = {
        "GF_ANALYTICS_REPORTING_ENABLED": "false",
        "GF_AUTH_ANONYMOUS_ORG_ROLE": "Viewer",
        "GF_PATHS_CONFIG": "/x",
    }
    settings: dict[str, dict[str, Any]] = {
        "analytics": {"reporting_enabled": True},
        "auth.anonymous": {"org_name": "Lab"},
    }
    assert environment(own, settings, {"TZ": "UTC"}, [], "12.1.1") == {
        "GF_AUTH_ANONYMOUS_ORG_ROLE": "Viewer",
        "GF_PATHS_CONFIG": "/x",
        "TZ": "UTC",
    }
    assert "GF_AUTH_ANONYMOUS_ORG_ROLE" not in environment(own, {"auth.anonymous": {"org_role": "x"}}, {}, [], "12.1.1")


PLUGINS = ["grafana-clock-panel", "grafana-clock-panel@2.1.8", "mine@1.0.0@https://example.org/mine.zip"]


@pytest.mark.parametrize("version", ["12.1.1", "13.0.0", f"12.2@sha256:{'0' * 64}", "latest"])
def test_grafana_installs_plugins(version: str) -> None:
    assert environment({}, {}, {}, PLUGINS, version) == {"GF_PLUGINS_PREINSTALL_SYNC": ",".join(PLUGINS)}


@pytest.mark.parametrize("version", ["7.5.5", "11.6.1", "12.0.2"])
def test_before_its_images_script_does(version: str) -> None:
    script = "grafana-clock-panel,grafana-clock-panel 2.1.8,https://example.org/mine.zip;mine"
    assert environment({}, {}, {}, PLUGINS, version) == {"GF_INSTALL_PLUGINS": script}


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("grafana settings", {"smtp": SMTP, "DEFAULT": {"instance_name": "lab"}, "auth.generic_oauth": {}}),
        ("grafana environment", {"TZ": "UTC", "GF_LOG_LEVEL": "debug", "HTTPS_PROXY": "http://proxy:3128"}),
        ("grafana plugins", PLUGINS),
        ("grafana data sources", [{"name": "Loki", "type": "loki", "uid": "l"}, {"name": "More", "type": "loki"}]),
        ("grafana data sources", [{"name": "A", "type": "loki"}, {"name": "B", "type": "loki", "isDefault": True}]),
    ],
)
def test_what_can_be_used_is_taken(kind: str, value: Any) -> None:
    assert KINDS[kind](value) is None


@pytest.mark.parametrize(
    ("kind", "value", "says"),
    [
        ("grafana settings", {"smtp": "geheim"}, "the section smtp has no settings"),
        ("grafana settings", {"sm]tp": {}}, "'sm]tp' is not the name of a section"),
        ("grafana settings", {5: {}}, "5 is not the name of a section"),
        ("grafana settings", {"smtp": {"a b": "geheim"}}, "'a b' in the section smtp is not the name of a setting"),
        ("grafana settings", {"smtp": {"password": None}}, "smtp.password is nothing"),
        ("grafana settings", {"smtp": {"password": ["geheim"]}}, "smtp.password is no single value"),
        ("grafana settings", {"smtp": {"password": "geheim\nx"}}, "smtp.password has more than one line"),
        ("grafana settings", {"server": {"http_port": 1}}, "decides server.http_port; set monitor_lab_grafana_port"),
        ("grafana settings", {"auth.anonymous": {"enabled": True}}, "set grafana_anonymous_viewer"),
        ("grafana settings", {"plugins": {"preinstall_sync": "a"}}, "set grafana_plugins"),
        ("grafana environment", {"A-B": "geheim"}, "A-B is not the name of a variable"),
        ("grafana environment", {"TZ": None}, "TZ is nothing"),
        ("grafana environment", {"GF_SECURITY_ADMIN_PASSWORD": "geheim"}, "write the secret grafana_admin_password"),
        ("grafana environment", {"GF_SECURITY_ADMIN_PASSWORD__FILE": "/x"}, "write the secret grafana_admin_password"),
        ("grafana environment", {"GF_PATHS_CONFIG": "/x"}, "set grafana_ini"),
        ("grafana plugins", ["a", "http://geheim@b"], "number 2 is not a plugin"),
        ("grafana plugins", ["a@https://b"], "number 1 is not a plugin"),
        ("grafana plugins", ["a,b"], "number 1 is not a plugin"),
        ("grafana plugins", ["a@1.0 --insecure"], "number 1 is not a plugin"),
        ("grafana data sources", ["geheim"], "number 1 has no name or no type"),
        ("grafana data sources", [{"name": "Loki"}], "number 1 has no name or no type"),
        ("grafana data sources", [{"name": "Prometheus", "type": "loki"}], "'Prometheus' has the name or the uid"),
        ("grafana data sources", [{"name": "x", "type": "loki", "uid": "monitor-lab-x"}], "of one of the lab's own"),
        ("grafana data sources", [{"name": "x", "type": "loki"}] * 2, "'x' has the name or the uid of another one"),
        (
            "grafana data sources",
            [{"name": name, "type": "loki", "uid": "u"} for name in "ab"],
            "'b' has the name or the uid of another one",
        ),
        (
            "grafana data sources",
            [{"name": name, "type": "loki", "isDefault": True} for name in "ab"],
            "two are to be the default",
        ),
    ],
)
def test_what_cannot_be_used_is_refused_unseen(kind: str, value: Any, says: str) -> None:
    wrong = KINDS[kind](value)
    assert wrong
    assert says in wrong
    assert "geheim" not in wrong

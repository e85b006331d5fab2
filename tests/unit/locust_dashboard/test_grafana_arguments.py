# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana.arguments import CONNECTION
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana.client import GrafanaError, client_from
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.arguments import ARGUMENTS


class Options(dict[str, Any]):
    """Remembers what was asked for."""

    def __init__(self, **given: Any) -> None:
        super().__init__({name: spec.get("default") for name, spec in CONNECTION.items()}, **given)
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.asked.add(name)
        return super().__getitem__(name)


def test_every_option_reaches_the_client() -> None:
    options = Options(grafana_url="https://grafana.example.org/lab/", org_id=7)
    client = client_from(options)
    assert (client.url, client.org_id) == ("https://grafana.example.org/lab", 7)
    assert options.asked == set(CONNECTION)


def test_option_is_named_where_it_cannot_be_used() -> None:
    with pytest.raises(GrafanaError, match="no/where"):
        client_from(Options(grafana_url="https://grafana", ca_path="no/where"))


def test_a_load_run_takes_the_same_options() -> None:
    assert {name: ARGUMENTS[name] for name in CONNECTION} == CONNECTION

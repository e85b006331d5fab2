# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Each file of plugins/filter brings the filter of its name, which takes what its documentation says."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils import _web_config

from tests.checks.tree import CHECKOUT

FILTERS = "ansible_collections.devsecops.monitor_lab.plugins.filter"
NAMES = sorted(path.stem for path in (CHECKOUT / "plugins" / "filter").glob("*.py"))


def filter_of(name: str) -> Callable[..., Any]:
    (found,) = importlib.import_module(f"{FILTERS}.{name}").FilterModule().filters().items()
    assert found[0] == name
    return found[1]


@pytest.mark.parametrize("name", NAMES)
def test_a_filter_takes_what_is_documented(name: str) -> None:
    documentation = yaml.safe_load(importlib.import_module(f"{FILTERS}.{name}").DOCUMENTATION)
    options = documentation["options"]
    assert documentation["name"] == name
    _piped, *others = inspect.signature(filter_of(name)).parameters.values()
    positional = [option for option in documentation.get("positional", "").split(", ") if option not in ("", "_input")]
    # What is given by name is given by these names, too. Others are the function's own, as where it calls itself.
    assert [parameter.name for parameter in others][: len(positional)] == positional
    assert set(options) - {"_input"} == set(positional)
    required = {parameter.name for parameter in others if parameter.default is parameter.empty}
    assert {option for option in positional if options[option].get("required")} == required


@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        ("load_files", ("/lab/none.py", "/load"), r"^locust_file: .*/lab/none\.py"),
        ("secret_files", ({"../key": "secret"}, "/load", 0), r"^secret_files: .*\.\./key"),
        ("node_address", ([],), r"^node_address: "),
    ],
)
def test_a_fault_is_told_by_the_name_that_people_know(name: str, arguments: tuple[Any, ...], says: str) -> None:
    with pytest.raises(AnsibleFilterError, match=says):
        filter_of(name)(*arguments)


def test_a_configuration_of_the_web_is_made() -> None:
    assert filter_of("web_config")({}, "/tls", "salt") == "{}\n"


def test_a_package_that_the_controller_lacks_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(_web_config, "bcrypt")
    with pytest.raises(AnsibleFilterError, match=r"need the Python package bcrypt on the controller: install it"):
        filter_of("web_config")({"url_username": "prometheus", "url_password": "secret"}, "/tls", "salt")


def test_a_time_may_be_text_as_older_templates_make_it() -> None:
    rollout = {"app": "grafana", "namespace": "lab", "variable": "wait", "timeout": "90", "put_back": ""}
    lists: dict[str, list[Any]] = {"resources": [], "pods": [], "events": [], "logs": []}
    assert "within 90 s (wait)" in filter_of("rollout_failure")({**rollout, **lists})

# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Lets the tests import the collection as Ansible does, and take as long as a busy machine needs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible.utils.collection_loader._collection_finder import _AnsibleCollectionFinder
from hypothesis import settings

CHECKOUT = Path(__file__).resolve().parent.parent

os.environ.setdefault("ANSIBLE_CONFIG", str(CHECKOUT / "ansible.cfg"))
_AnsibleCollectionFinder(paths=[str(CHECKOUT / ".collections")])._install()

# How long an example takes says how busy the machine is, too.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What may take longest begins first, so that nothing has to wait for it at the end."""

    def may_take(item: pytest.Item) -> float:
        marker = item.get_closest_marker("timeout")
        return marker.args[0] if marker else 0

    items.sort(key=may_take, reverse=True)

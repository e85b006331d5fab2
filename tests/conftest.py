# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Lets the tests import the collection as Ansible does, and take as long as a busy machine needs."""

from __future__ import annotations

import os
from pathlib import Path

from ansible.utils.collection_loader._collection_finder import _AnsibleCollectionFinder
from hypothesis import settings

CHECKOUT = Path(__file__).resolve().parent.parent

os.environ.setdefault("ANSIBLE_CONFIG", str(CHECKOUT / "ansible.cfg"))
_AnsibleCollectionFinder(paths=[str(CHECKOUT / ".collections")])._install()

# How long an example takes says how busy the machine is, too.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")

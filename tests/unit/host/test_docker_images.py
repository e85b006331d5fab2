# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""By which names a host has an image."""

from __future__ import annotations

from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.module_utils._lab.host import image_ids


def test_an_image_is_known_by_its_tags_and_by_its_digests() -> None:
    digest = f"prom/prometheus@sha256:{'0' * 64}"
    images: list[dict[str, Any]] = [
        {"Id": "sha256:1", "RepoTags": ["a:1", "b:2"], "RepoDigests": []},
        # Pulled by its digest.
        {"Id": "sha256:2", "RepoTags": None, "RepoDigests": [digest]},
    ]
    assert image_ids(images) == {"a:1": "sha256:1", "b:2": "sha256:1", digest: "sha256:2"}

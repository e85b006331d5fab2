# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""CONTRIBUTING.md sends nobody to a place that is not there."""

from __future__ import annotations

import re

from tests.checks.tree import CHECKOUT, working_tree

# One word with a slash, in backticks. <name> and * stand for any name.
PATH = re.compile(r"`([^`\s]*/[^`\s]*)`")


def missing(text: str) -> list[str]:
    """Return the paths of `text` that end no path of the working tree, or of its folders."""
    files = working_tree()
    tree = {path.as_posix() for path in files} | {folder.as_posix() for path in files for folder in path.parents}
    found = []
    for name in PATH.findall(text):
        pattern = "[^/]*".join(re.escape(part) for part in re.split(r"<\w+>|\*", name.rstrip("/")))
        if not any(re.search(rf"(^|/){pattern}$", path) for path in tree):
            found.append(name)
    return found


def test_every_path_is_there() -> None:
    assert missing((CHECKOUT / "CONTRIBUTING.md").read_text(encoding="utf-8")) == []


def test_what_is_missing_is_named() -> None:
    text = "`tests/checks/` `roles/*/README.md` `meta/<name>.yml` `lab` `a b/c` `roles/none/tasks` `files/*/none.py`"
    assert missing(text) == ["roles/none/tasks", "files/*/none.py"]

# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Nothing silences a linter, and no task hides its failure."""

from __future__ import annotations

import re
from pathlib import Path

IGNORE_FILES = re.compile(r"(^|/)\.ansible-lint-ignore$|(^|/)tests/sanity/ignore[^/]*\.txt$")
LINT_CONFIG = re.compile(r"(^|/)\.(config/)?ansible-lint(\.ya?ml)?$")
LISTS = re.compile(r"^\s*(skip_list|warn_list|exclude_paths)\s*:", re.MULTILINE)
# But ansible-test's demand that a module run programs by run_command, with the reason beside it why that can't be.
COMMENTS = re.compile(
    r"#.*?\b(no(?:qa|vm|sec)|pylint:\s*disable(?!=ansible-bad-function\s+#\s*\w)|yamllint\s+disable)\b", re.IGNORECASE
)
# The one that may be needed: a stub that is wrong. It names the error, and the reason stands beside it.
TYPE_IGNORE = re.compile(r"#\s*type:\s*ignore(?!\[[\w, -]+\]\s+#\s*\w)")
HIDDEN_FAILURE = re.compile(r"^[\s-]*(ignore_errors\s*:|failed_when\s*:\s*(false|no)\b)", re.IGNORECASE)


def findings(path: Path, text: str) -> list[str]:
    """Return one line for each suppression in the file at `path`, relative to the checkout, that holds `text`."""
    name = path.as_posix()
    if IGNORE_FILES.search(name):
        return [f"{name}: a list of findings to ignore; fix them instead"]
    found = []
    if LINT_CONFIG.search(name):
        found += [f"{name}: {match[1]}; fix the findings instead" for match in LISTS.finditer(text)]
    for number, line in enumerate(text.splitlines(), 1):
        if match := COMMENTS.search(line):
            found.append(f"{name}:{number}: {match[1]}; fix the finding instead")
        if path.suffix == ".py" and TYPE_IGNORE.search(line):
            found.append(f"{name}:{number}: a type error ignored without its name and the reason beside it")
        if path.suffix in {".yml", ".yaml"} and HIDDEN_FAILURE.search(line):
            found.append(f"{name}:{number}: a task that can't fail")
    return found

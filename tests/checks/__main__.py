# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What no linter looks at: check mode, licenses, imports, proxies and more. Prints what it finds; ends with 1 then."""

from __future__ import annotations

import sys

from tests.checks import check_mode, headers, imports, jinja, private, proxies, suppressions, unions
from tests.checks.tree import CHECKOUT, working_tree

CHECKS = (check_mode, headers, imports, jinja, private, proxies, suppressions, unions)
TEXT = {"", ".py", ".yml", ".yaml", ".sh", ".js", ".j2", ".toml", ".cfg", ".txt"}


def main() -> int:
    found = []
    for path in working_tree():
        if path.suffix in TEXT:
            text = (CHECKOUT / path).read_text(encoding="utf-8")
            found += [line for check in CHECKS for line in check.findings(path, text)]
    print("\n".join(found) or "tests.checks: nothing found")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())

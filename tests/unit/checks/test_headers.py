# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
from __future__ import annotations

from pathlib import Path

import pytest

from tests.checks.headers import IDENTIFIER, findings

OURS = "# Copyright (c) 2026, the monitor_lab contributors\n"
GPL = f"# {IDENTIFIER}: GPL-3.0-or-later\n{OURS}"
PLUGIN = GPL + "# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)\n"
BSD = f"# {IDENTIFIER}: BSD-2-Clause\n{OURS}"


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("lab", "#!/bin/sh\n", 1),
        ("lab", "#!/bin/sh\n" + GPL, 0),
        ("files/locust/Dockerfile", "FROM scratch\n", 1),
        ("molecule/service.js", f"// {IDENTIFIER}: GPL-3.0-or-later\n" + OURS.replace("#", "//"), 0),
        ("files/locust/workers.py", GPL, 0),
        ("files/locust/workers.py", PLUGIN, 1),
        ("plugins/modules/locust_run.py", PLUGIN, 0),
        ("plugins/modules/locust_run.py", "#!/usr/bin/python\n" + PLUGIN, 0),
        ("plugins/modules/locust_run.py", GPL, 1),
        ("plugins/modules/locust_run.py", BSD, 1),
        ("plugins/modules/locust_run.py", "#!/usr/bin/python\n# -*- coding: utf-8 -*-\n" + PLUGIN, 1),
        ("plugins/modules/locust_run.py", f"# {IDENTIFIER}: GPL-3.0-or-later\n", 1),
        ("plugins/modules/locust_run.py", OURS + f"# {IDENTIFIER}: GPL-3.0-or-later\n", 1),
        ("plugins/module_utils/run.py", BSD, 0),
        ("plugins/module_utils/_locust/run.py", BSD, 0),
        ("plugins/module_utils/run.py", GPL, 1),
        ("plugins/module_utils/run.py", "\n" * 40 + BSD, 1),
        ("plugins/module_utils/__init__.py", "", 0),
        ("plugins/plugin_utils/_run.py", BSD, 0),
        ("plugins/plugin_utils/_run.py", GPL, 1),
        ("LICENSE", "GNU GENERAL PUBLIC LICENSE\n", 0),
    ],
)
def test_headers(path: str, text: str, expected: int) -> None:
    assert len(findings(Path(path), text)) == expected

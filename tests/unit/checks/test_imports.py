# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
from __future__ import annotations

from pathlib import Path

import pytest

from tests.checks.imports import OWN, findings


@pytest.mark.parametrize(
    ("path", "line", "expected"),
    [
        ("plugins/module_utils/run.py", "import json", 0),
        ("plugins/module_utils/run.py", "from .client import Client", 0),
        ("plugins/module_utils/run.py", f"from {OWN}.module_utils.client import Client", 0),
        ("plugins/module_utils/run.py", "import requests", 1),
        ("plugins/module_utils/run.py", "def later():\n    import requests", 1),
        ("plugins/module_utils/run.py", f"from {OWN}.modules import locust_run", 1),
        ("plugins/module_utils/run.py", "from ..modules import locust_run", 1),
        ("plugins/module_utils/run.py", "from ansible.module_utils.basic import AnsibleModule", 1),
        ("plugins/modules/locust_run.py", "from ansible.module_utils.basic import AnsibleModule", 0),
        ("plugins/modules/locust_run.py", "from ansible.errors import AnsibleError", 1),
        ("plugins/action/locust_run.py", "from ansible.errors import AnsibleError", 0),
        ("plugins/action/locust_run.py", "import requests", 1),
        ("tests/unit/test_run.py", "import requests", 0),
    ],
)
def test_imports(path: str, line: str, expected: int) -> None:
    assert len(findings(Path(path), line)) == expected

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
        ("plugins/module_utils/run.py", f"from {OWN}.module_utils.client import Client", 1),
        ("plugins/module_utils/run.py", "import requests", 1),
        ("plugins/module_utils/run.py", "def later():\n    import requests", 1),
        ("plugins/module_utils/run.py", f"from {OWN}.modules import locust_run", 1),
        ("plugins/module_utils/run.py", "from ..modules import locust_run", 1),
        ("plugins/module_utils/run.py", "from ansible.module_utils.basic import AnsibleModule", 1),
        ("plugins/module_utils/_locust/run.py", "from . import client", 0),
        ("plugins/module_utils/_locust/run.py", "from .client import Client", 0),
        ("plugins/module_utils/_locust/run.py", "from .._grafana.client import Grafana", 0),
        ("plugins/module_utils/_locust/run.py", "import requests", 1),
        ("plugins/module_utils/_locust/run.py", "from ...plugin_utils._load_run import LoadRun", 1),
        ("plugins/module_utils/_locust/run.py", "from ansible.errors import AnsibleError", 1),
        ("plugins/plugin_utils/_load_run.py", "from ..module_utils._locust.plan import Plan", 0),
        ("plugins/plugin_utils/_load_run.py", f"from {OWN}.module_utils._locust.plan import Plan", 1),
        ("plugins/plugin_utils/_load_run.py", "from ansible.errors import AnsibleError", 0),
        ("plugins/plugin_utils/_load_run.py", "from ..action import locust_run", 1),
        ("plugins/plugin_utils/_curve.py", "import cryptography", 0),
        ("plugins/module_utils/run.py", "import cryptography", 1),
        ("plugins/modules/locust_run.py", "from ansible.module_utils.basic import AnsibleModule", 0),
        ("plugins/modules/locust_run.py", "from ansible.errors import AnsibleError", 1),
        ("plugins/modules/locust_run.py", f"from {OWN}.module_utils._locust.plan import Plan", 0),
        ("plugins/modules/locust_run.py", "from ..module_utils._locust.plan import Plan", 1),
        ("plugins/modules/locust_run.py", f"from {OWN}.plugin_utils._load_run import LoadRun", 1),
        ("plugins/action/locust_run.py", "from ansible.errors import AnsibleError", 0),
        ("plugins/action/locust_run.py", f"from {OWN}.plugin_utils._load_run import LoadRun", 0),
        ("plugins/action/locust_run.py", "from ..plugin_utils._load_run import LoadRun", 1),
        ("plugins/action/locust_run.py", f"from {OWN}.modules import locust_run", 1),
        ("plugins/action/locust_run.py", "import requests", 1),
        ("plugins/filter/faults.py", f"from {OWN}.plugin_utils._faults import faults", 0),
        ("plugins/filter/faults.py", "import requests", 1),
        ("plugins/doc_fragments/locust.py", "import ansible", 1),
        ("tests/unit/test_run.py", "import requests", 0),
    ],
)
def test_imports(path: str, line: str, expected: int) -> None:
    assert len(findings(Path(path), line)) == expected

# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Docker's runtime on a test host, which lacks CAP_SYS_RESOURCE: runc, without the wish to lower the OOM score, which
Kubernetes has for every pod's sandbox and which only that capability allows."""

import json
import os
import sys
from pathlib import Path

if "--bundle" in sys.argv:
    path = Path(sys.argv[sys.argv.index("--bundle") + 1], "config.json")
    config = json.loads(path.read_text())
    if config["process"].pop("oomScoreAdj", None) is not None:
        path.write_text(json.dumps(config))
os.execv("/usr/sbin/runc", ["runc", *sys.argv[1:]])

# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Prints, as a JSON list, from where connections to the service's port came: `peers.py SECONDS EXPECTED-ADDRESS …`."""

from __future__ import annotations

import json
import subprocess
import sys
import time

end = time.monotonic() + float(sys.argv[1])
peers: set[str] = set()
while time.monotonic() < end and not peers.issuperset(sys.argv[2:]):
    connections = subprocess.run(
        ["ss", "-Htn", "sport", "=", ":30500"], check=True, capture_output=True, text=True
    ).stdout
    peers |= {
        line.split()[4].rpartition(":")[0].strip("[]").removeprefix("::ffff:") for line in connections.splitlines()
    }
    time.sleep(0.2)
print(json.dumps(sorted(peers)))

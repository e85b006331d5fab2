# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Records what real Locusts answer, for the unit tests: `python -m tests.integration.locust_exporter.record`."""

from __future__ import annotations

import json

from tests.integration.locust_exporter.harness import CHECKOUT
from tests.integration.locust_exporter.test_exporter_matrix import life
from tests.locusts import VERSIONS

RECORDINGS = CHECKOUT / "tests" / "unit" / "locust_exporter" / "recordings"


def main() -> None:
    RECORDINGS.mkdir(exist_ok=True)
    for version in VERSIONS:
        pages = {state: moment.page for state, moment in life(version).items() if moment.page}
        text = json.dumps(pages, indent=1, ensure_ascii=False, sort_keys=True)
        (RECORDINGS / f"{version}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Every source file says under which license it is."""

from __future__ import annotations

from pathlib import Path


def findings(path: Path, text: str) -> list[str]:
    """Return what is missing at the top of the file at `path`, relative to the checkout, that holds `text`."""
    is_source = path.suffix in {".py", ".js", ".sh"} or path.name == "Dockerfile" or text.startswith("#!")
    if not is_source or not text.strip():
        return []
    license_name = "BSD-2-Clause" if path.is_relative_to("plugins/module_utils") else "GPL-3.0-or-later"
    if f"SPDX-License-Identifier: {license_name}" in "\n".join(text.splitlines()[:6]):
        return []
    return [f"{path.as_posix()}:1: no line `SPDX-License-Identifier: {license_name}`"]

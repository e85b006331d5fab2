# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Every source file says under which license it is, and whose it is, in the same two lines."""

from __future__ import annotations

import re
from pathlib import Path

# What Ansible ships to hosts, and what may be shared with it.
BSD = ("plugins/module_utils", "plugins/plugin_utils")
COPYRIGHT = "Copyright (c) 2026, the monitor_lab contributors"
COMMENT = re.compile(r"^(?:#|//|/\*)\s*(.*?)\s*(?:\*/)?$")


def findings(path: Path, text: str) -> list[str]:
    """Return what is wrong with the top of the file at `path`, relative to the checkout, that holds `text`."""
    is_source = path.suffix in {".py", ".js", ".sh"} or path.name == "Dockerfile" or text.startswith("#!")
    if not is_source or not text.strip():
        return []
    license_name = "BSD-2-Clause" if any(map(path.is_relative_to, BSD)) else "GPL-3.0-or-later"
    wanted = [f"SPDX-License-Identifier: {license_name}", COPYRIGHT]
    lines = text.splitlines()
    if lines[0].startswith("#!"):
        del lines[0]
    begins = [match[1] if (match := COMMENT.match(line)) else "" for line in lines[:3]]
    if begins[:2] != wanted:
        return [f"{path.as_posix()}:1: does not begin with the lines `{wanted[0]}` and `{wanted[1]}`"]
    if "License" in "".join(begins[2:]):
        return [f"{path.as_posix()}:3: says its license twice; the line with its SPDX name is enough"]
    return []

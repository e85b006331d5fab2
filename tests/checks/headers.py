# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Every source file says under which license it is, and whose it is, in the same two lines."""

from __future__ import annotations

import re
from pathlib import Path

# What Ansible ships to hosts, and what may be shared with it.
BSD = ("plugins/module_utils", "plugins/plugin_utils")
# In two pieces, so that REUSE's own tool takes no line of this file for one.
IDENTIFIER = "SPDX-License-Identifier"
COPYRIGHT = "Copyright (c) 2026, the monitor_lab contributors"
# ansible-test knows no other name of it.
GPL_OF_PLUGINS = "GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)"
COMMENT = re.compile(r"^(?:#|//|/\*)\s*(.*?)\s*(?:\*/)?$")


def findings(path: Path, text: str) -> list[str]:
    """Return what is wrong with the top of the file at `path`, relative to the checkout, that holds `text`."""
    is_source = path.suffix in {".py", ".js", ".sh"} or path.name == "Dockerfile" or text.startswith("#!")
    if not is_source or not text.strip():
        return []
    if any(map(path.is_relative_to, BSD)):
        wanted = [f"{IDENTIFIER}: BSD-2-Clause", COPYRIGHT]
    else:
        wanted = [f"{IDENTIFIER}: GPL-3.0-or-later", COPYRIGHT]
        wanted += [GPL_OF_PLUGINS] if path.is_relative_to("plugins") else []
    lines = text.splitlines()
    if lines[0].startswith("#!"):
        del lines[0]
    begins = [match[1] if (match := COMMENT.match(line)) else "" for line in lines[: len(wanted) + 1]]
    if begins[: len(wanted)] != wanted:
        return [f"{path.as_posix()}:1: does not begin with the lines {', '.join(f'`{line}`' for line in wanted)}"]
    if "License" in "".join(begins[len(wanted) :]):
        return [f"{path.as_posix()}:{len(wanted) + 1}: says its license once more"]
    return []

# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""Which firewall a host has in use, read from its files and processes: their programs are slow to ask."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

# A rule of ufw as it writes it down: ### tuple ### ACTION PROTOCOL PORT TO FROM-PORT FROM DIRECTION [comment=HEX]
TUPLE = re.compile(
    r"^### tuple ### (?P<action>(?!route:)\S+) (?P<protocol>\S+) (?P<port>\S+) (?P<to>\S+) any (?P<from>\S+) in"
    r"(?: comment=(?P<comment>[0-9a-f]*))?$",
    re.MULTILINE,
)


def firewall(etc: Path = Path("/etc"), proc: Path = Path("/proc")) -> dict[str, Any]:
    """Return whether C(ufw) and C(firewalld) are in use, and ufw's rules for what comes in, in their order.

    A rule (C(ufw_rules)) has C(action), C(protocol), C(port), C(to), C(from) and C(comment), "" where it has none. One
    that names an interface or the sender's port is none of the lab's, nor can it be taken for one.
    """
    return {
        "ufw": re.search(r"^ENABLED=yes$", _text(etc / "ufw" / "ufw.conf"), re.MULTILINE) is not None,
        "ufw_rules": [rule for name in ("user.rules", "user6.rules") for rule in ufw_rules(_text(etc / "ufw" / name))],
        "firewalld": any(_text(path) == "firewalld\n" for path in proc.glob("[0-9]*/comm")),
    }


def ufw_rules(text: str) -> list[dict[str, str]]:
    """Read the rules out of one of ufw's files."""
    return [
        {**match.groupdict(), "comment": bytes.fromhex(match["comment"] or "").decode(errors="replace")}
        for match in TUPLE.finditer(text)
    ]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    # It is not there, has ended meanwhile, or is not for us.
    except OSError:
        return ""

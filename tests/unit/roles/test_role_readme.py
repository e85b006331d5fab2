# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
from __future__ import annotations

from pathlib import Path

from tests.role_readme import readme

SPECS = """
argument_specs:
  main:
    short_description: Runs Thing
    description:
      - First of all.
      - Then O(thing_port).
    options:
      thing_port:
        type: int
        description: Where it listens, V(80) or another.
      thing_modes:
        type: list
        elements: str
        choices: [a, b]
        description: What it does | how.
      thing_name:
        type: str
        required: true
        description:
          - Its name.
          - Never two.
  absent:
    short_description: Removes it
"""
EXPECTED = """\
# devsecops.monitor_lab.thing

Runs Thing.

First of all.

Then `thing_port`.

```yaml
- hosts: all
  become: true
  roles:
    - devsecops.monitor_lab.container_engine
    - devsecops.monitor_lab.thing
```

## Entry points

| `tasks_from` | what it does |
|---|---|
| `absent` | Removes it |

## Variables

| variable | type | default | meaning |
|---|---|---|---|
| `thing_port` | int | `{{ a \\| b }}` | Where it listens, `80` or another. |
| `thing_modes` | list of str | `["a"]` | What it does \\| how. One of `a`, `b`. |
| `thing_name` | str | required | Its name. Never two. |

<!-- Made by tests/role_readme.py from meta/argument_specs.yml and defaults/main.yml. -->
"""


def test_readme(tmp_path: Path) -> None:
    role = tmp_path / "thing"
    for folder in ("meta", "defaults"):
        (role / folder).mkdir(parents=True)
    (role / "meta" / "argument_specs.yml").write_text(SPECS)
    (role / "defaults" / "main.yml").write_text("thing_port: '{{ a | b }}'\nthing_modes: [a]\n")
    assert readme(role) == EXPECTED

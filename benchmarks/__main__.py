# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""`./lab bench [NAME …]`: runs the named benchmarks, or all; ends with 1 where a target is missed."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from benchmarks import Row

NAMES = sorted(path.stem for path in Path(__file__).parent.glob("[!_]*.py"))


def table(rows: list[Row]) -> str:
    cells = [("what", "measured", "reference", "value", "target", "")]
    for row in rows:
        claim = ("", "")
        if row.target is not None:
            claim = (f"{'>=' if row.at_least else '<='} {row.target:g}", "met" if row.met else "MISSED")
        cells.append((row.what, row.measured, row.reference, f"{row.value:.3g}", *claim))
    widths = [max(len(line[column]) for line in cells) for column in range(len(cells[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells
    )


def main(names: list[str]) -> int:
    unknown = sorted(set(names) - set(NAMES))
    if unknown:
        print(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(NAMES)}", file=sys.stderr)
        return 2
    missed = False
    for name in names or NAMES:
        rows = importlib.import_module(f"benchmarks.{name}").measure()
        print(f"{name}\n{table(rows)}\n", flush=True)
        missed |= not all(row.met for row in rows)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""`X | None` is evaluated in annotations only: elsewhere it raises TypeError on Python 3.9.

vermin cannot tell it from `|` on numbers and sets.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from pathlib import Path

TYPES = {name for name, value in vars(builtins).items() if isinstance(value, type)}


def evaluated(node: ast.AST) -> Iterator[ast.AST]:
    """Yield `node` and what is below it, without annotations."""
    yield node
    for field, value in ast.iter_fields(node):
        if field not in {"annotation", "returns"}:
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from evaluated(child)


def is_type(node: ast.expr) -> bool:
    """Tell whether `node` is surely a type. (None is: nothing else has it as an operand of `|`.)"""
    if isinstance(node, ast.Subscript):
        node = node.value
    return (isinstance(node, ast.Constant) and node.value is None) or (isinstance(node, ast.Name) and node.id in TYPES)


def findings(path: Path, text: str) -> list[str]:
    """Return the unions that the file at `path`, relative to the checkout, makes at run time."""
    if path.suffix != ".py" or not path.is_relative_to("plugins"):
        return []
    return [
        f"{path.as_posix()}:{node.lineno}: `{ast.unparse(node)}` at run time needs Python 3.10"
        for node in evaluated(ast.parse(text))
        if isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.BitOr)
        and (is_type(node.left) or is_type(node.right))
    ]

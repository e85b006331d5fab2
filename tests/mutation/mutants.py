# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Makes the mutants of a module with cosmic-ray's operators: the source with one small fault each."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

# One wrong operator of arithmetic tells as much as ten. That texts and small numbers are compared by identity is not
# seen by any test, nor is it written by anybody: ruff forbids it.
LEFT_OUT = re.compile(
    r"core/(?:ReplaceBinaryOperator_(?!(?:Add_Sub|Sub_Add|Mul_Div|Div_Mul|BitAnd_BitOr|BitOr_BitAnd)$).*"
    r"|ReplaceComparisonOperator_(?:\w+_Is(?:Not)?|Is_(?!IsNot$).*|IsNot_(?!Is$).*)"
    r"|ReplaceUnaryOperator_.*_Invert)"
)


@dataclass(frozen=True)
class Mutant:
    operator: str
    line: int
    source: str


def mutants_of(source: str, functions: Sequence[str] = ()) -> Iterator[Mutant]:
    """Make all mutants of a module, or of the functions that are named."""
    lines = _lines_of(source, functions) if functions else range(1, source.count("\n") + 2)
    tree = get_ast(source)
    for name in operator_names():
        operator_class = get_operator(name)
        if LEFT_OUT.fullmatch(name) or operator_class.arguments():
            continue
        operator = operator_class()
        places = [start for node in ast_nodes(tree) for start, _end in operator.mutation_positions(node)]
        for occurrence, (line, _column) in enumerate(places):
            if line not in lines:
                continue
            try:
                mutated = mutate_code(source, operator, occurrence)
            except AttributeError:
                # cosmic-ray cannot put another exception in the place of one with a dot, as csv.Error.
                continue
            if mutated is not None:
                yield Mutant(name.removeprefix("core/"), line, mutated)


def _lines_of(source: str, functions: Sequence[str]) -> set[int]:
    found = {
        node.name: range(node.lineno, (node.end_lineno or node.lineno) + 1)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef)
    }
    return {line for name in functions for line in found[name]}

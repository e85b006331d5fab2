# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Which faults are put in, and that one which a test fails of is told from one which none does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.checks.tree import CHECKOUT
from tests.mutation.mutants import mutants_of
from tests.mutation.targets import TARGETS, Target

SOURCE = """\
def below(number):
    return number < 10 and number != 3


def above(number):
    return number > 10
"""


def test_each_function_that_is_named_gets_each_fault() -> None:
    mutants = list(mutants_of(SOURCE, ["below"]))
    made = {line for one in mutants for line in one.source.splitlines() if line not in SOURCE.splitlines()}
    assert {one.line for one in mutants} == {2}
    assert {
        "    return number <= 10 and number != 3",
        "    return number < 10 or number != 3",
        "    return number < 11 and number != 3",
        "    return number < 10 and number == 3",
    } <= made
    assert not any(" is " in line for line in made)
    assert {one.line for one in mutants_of(SOURCE)} == {2, 6}


def test_an_exception_with_a_dot_is_passed_over() -> None:
    source = "import csv\n\ntry:\n    pass\nexcept (csv.Error, ValueError):\n    pass\n"
    assert [one.line for one in mutants_of(source) if "csv.Error" not in one.source] == []


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.module)
def test_what_is_mutated_is_there(target: Target) -> None:
    source = (CHECKOUT / "plugins" / target.module).read_text()
    assert next(mutants_of(source, target.functions))
    assert [name for name in target.tests if not (CHECKOUT / "tests" / "unit" / name).is_file()] == []


def test_a_fault_is_noticed_where_a_test_fails_of_it(tmp_path: Path) -> None:
    (tmp_path / "numbers_.py").write_text(SOURCE)
    (tmp_path / "test_it.py").write_text("from numbers_ import below\n\n\ndef test_it():\n    assert below(9)\n")
    sources = [SOURCE, SOURCE.replace("< 10", "> 10"), SOURCE.replace("< 10", "< 11"), "syntax error", SOURCE]
    asked = [json.dumps({"path": "numbers_.py", "source": source, "tests": ["test_it.py"]}) for source in sources]
    ran = subprocess.run(
        [sys.executable, "-m", "tests.mutation.server"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        input="\n".join(asked),
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.split() == ["survived", "killed", "survived", "killed", "survived"]
    assert (tmp_path / "numbers_.py").read_text() == SOURCE

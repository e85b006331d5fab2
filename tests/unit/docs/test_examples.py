# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What the documentation tells to write and to type: blocks that parse, commands, variables and options that exist."""

from __future__ import annotations

import ast
import functools
import importlib
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.checks.tree import CHECKOUT, working_tree
from tests.documents import Block, blocks, pages, prose, read
from tests.other_collections import OF_OTHERS
from tests.unit.docs.commands import COMMANDS, commands, fault, known_tags, plays_of

PARSERS: dict[str, Callable[[str], object]] = {
    "yaml": lambda text: list(yaml.safe_load_all(text)),
    "json": json.loads,
    "python": ast.parse,
}
PARSED = [block for page in pages() for block in blocks(page, *PARSERS)]
COLLECTION = "devsecops.monitor_lab."
PLUGINS = "ansible_collections.devsecops.monitor_lab.plugins"


def ids(blocks_of: list[Block]) -> list[str]:
    return [f"{block.page}-{number}" for number, block in enumerate(blocks_of)]


@pytest.mark.parametrize("block", PARSED, ids=ids(PARSED))
def test_a_block_parses(block: Block) -> None:
    PARSERS[block.language](block.text)


@pytest.mark.parametrize("page", pages(), ids=str)
def test_commands_exist(page: Path) -> None:
    own = read(page)
    faults = {command: fault(command, own) for command in commands(page)}
    assert {command: text for command, text in faults.items() if text} == {}


def test_there_are_commands() -> None:
    assert {*COMMANDS} >= {"up", "run", "exercise", "status", "down", "test", "release-check", "bench", "help"}
    assert len(list(commands(Path("README.md")))) > 10


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("./lab", ""),
        ("./lab up --tags prometheus,verify -e locust_file=mine.py # why", ""),
        ("./lab up -i inventory/mine.yml --ask-become-pass", ""),
        ("./lab test [PART …]", ""),
        ("./lab exercise --only spike", ""),
        ("./lab report 20261123T055147Z-4c62 --against 20261122T160311Z-0b9e -e lab_report_artifacts_dir=runs", ""),
        ("./lab report --from 2h --to 1h", ""),
        ("ansible-playbook -i inventory.yml devsecops.monitor_lab.site", ""),
        ("./lab fly", "no command fly"),
        ("./lab up --purge", "no option --purge"),
        ("./lab down --purge --keep-data", ""),
        ("./lab up --tags promethues", "no tag promethues"),
        ("./lab up -e locust_fiel=mine.py", "no variable locust_fiel"),
        ("""./lab run -e '{"locust_run_threshold": []}'""", "no variable locust_run_threshold"),
        ("./lab up -i inventory/none.yml", "no inventory"),
        ("./lab exercise --only none", "no case none"),
        ("./lab report --until 1h", "no option --until"),
        ("./lab test none", "no none"),
        ("./lab status none.yml", "no playbook none.yml"),
        ("ansible-playbook playbooks/none.yml", "no playbook"),
        ("ansible-playbook devsecops.monitor_lab.none", "no playbook"),
    ],
)
def test_what_is_wrong_is_said(command: str, says: str) -> None:
    assert says in fault(command) if says else fault(command) == ""


def keys_of(value: Any) -> Iterator[str]:
    """Yield the keys of all mappings in a value."""
    if isinstance(value, dict):
        yield from (key for key in value if isinstance(key, str))
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from keys_of(one)


ROLES = "|".join(sorted({path.parts[1] for path in working_tree() if path.parts[0] == "roles"}, key=len, reverse=True))
OURS = re.compile(rf"({ROLES})_\w+")
YAML = [block for block in PARSED if block.language == "yaml"]


@functools.cache
def words() -> set[str]:
    """Return all words of what is deployed, and of what the programs in it say of their metrics."""
    folders = {"files", "inventory", "playbooks", "plugins", "roles"}
    sources = [
        path for path in working_tree() if path.parts[0] in folders and path.parts[::2] != ("roles", "README.md")
    ]
    text = "\n".join((CHECKOUT / path).read_text(encoding="utf-8", errors="replace") for path in sources)
    return set(re.findall(r"\w+", text))


@pytest.mark.parametrize("block", YAML, ids=ids(YAML))
def test_variables_of_a_block_exist(block: Block) -> None:
    named = {key for document in yaml.safe_load_all(block.text) for key in keys_of(document) if OURS.fullmatch(key)}
    assert {name for name in named if name not in words()} == set()


GUIDES = [page for page in pages() if page.parts[0] != "files"]


@pytest.mark.parametrize("page", GUIDES, ids=str)
def test_names_in_the_text_exist(page: Path) -> None:
    """Variables, metrics and files whose names begin with a role's."""
    spans = re.findall(r"`([^`\n]+)`", prose(read(page)))
    named = {match[0] for span in spans for match in re.finditer(rf"(?<![\w./-])({ROLES})_\w*[a-z](?![\w…*-])", span)}
    passwords = {f"{service}_password" for service in known_tags()}
    assert {name for name in named - passwords - OF_OTHERS if name not in words()} == set()


@functools.cache
def options_of(module: str) -> dict[str, Any]:
    """Return the options of a module as it documents them."""
    document = yaml.safe_load(importlib.import_module(f"{PLUGINS}.modules.{module}").DOCUMENTATION)
    fragments = [
        importlib.import_module(
            f"{PLUGINS}.doc_fragments.{name.removeprefix(COLLECTION)}"
        ).ModuleDocFragment.DOCUMENTATION
        for name in document.get("extends_documentation_fragment", [])
    ]
    documents = (document, *map(yaml.safe_load, fragments))
    return {name: option for one in documents for name, option in one.get("options", {}).items()}


@pytest.mark.parametrize("block", YAML, ids=ids(YAML))
def test_options_of_our_modules_exist(block: Block) -> None:
    tasks = [task for play in plays_of(block.text) for task in play.get("tasks", [])]
    asked = [(key.removeprefix(COLLECTION), task[key]) for task in tasks for key in task if key.startswith(COLLECTION)]
    assert [
        (module, option) for module, options in asked for option in options if option not in options_of(module)
    ] == []

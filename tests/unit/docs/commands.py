# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The commands that the documentation shows, and what is wrong with one."""

from __future__ import annotations

import functools
import json
import re
import shlex
from argparse import ArgumentError
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from ansible.cli.playbook import PlaybookCLI
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._load_variables import VARIABLES
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._variables import variables_in

from tests.__main__ import PARTS
from tests.checks.tree import CHECKOUT
from tests.documents import blocks, prose, read
from tests.role_readme import ROLES, load

LAB = (CHECKOUT / "lab").read_text(encoding="utf-8")
COMMANDS = set(re.findall(r"^  ([a-z-]+) {2,}\S", LAB.partition("USAGE'")[2].partition("\nUSAGE")[0], re.MULTILINE))
# Command → the playbook that it plays.
PLAYED = {
    command: playbook
    for case in re.split(r"^  (?=[a-z-]+\))", LAB, flags=re.MULTILINE)
    for command, playbook in re.findall(r"\A([a-z-]+)\).*?\b(?:play|ansible-playbook) (\S+\.yml)", case, re.DOTALL)
}
STANDS_FOR = {"…", "NAME", "PART"}
# Inventories that a reader makes.
OWN = {"inventory/mine.yml", "inventory.yml"}
FROM_VARIABLES = re.compile(r"\b(\w+) \| default\(|^ +(monitor_lab_\w+): ", re.MULTILINE)


def commands(page: Path) -> Iterator[str]:
    """Yield the page's commands of `./lab` and `ansible-playbook`, from its text and its blocks, a line each."""
    spans = re.findall(r"`([^`\n]+)`", prose(read(page)))
    lines = [line for block in blocks(page) for line in block.text.replace("\\\n", " ").splitlines()]
    for line in [*spans, *lines]:
        for part in re.split(r" && |; ", re.sub(r"^\s*(\$|-|run:|#) +", "", line)):
            if re.match(r"(\./lab|ansible-playbook)( |$)", part):
                yield part


def fault(command: str, own: str = "") -> str:
    """Return what is wrong with a command, empty where nothing is; `own` is text that has variables of its play."""
    words = shlex.split(re.sub(r"\[[A-Z]+( …)?\]", "", command), comments=True)
    if len(words) == 1:
        return ""
    if words[0] == "ansible-playbook":
        return _of_ansible(words[1:], own)
    name, arguments = words[1], words[2:]
    if name not in COMMANDS:
        return f"./lab has no command {name}"
    if name in ("test", "bench"):
        known = set(PARTS) if name == "test" else {path.stem for path in (CHECKOUT / "benchmarks").glob("[a-z]*.py")}
        return next((f"there is no {one}" for one in arguments if one not in known | STANDS_FOR), "")
    if name not in PLAYED:
        return f"./lab {name} takes nothing" if arguments else ""
    arguments, wrong = _without_own(name, arguments)
    return wrong or _of_ansible([*arguments, PLAYED[name]], own)


def _without_own(name: str, arguments: list[str]) -> tuple[list[str], str]:
    """Return the arguments that Ansible gets, and what is wrong with the command's own."""
    if name == "down":
        return [one for one in arguments if one not in ("--purge", "--keep-data")], ""
    if name == "exercise":
        if "--only" in arguments:
            at = arguments.index("--only")
            case = next(iter(arguments[at + 1 : at + 2]), "")
            known = load(CHECKOUT / "playbooks" / "vars" / "exercise.yml")["exercise_cases"]
            wrong = "" if case in known or case in STANDS_FOR else f"there is no case {case}"
            return arguments[:at] + arguments[at + 2 :], wrong
        return [one for one in arguments if one != "--all"], ""
    if name == "report":
        named = re.sub(r"^[^-]\S*|--(against|from|to) \S+", "", " ".join(arguments))
        return named.split(), ""
    return arguments, ""


def _of_ansible(arguments: list[str], own: str) -> str:
    cli = PlaybookCLI(["ansible-playbook"])
    cli.init_parser()
    cli.parser.exit_on_error = False
    try:
        options, unknown = cli.parser.parse_known_args(arguments)
    except (ArgumentError, SystemExit) as error:
        return f"ansible-playbook does not take it: {error}"
    if unknown:
        return f"ansible-playbook has no option {unknown[0]}"
    faults = [
        *(f"there is no playbook {name}" for name in options.args if not _is_playbook(name, own)),
        *(f"there is no inventory {name}" for name in options.inventory or () if not _is_there(name)),
        *(f"there is no tag {tag}" for tags in options.tags for tag in tags.split(",") if tag not in known_tags()),
        *(
            f"there is no variable {name}"
            for given in options.extra_vars
            for name in _names(given)
            if name not in known_variables() and not re.search(rf"\b{name}\b", own)
        ),
    ]
    return next(iter(faults), "")


def _is_there(name: str) -> bool:
    return name in OWN or (CHECKOUT / name).is_file()


def _is_playbook(name: str, own: str) -> bool:
    ours = name.removeprefix("devsecops.monitor_lab.")
    return f"`{name}`" in own or (CHECKOUT / (name if ours == name else f"playbooks/{ours}.yml")).is_file()


def _names(given: str) -> list[str]:
    """Return the variables that an argument of -e gives; a file of them is the reader's."""
    if given.startswith("@"):
        return []
    if given.startswith("{"):
        return list(json.loads(given))
    return [pair.partition("=")[0] for pair in shlex.split(given)]


@functools.cache
def known_variables() -> set[str]:
    """Return the variables of roles, of load runs, and those that playbooks alone read."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in (CHECKOUT / "playbooks").rglob("*.yml"))
    playbooks = {name for names in FROM_VARIABLES.findall(text) for name in names if name}
    return {*variables_in(ROLES), *VARIABLES, *playbooks}


@functools.cache
def known_tags() -> set[str]:
    table = load(ROLES / "monitor_lab" / "vars" / "main.yml")["monitor_lab_service_table"]
    return {*(entry["name"] for entry in table), "preflight", "verify", "all", *STANDS_FOR}


def plays_of(text: str) -> list[dict[str, Any]]:
    """Return the plays of a block of YAML; none where it is something else."""
    parsed = yaml.safe_load(text)
    return [one for one in parsed if isinstance(one, dict) and "hosts" in one] if isinstance(parsed, list) else []

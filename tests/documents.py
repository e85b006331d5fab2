# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The documentation as Markdown: which pages there are, their links, anchors and blocks of code."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import NamedTuple

from tests.checks.tree import CHECKOUT, working_tree
from tests.role_readme import load

# Where a page of the collection is on the Internet: Galaxy shows some, and leads nowhere from a relative link.
REPOSITORY = load(CHECKOUT / "galaxy.yml")["repository"]
BLOB = f"{REPOSITORY}/blob/main/"
RAW = f"{REPOSITORY.replace('github.com', 'raw.githubusercontent.com')}/main/"

FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
INLINE = re.compile(r"\]\(([^()\s]+)\)")
NAMED = re.compile(r"\]\[([^\[\]]+)\]")
DEFINED = re.compile(r"^\[([^\[\]]+)\]: (\S+)$", re.MULTILINE)


class Block(NamedTuple):
    page: Path
    language: str
    """As the fence says, empty where it says none."""
    text: str


def pages() -> list[Path]:
    """Return the documentation's pages, relative to the checkout."""
    return sorted(path for path in working_tree() if path.suffix == ".md" and path.parts[0] != "tests")


def shown_on_galaxy(page: Path) -> bool:
    return page == Path("README.md") or page.parts[0] == "docs" or page.parts[::2] == ("roles", "README.md")


def read(page: Path) -> str:
    return (CHECKOUT / page).read_text(encoding="utf-8")


def blocks(page: Path, *languages: str) -> list[Block]:
    """Return the page's blocks of these languages, of all where none is named."""
    found = [Block(page, match[2], textwrap.dedent(match[3])) for match in FENCE.finditer(read(page))]
    return [block for block in found if not languages or block.language in languages]


def prose(text: str) -> str:
    """Return a page without its blocks of code."""
    return FENCE.sub("", text)


def links(text: str) -> list[str]:
    """Return where a page's links lead; one by a name that the page does not define leads to the name in brackets."""
    plain = re.sub(r"`[^`\n]*`", "", prose(text))
    defined = dict(DEFINED.findall(plain))
    return [*INLINE.findall(plain), *(defined.get(name, f"[{name}]") for name in NAMED.findall(plain))]


def anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    found: set[str] = set()
    for heading in re.findall(r"^#+ +(.+)$", prose(text), re.MULTILINE):
        words = re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower())
        anchor = words.replace(" ", "-")
        number = 0
        while (unique := f"{anchor}-{number}" if number else anchor) in found:
            number += 1
        found.add(unique)
    return found

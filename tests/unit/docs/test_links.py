# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Every link of the documentation leads to something, also from Galaxy."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.checks.tree import CHECKOUT
from tests.documents import BLOB, DEFINED, RAW, anchors, links, pages, prose, read, shown_on_galaxy


def fault(page: Path, link: str) -> str:
    """Return what is wrong with a link of a page, empty where nothing is."""
    place = next((link.removeprefix(base) for base in (BLOB, RAW) if link.startswith(base)), None)
    if link.startswith(("http://", "https://")) and place is None:
        return ""
    path, _hash, anchor = (link if place is None else place).partition("#")
    target = (CHECKOUT if place is not None else (CHECKOUT / page).parent) / path if path else CHECKOUT / page
    if not target.exists():
        return "there is no such file"
    if anchor and (target.suffix != ".md" or anchor not in anchors(target.read_text(encoding="utf-8"))):
        return "there is no such heading"
    if place is None and path and shown_on_galaxy(page):
        return f"it is dead on Galaxy; write {BLOB} before it, or of a picture {RAW}"
    return ""


@pytest.mark.parametrize("page", pages(), ids=str)
def test_every_link_leads_somewhere(page: Path) -> None:
    faults = {link: fault(page, link) for link in links(read(page))}
    assert {link: text for link, text in faults.items() if text} == {}


@pytest.mark.parametrize("page", pages(), ids=str)
def test_every_name_of_a_link_is_used_and_says_where_it_leads(page: Path) -> None:
    text = read(page)
    defined = DEFINED.findall(text)
    assert [name for name, _link in defined if f"][{name}]" not in prose(text)] == []
    assert [name for name, link in defined if not link.endswith(name)] == []


@pytest.mark.parametrize("page", [page for page in pages() if shown_on_galaxy(page)], ids=str)
def test_no_block_is_in_a_list(page: Path) -> None:
    """Galaxy's Markdown knows fences only where a line begins with them."""
    assert re.findall(r"^ +```.*", read(page), re.MULTILINE) == []


def test_readme_leads_to_every_page() -> None:
    found = links(read(Path("README.md")))
    assert [page for page in pages() if page.parts[0] == "docs" and f"{BLOB}{page}" not in found] == []


def test_readme_is_a_first_screen_and_a_way_in() -> None:
    assert len(read(Path("README.md")).splitlines()) < 200


@pytest.mark.parametrize(
    ("page", "link", "says"),
    [
        ("README.md", f"{BLOB}docs/security.md#who-gets-in", ""),
        ("README.md", f"{BLOB}docs/security.md#nobody", "no such heading"),
        ("README.md", f"{BLOB}docs/nowhere.md", "no such file"),
        ("README.md", "docs/security.md", "dead on Galaxy"),
        ("docs/security.md", "#who-gets-in", ""),
        ("docs/security.md", "#nobody", "no such heading"),
        ("CONTRIBUTING.md", "README.md", ""),
        ("CONTRIBUTING.md", "[README]", "no such file"),
        ("README.md", "https://docs.locust.io", ""),
    ],
)
def test_what_is_wrong_is_said(page: str, link: str, says: str) -> None:
    assert says in fault(Path(page), link) if says else fault(Path(page), link) == ""


def test_links_and_anchors_of_a_page() -> None:
    text = (
        "# A `b`, c\n[x](y.md) `[no](no.md)`\n[z][n.md] [a][b]\n```\n# no\n[no](no.md)\n```\n## A b c\n\n"
        "[n.md]: https://there/n.md\n"
    )
    assert links(text) == ["y.md", "https://there/n.md", "[b]"]
    assert anchors(text) == {"a-b-c", "a-b-c-1"}

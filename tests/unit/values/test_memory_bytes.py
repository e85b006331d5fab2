# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""An amount of memory means the same, whoever is told of it."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.devsecops.monitor_lab.plugins.filter.memory_bytes import FilterModule
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._values import memory_bytes
from hypothesis import given
from hypothesis import strategies as st

UNITS = {"k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("512m", 536870912),
        ("512M", 536870912),
        ("512Mi", 536870912),
        ("512MiB", 536870912),
        ("512mb", 536870912),
        ("1g", 1073741824),
        ("1G", 1073741824),
        ("1Gi", 1073741824),
        ("1.5g", 1610612736),
        ("0.3k", 307),
        ("1073741824", 1073741824),
        ("1073741824b", 1073741824),
        (1073741824, 1073741824),
    ],
)
def test_each_notation_has_its_bytes(written: Any, expected: int) -> None:
    assert memory_bytes(written) == expected


@given(number=st.integers(0, 10**6), unit=st.sampled_from("kmgt"), rest=st.sampled_from(["", "i", "b", "ib"]))
def test_case_and_the_letters_after_the_first_make_no_difference(number: int, unit: str, rest: str) -> None:
    written = f"{number}{unit}{rest}"
    assert memory_bytes(written) == memory_bytes(written.upper()) == number * UNITS[unit]


@given(st.integers(0))
def test_a_plain_number_is_bytes(number: int) -> None:
    assert memory_bytes(number) == memory_bytes(str(number)) == number


@pytest.mark.parametrize(
    "written",
    ["", "m", "half", "-1m", "1 g", "1gx", "512i", "1.5", 1.5, ".5g", "1e9", "\u0661g", "1g\n", None, True, [], ["1g"]],
)
def test_what_is_no_amount_is_refused_with_what_to_write(written: Any) -> None:
    with pytest.raises(AnsibleFilterError, match=r"is not an amount of memory; write one such as 512m, 512Mi or 1g"):
        FilterModule().filters()["memory_bytes"](written)


@given(st.text(max_size=8))
def test_any_text_is_bytes_or_refused(text: str) -> None:
    try:
        assert memory_bytes(text) >= 0
    except ValueError as refused:
        assert repr(text) in str(refused)

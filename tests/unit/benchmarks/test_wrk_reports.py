# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
from __future__ import annotations

import pytest

from benchmarks.service import Turn, turn

# wrk 4.1.0 fills units of one letter up with a blank.
SLOW = """
Running 10s test @ http://127.0.0.1:34743
  1 threads and 1 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.07s   250.98ms   1.62s    88.89%
    Req/Sec     0.33      0.50     1.00     66.67%
  Latency Distribution
     50%  968.01ms
     75%    1.08s\x20
     90%    1.62s\x20
     99%    1.62s\x20
  9 requests in 10.09s, 6.42KB read
Requests/sec:      0.89
Transfer/sec:     652.05B
"""


def test_the_report_of_a_slow_server() -> None:
    assert turn(SLOW) == Turn(0.89, 1620)


def test_the_report_of_a_quick_server() -> None:
    assert turn(SLOW.replace("1.62s ", "15.20ms")) == Turn(0.89, 15.2)


@pytest.mark.parametrize("more", ["  Non-2xx or 3xx responses: 3\n", "  Socket errors: connect 0, read 9\n"])
def test_answers_that_are_not_200(more: str) -> None:
    with pytest.raises(RuntimeError, match="not every request"):
        turn(SLOW + more)

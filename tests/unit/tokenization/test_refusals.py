# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Wrong bearer tokens, with a clock that the test turns."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import pytest
from tokenization.metrics import REFUSED_TOKENS
from tokenization.refusals import LOG_SECONDS, MEMORY_SECONDS, MOST_SECONDS, WAITING_LIMIT, Refusals


class Time:
    """What sleeps wakes where the test lets so many seconds pass."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []
        self._sleeping: list[tuple[float, asyncio.Future[None]]] = []

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        if seconds != LOG_SECONDS:
            self.slept.append(seconds)
        woken = asyncio.get_running_loop().create_future()
        self._sleeping.append((self.now + seconds, woken))
        await woken

    async def passes(self, seconds: float) -> None:
        self.now += seconds
        for _unused in range(3):
            for at, woken in self._sleeping:
                if at <= self.now and not woken.done():
                    woken.set_result(None)
            await asyncio.sleep(0)


def run(test: Callable[[Refusals, Time], Awaitable[None]]) -> None:
    async def with_time() -> None:
        time = Time()
        await test(Refusals(time.clock, time.sleep), time)

    asyncio.run(with_time())


async def refuse(refusals: Refusals, requests: int) -> list[asyncio.Task[bool]]:
    tasks = [asyncio.create_task(refusals.wait()) for _unused in range(requests)]
    # The second time for what writes the log.
    for _unused in range(2):
        await asyncio.sleep(0)
    return tasks


def test_the_more_come_the_longer_each_waits_up_to_the_most() -> None:
    async def test(refusals: Refusals, time: Time) -> None:
        for _unused in range(300):
            await refuse(refusals, 1)
            await time.passes(0.01)
        assert time.slept[0] < 0.1, "who once got it wrong hardly waits"
        assert time.slept[:50] == sorted(time.slept[:50])
        assert max(time.slept) == MOST_SECONDS

    run(test)


def test_they_are_forgotten() -> None:
    async def test(refusals: Refusals, time: Time) -> None:
        await refuse(refusals, WAITING_LIMIT)
        await time.passes(10 * MEMORY_SECONDS)
        await refuse(refusals, 1)
        assert time.slept[-1] < 0.1

    run(test)


def test_no_more_than_the_limit_wait() -> None:
    async def test(refusals: Refusals, time: Time) -> None:
        tasks = await refuse(refusals, WAITING_LIMIT + 50)
        assert [task.done() for task in tasks] == [False] * WAITING_LIMIT + [True] * 50
        assert await asyncio.gather(*tasks[WAITING_LIMIT:]) == [False] * 50
        await time.passes(MOST_SECONDS)
        assert await asyncio.gather(*tasks[:WAITING_LIMIT]) == [True] * WAITING_LIMIT
        (later,) = await refuse(refusals, 1)
        assert not later.done(), "there is room again"

    run(test)


def test_who_goes_away_makes_room() -> None:
    async def test(refusals: Refusals, time: Time) -> None:
        for task in await refuse(refusals, WAITING_LIMIT):
            task.cancel()
        await asyncio.sleep(0)
        (later,) = await refuse(refusals, 1)
        assert not later.done()

    run(test)


def test_each_is_counted_and_a_second_of_them_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    def lines() -> list[int]:
        return [record.requests for record in caplog.records]  # type: ignore[attr-defined]  # given as extra

    async def test(refusals: Refusals, time: Time) -> None:
        before = REFUSED_TOKENS._value.get()
        await refuse(refusals, 500)
        await time.passes(0.5)
        await refuse(refusals, 1)
        assert lines() == []
        await time.passes(0.5)
        assert lines() == [501]
        await time.passes(10)
        await refuse(refusals, 2)
        await time.passes(1)
        assert lines() == [501, 2]
        assert REFUSED_TOKENS._value.get() == before + 503

    with caplog.at_level(logging.WARNING):
        run(test)

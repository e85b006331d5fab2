# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Killed with -9 under load, again and again: what was answered with 200 is there."""

from __future__ import annotations

import asyncio
import random

from tests.integration.tokenization.load import Answers, enough, lost, store
from tests.integration.tokenization.service import BEARER, Postgresql, Service

KILLS = 20


def test_nothing_is_lost_when_the_service_is_killed(service: Service) -> None:
    stored: dict[str, str] = {}
    for kill in range(KILLS):
        service.start()

        async def kill_in_the_middle(answers: Answers) -> None:
            await enough(answers, random.randint(50, 500))
            service.kill()

        answers = store(service.url, f"kill-{kill}", kill_in_the_middle)
        assert answers.broken, "the kill hit no request"
        assert len(answers.stored) >= 50
        assert set(answers.codes) == {200}
        stored |= answers.stored
    service.start()
    assert lost(service.url, BEARER, stored) == {}
    assert service.metric("tokenization_tokens") >= len(stored)


def test_nothing_is_lost_when_postgresql_is_killed(on_postgresql: Service, postgresql: Postgresql) -> None:
    service = on_postgresql.start()
    stored: dict[str, str] = {}
    for kill in range(3):

        async def kill_in_the_middle(answers: Answers) -> None:
            await enough(answers, 200)
            await asyncio.to_thread(postgresql.stop, "immediate")
            await asyncio.sleep(0.2)
            await asyncio.to_thread(postgresql.start)
            await enough(answers, 200)

        answers = store(service.url, f"kill-{kill}", kill_in_the_middle)
        assert answers.broken == 0
        assert set(answers.codes) == {200, 503}
        stored |= answers.stored
    assert lost(service.url, BEARER, stored) == {}

# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Clients that store under names of their own, and remember what was answered."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import aiohttp

CLIENTS = 20
# What a client meets when the server is killed or stops.
BROKEN = (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError)


@dataclass
class Answers:
    stored: dict[str, str] = field(default_factory=dict)
    """token: data, for each 200"""
    codes: Counter[int] = field(default_factory=Counter)
    broken: int = 0
    """requests that got no answer"""
    refused: int = 0
    """those of them that found nobody who listens"""

    @property
    def cut_off(self) -> int:
        return self.broken - self.refused


async def enough(answers: Answers, count: int) -> None:
    """Waits until so many more were stored, or nobody is left who stores."""
    goal = len(answers.stored) + count
    while len(answers.stored) < goal and answers.broken == 0:
        await asyncio.sleep(0.005)


async def _client(session: aiohttp.ClientSession, url: str, prefix: str, stop: asyncio.Event, answers: Answers) -> None:
    number = 0
    while not stop.is_set():
        number += 1
        name, data = f"{prefix}-{number}", f"data of {prefix}-{number}"
        try:
            async with session.post(f"{url}/tokenize", json={"name": name, "data": data}) as answer:
                content = await answer.json()
        except BROKEN as error:
            answers.broken += 1
            answers.refused += isinstance(error, aiohttp.ClientConnectorError)
            return
        answers.codes[answer.status] += 1
        if answer.status == 200:
            answers.stored[content["token"]] = data
        else:
            await asyncio.sleep(0.02)


def store(
    url: str,
    prefix: str,
    meanwhile: Callable[[Answers], Awaitable[None]],
    clients: int = CLIENTS,
    keep_alive: bool = True,
    tls: ssl.SSLContext | bool = True,
) -> Answers:
    """Clients store until `meanwhile` is over, or until they get no answer."""

    async def run() -> Answers:
        answers, stop = Answers(), asyncio.Event()
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, force_close=not keep_alive, ssl=tls)
        ) as session:
            tasks = [
                asyncio.create_task(_client(session, url, f"{prefix}-{number}", stop, answers))
                for number in range(clients)
            ]
            await meanwhile(answers)
            stop.set()
            await asyncio.gather(*tasks)
        return answers

    return asyncio.run(run())


def stored_until_it_stops(
    process: subprocess.Popen[bytes], url: str, keep_alive: bool, tls: ssl.SSLContext | bool = True
) -> Answers:
    """Stop a service under load, see that no request was lost, and return the answers."""

    async def stop_in_the_middle(answers: Answers) -> None:
        await enough(answers, 300)
        process.terminate()
        await asyncio.to_thread(process.wait, 30)

    answers = store(url, "drain", stop_in_the_middle, keep_alive=keep_alive, tls=tls)
    assert process.returncode == 0
    assert set(answers.codes) == {200}
    assert answers.cut_off == 0, "requests that were sent, and got no answer"
    assert answers.broken == answers.refused > 0, "in the end nobody listens any more"
    return answers


def lost(url: str, bearer: dict[str, str], stored: dict[str, str]) -> dict[str, object]:
    """Of the tokens that were answered with 200, those that do not lead to their data now."""

    async def run() -> dict[str, object]:
        wrong: dict[str, object] = {}
        left = iter(stored.items())

        async def client(session: aiohttp.ClientSession) -> None:
            for token, data in left:
                async with session.post(f"{url}/detokenize", json={"token": token}, headers=bearer) as answer:
                    content = await answer.json()
                if content != {"data": data}:
                    wrong[token] = content

        async with aiohttp.ClientSession() as session:
            await asyncio.gather(*(client(session) for _unused in range(CLIENTS)))
        return wrong

    return asyncio.run(run())

# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Wrong bearer tokens: counted, answered the later the more come, and logged without their values."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable

from tokenization.metrics import REFUSED_TOKENS

# A wrong one is forgotten after about this long; each that is not makes the next wait so much longer, up to the most.
MEMORY_SECONDS = 10.0
STEP_SECONDS = 0.02
MOST_SECONDS = 2.0
# So many wait for their refusal at once.
WAITING_LIMIT = 100
LOG_SECONDS = 1.0

log = logging.getLogger(__name__)


class Refusals:
    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._recent = 0.0
        self._counted_at = 0.0
        self._waiting = 0
        self._unlogged = 0
        self._logging: asyncio.Task[None] | None = None

    async def wait(self) -> bool:
        """Count a wrong token and wait. Return whether it waited: False where too many already do."""
        REFUSED_TOKENS.inc()
        self._unlogged += 1
        if self._logging is None:
            self._logging = asyncio.create_task(self._log())
        now = self._clock()
        self._recent = self._recent * math.exp((self._counted_at - now) / MEMORY_SECONDS) + 1
        self._counted_at = now
        if self._waiting >= WAITING_LIMIT:
            return False
        self._waiting += 1
        try:
            await self._sleep(min(self._recent * STEP_SECONDS, MOST_SECONDS))
        finally:
            self._waiting -= 1
        return True

    async def _log(self) -> None:
        """Log those of a second together."""
        await self._sleep(LOG_SECONDS)
        log.warning("requests with wrong bearer tokens were refused", extra={"requests": self._unlogged})
        self._unlogged = 0
        self._logging = None

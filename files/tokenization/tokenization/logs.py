# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""One JSON object a line on standard error; never data, tokens or keys."""

from __future__ import annotations

import logging
import traceback
from logging.config import dictConfig
from typing import Any

from pythonjsonlogger.json import JsonFormatter


class Formatter(JsonFormatter):
    def formatException(self, ei: Any) -> str:
        """Where it happened and the kind of error. Not its text: that may quote what a client sent."""
        kind, _unused, trace = ei
        places = "; ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace))
        return f"{kind.__name__ if kind else 'error'} at {places}"


def configure() -> None:
    dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "json": {
                    "()": Formatter,
                    "fmt": "%(asctime)s %(levelname)s %(name)s %(message)s",
                    "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
                    "datefmt": "%Y-%m-%dT%H:%M:%S%z",
                }
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
            "root": {"level": "INFO", "handlers": ["stderr"]},
            # What it tells of starts and stops is told here, in words of the service; and any client can make it warn.
            "loggers": {"uvicorn": {"level": "ERROR"}},
        }
    )
    logging.captureWarnings(True)

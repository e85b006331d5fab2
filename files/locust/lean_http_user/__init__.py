# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A fast HTTP user for Locust; README.md tells what it does and what it leaves out."""

from __future__ import annotations

from lean_http_user.client import LeanHttpSession
from lean_http_user.failures import (
    AnswerTooLargeError,
    CutAnswerError,
    DeadlineError,
    LeanHttpError,
    MalformedAnswerError,
    RedirectError,
    UnansweredError,
    UndecodableAnswerError,
    UrlError,
)
from lean_http_user.lateness import Lateness, lateness_of
from lean_http_user.response import LeanResponse
from lean_http_user.user import LeanHttpUser

__all__ = [
    "AnswerTooLargeError",
    "CutAnswerError",
    "DeadlineError",
    "Lateness",
    "LeanHttpError",
    "LeanHttpSession",
    "LeanHttpUser",
    "LeanResponse",
    "MalformedAnswerError",
    "RedirectError",
    "UnansweredError",
    "UndecodableAnswerError",
    "UrlError",
    "lateness_of",
]

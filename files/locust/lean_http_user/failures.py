# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Why a request failed, in words.

Locust counts failures by their text, so a reason is the same for all failures of its kind: it holds no URL, no number
of bytes and no time.
"""

from __future__ import annotations


class LeanHttpError(ConnectionError):
    """What all of these are; a ConnectionError, as the failures of sockets are."""


class UnansweredError(LeanHttpError):
    """The server closed the connection before the first byte of an answer."""


class CutAnswerError(LeanHttpError):
    """The server closed the connection in the middle of an answer."""


class MalformedAnswerError(LeanHttpError):
    """What came is not HTTP/1.1."""


class AnswerTooLargeError(LeanHttpError):
    """The answer is larger than `max_head_size` or `max_body_size` allows."""


class UndecodableAnswerError(LeanHttpError):
    """The content is not what its Content-Encoding says, or that is none that is taken."""


class RedirectError(LeanHttpError):
    """A redirect too many, or to something that is not HTTP."""


class UrlError(LeanHttpError):
    """No host can be read from the URL."""


class DeadlineError(LeanHttpError, TimeoutError):
    """The connection, the next byte or the whole answer did not come in time."""

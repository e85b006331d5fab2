# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""Whether services answer."""

from __future__ import annotations

import http.client
import re
import urllib.error
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ansible.module_utils.urls import open_url

# In JSON, and in what an exporter says of its build.
VERSION = re.compile(r'(?:"|build_info\{(?:[^}]*,)?)version"?[:=] ?"([^"]+)"')


def ask(services: Sequence[Mapping[str, Any]], timeout: int) -> list[dict[str, Any]]:
    """Ask all services at once.

    Each has a name, a URL, what a healthy one's answer has, a regular expression, whether to use the environment's
    proxy, and, or None, url_username, url_password and ca_path.

    Return of each its name and URL, its status (0 for no answer), whether it is C(up), and its version ("" where it
    says none). `timeout` is in seconds, for each.
    """
    with ThreadPoolExecutor(max_workers=max(1, len(services))) as pool:
        return list(pool.map(lambda service: _answer(service, timeout), services))


def _answer(service: Mapping[str, Any], timeout: int) -> dict[str, Any]:
    status, text = 0, ""
    try:
        with open_url(
            service["url"],
            timeout=timeout,
            use_proxy=service["use_proxy"],
            url_username=service["url_username"],
            url_password=service["url_password"],
            force_basic_auth=service["url_username"] is not None,
            ca_path=service["ca_path"],
            # One would take the login along, wherever it leads.
            follow_redirects="none",
        ) as answer:
            status, text = answer.status, answer.read().decode(errors="replace")
    except urllib.error.HTTPError as error:
        status = error.code
    except (OSError, http.client.HTTPException):
        pass
    version = VERSION.search(text)
    up = status == 200 and bool(re.search(service["healthy"], text, re.MULTILINE))
    told = {"status": status, "up": up, "version": version[1] if version else ""}
    return {"name": service["name"], "url": service["url"], **told}

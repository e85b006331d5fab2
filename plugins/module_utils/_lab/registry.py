# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""Whether a registry of container images answers."""

from __future__ import annotations

import http.client
import re
import ssl
import urllib.error
import urllib.request

# https://distribution.github.io/distribution/spec/api/#api-version-check: 401 asks who one is, which is an answer.
ANSWERS = (200, 401)
# Docker Hub answers its API under another name than the one in its images.
HOSTS = {"docker.io": "registry-1.docker.io"}


def why_silent(registry: str, proxy: str = "", no_proxy: str = "", ca_certificate: str = "", timeout: float = 2) -> str:
    """Return why `registry`, a host with or without a port, does not answer over TLS, or "" where it does.

    `proxy` is the URL of an HTTP proxy that hosts in `no_proxy` (separated by commas) are reached without; the
    environment's where it is empty, but for a registry on loopback, as Docker itself does it. `ca_certificate` is PEM
    text of an authority to trust beyond the system's.
    `timeout` is in seconds, for each step of the connection. ValueError where the certificate is none.
    """
    context = ssl.create_default_context()
    # As lenient as Docker: Python 3.13 refuses authorities without a key usage, which many private ones are.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if ca_certificate:
        try:
            context.load_verify_locations(cadata=ca_certificate)
        except ssl.SSLError as error:
            raise ValueError(f"the certificate of the authority is no PEM certificate: {error}") from error
    host = HOSTS.get(registry, registry)
    bypassed = urllib.request.proxy_bypass_environment(host, {"no": no_proxy})  # type: ignore[attr-defined]  # missing in typeshed
    own = re.match(r"localhost(:|$)|127\.|\[::1\]", host)
    proxies = ({} if own else None) if not proxy else {} if bypassed else {"https": proxy}
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler(proxies), urllib.request.HTTPSHandler(context=context)
    )
    try:
        with opener.open(f"https://{host}/v2/", timeout=timeout):
            return ""
    except urllib.error.HTTPError as error:
        with error:
            return "" if error.code in ANSWERS else f"status {error.code}"
    except (OSError, http.client.HTTPException) as error:
        return str(getattr(error, "reason", error))

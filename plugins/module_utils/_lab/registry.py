# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""Whether a registry of container images answers, and by which digests it has images."""

from __future__ import annotations

import hashlib
import http.client
import json
import re
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

# https://distribution.github.io/distribution/spec/api/#api-version-check: 401 asks who one is, which is an answer.
ANSWERS = (200, 401)
# Docker Hub answers its API under another name than the one in its images.
HUB = "docker.io"
HOSTS = {HUB: "registry-1.docker.io"}
# An index first, which has the image for each architecture.
MANIFESTS = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)
# Registries take no larger manifest: https://github.com/opencontainers/distribution-spec
MOST = 4 * 2**20


class RegistryError(Exception):
    """A registry did not tell an image's digest; the message says why."""


class Way(NamedTuple):
    """The way to registries: proxy, what goes past it, an authority's certificate, seconds for each step."""

    proxy: str = ""
    no_proxy: str = ""
    ca_certificate: str = ""
    timeout: float = 2

    def open(self, url: str, headers: Optional[Mapping[str, str]] = None) -> http.client.HTTPResponse:
        """Return the answer to a GET. Raises what urllib does, and ValueError where the certificate is none.

        `proxy` is the URL of an HTTP proxy that hosts in `no_proxy` (separated by commas) are reached without; the
        environment's where it is empty, but for a registry on loopback, as Docker itself does it. `ca_certificate` is
        PEM text of an authority to trust beyond the system's.
        """
        context = ssl.create_default_context()
        # As lenient as Docker: Python 3.13 refuses authorities without a key usage, which many private ones are.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        if self.ca_certificate:
            try:
                context.load_verify_locations(cadata=self.ca_certificate)
            except ssl.SSLError as error:
                raise ValueError(f"the certificate of the authority is no PEM certificate: {error}") from error
        host = urllib.parse.urlsplit(url).netloc
        bypassed = urllib.request.proxy_bypass_environment(host, {"no": self.no_proxy})  # type: ignore[attr-defined]  # missing in typeshed
        own = re.match(r"localhost(:|$)|127\.|\[::1\]", host)
        proxies = ({} if own else None) if not self.proxy else {} if bypassed else {"https": self.proxy}
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler(proxies), urllib.request.HTTPSHandler(context=context)
        )
        request = urllib.request.Request(url, headers=dict(headers or {}))
        answer: http.client.HTTPResponse = opener.open(request, timeout=self.timeout)
        return answer


def why_silent(registry: str, way: Way) -> str:
    """Return why `registry`, a host with or without a port, does not answer over TLS, or "" where it does.

    Raises ValueError where the certificate on the way is none.
    """
    try:
        with way.open(f"https://{HOSTS.get(registry, registry)}/v2/"):
            return ""
    except urllib.error.HTTPError as error:
        with error:
            return "" if error.code in ANSWERS else f"status {error.code}"
    except (OSError, http.client.HTTPException) as error:
        return str(getattr(error, "reason", error))


def parsed(image: str) -> tuple[str, str, str]:
    """Return the registry, the repository and the tag of an image as an engine takes its name."""
    first, slash, rest = image.partition("/")
    has_registry = slash and (re.search(r"[.:]", first) or first == "localhost")
    registry, path = (first, rest) if has_registry else (HUB, image)
    repository, _unused, tag = path.partition(":")
    if registry == HUB and "/" not in repository:
        repository = f"library/{repository}"
    return registry, repository, tag or "latest"


def digest(image: str, way: Way) -> str:
    """Return the digest, `sha256:` and 64 digits, by which a registry has an image with a tag now.

    It is worked out from the manifest itself. A token is asked for as nobody, where the registry wants one. Raises
    RegistryError, and ValueError where the certificate on the way is none.
    """
    registry, repository, tag = parsed(image)
    url = f"https://{HOSTS.get(registry, registry)}/v2/{repository}/manifests/{tag}"
    try:
        try:
            manifest = _read(url, {"Accept": MANIFESTS}, way)
        except urllib.error.HTTPError as error:
            if error.code != 401:
                raise
            with error:
                token = _token(error.headers.get("WWW-Authenticate", ""), way)
            manifest = _read(url, {"Accept": MANIFESTS, "Authorization": f"Bearer {token}"}, way)
    except urllib.error.HTTPError as error:
        with error:
            raise RegistryError("it has none" if error.code == 404 else f"status {error.code}") from error
    except (OSError, http.client.HTTPException) as error:
        raise RegistryError(str(getattr(error, "reason", error))) from error
    return f"sha256:{hashlib.sha256(manifest).hexdigest()}"


def _read(url: str, headers: Mapping[str, str], way: Way) -> bytes:
    with way.open(url, headers) as answer:
        content = answer.read(MOST + 1)
    if len(content) > MOST:
        raise RegistryError(f"its answer is larger than {MOST} bytes")
    return content


def _token(challenge: str, way: Way) -> str:
    """Return what a registry's Bearer challenge leads to: https://distribution.github.io/distribution/spec/auth/token/."""
    fields = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
    realm = fields.pop("realm", "")
    if not (challenge.lower().startswith("bearer ") and realm.startswith("https://")):
        raise RegistryError("it wants a login")
    try:
        answer: Any = json.loads(_read(f"{realm}?{urllib.parse.urlencode(fields)}", {}, way))
    except (ValueError, RecursionError) as error:
        raise RegistryError("it gives no token") from error
    token = (answer.get("token") or answer.get("access_token")) if isinstance(answer, dict) else None
    if not isinstance(token, str) or not token.isprintable():
        raise RegistryError("it gives no token")
    return token

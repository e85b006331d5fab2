# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""The web configuration that Prometheus and its exporters take.

Its form is https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

with suppress(ImportError):
    import bcrypt

# Prometheus checks each new password so often that more is felt: 2^10 rounds take some 60 ms.
_ROUNDS = 10
_STANDARD = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_BCRYPT = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


class WebConfigError(Exception):
    """What is missing, and what to do."""


def web_config(options: Mapping[str, Any], tls_folder: str, salt: str) -> str:
    """Return the text of the web configuration of a server that is asked with these options: JSON, which is YAML.

    `tls_folder` is where the server has tls.crt and tls.key, and `salt` any secret text, which keeps the hash of the
    password the same from run to run. Raises WebConfigError.
    """
    config: dict[str, Any] = {}
    if "ca_path" in options:
        config["tls_server_config"] = {"cert_file": f"{tls_folder}/tls.crt", "key_file": f"{tls_folder}/tls.key"}
    if "url_username" in options:
        username = options["url_username"]
        config["basic_auth_users"] = {username: _hashed(options["url_password"], f"{salt} {username}")}
    return json.dumps(config, indent=2) + "\n"


def _hashed(password: str, salt: str) -> str:
    if "bcrypt" not in globals():
        raise WebConfigError(
            "the logins of Prometheus and the exporter need the Python package bcrypt on the controller: install it "
            "beside ansible-core"
        )
    # bcrypt(5): 16 bytes in a base64 of its own.
    encoded = base64.b64encode(hashlib.sha256(salt.encode()).digest()[:16]).decode().rstrip("=")
    own = encoded.translate(str.maketrans(_STANDARD, _BCRYPT))
    return bcrypt.hashpw(password.encode()[:72], f"$2b${_ROUNDS}${own}".encode()).decode()

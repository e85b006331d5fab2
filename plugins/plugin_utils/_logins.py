# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""How the services of the lab get into one another: the files of their passwords, and what Prometheus scrapes with."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from ..module_utils._grafana.datasource import DIGEST
from ._services import Groups, Table, text_of_secret, urls_of

# In the names of Prometheus's settings that are secret, or hold such.
_SECRET = re.compile(r"auth|credential|header|key|password|secret|token", re.IGNORECASE)

Access = Mapping[str, Mapping[str, Any]]
"""Service → the options that _services.access returns."""


def secret_texts(texts: Mapping[str, str], folder: str, owner: int, wanted: bool = True) -> list[dict[str, Any]]:
    """Return files with these texts, which their owner alone may read, as the role C(files) takes them.

    `texts` is by name of the file.
    """
    settings = {"secret": True, "owner": owner, "group": owner, "mode": "0400", "wanted": wanted}
    return [{"path": f"{folder}/{name}", "content": text, **settings} for name, text in texts.items()]


def scraping_secrets(services: Table, access: Access, secrets_dir: str) -> dict[str, str]:
    """Return name of a secret → its text, for all that Prometheus scrapes; in check mode some may be empty."""
    scraped = [service for service in services if service["metrics"]]
    passwords = [f"{service['name']}_password" for service in scraped if "url_username" in access[service["name"]]]
    tokens = [f"{service['name']}_metrics_token" for service in scraped if service["metrics_token"]]
    return {name: text_of_secret(secrets_dir, name) for name in passwords + tokens}


def scrape_configs(
    services: Table, access: Access, folder: str, groups: Groups, hostvars: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return Prometheus's jobs, one for each service that has metrics; passwords and authority are files in `folder`.

    A service that answers on each host of its group has as many targets.

    They are of the form https://prometheus.io/docs/prometheus/latest/configuration/configuration/#scrape_config
    """
    jobs = []
    for service in services:
        if not (service["metrics"] and service["url"]):
            continue
        # One may be given of what has no host of the inventory's.
        urls = dict.fromkeys(urls_of(service, groups, hostvars).values()) or [service["url"]]
        job = {
            "job_name": service["name"],
            "metrics_path": service["metrics"],
            **_reached(service, urls, access[service["name"]], folder),
            # One would get the login or the token, wherever it leads.
            "follow_redirects": False,
        }
        if service["metrics_token"]:
            job["authorization"] = {"credentials_file": f"{folder}/keys/{service['name']}_metrics_token"}
        jobs.append(job)
    return jobs


def may_hold_secrets(configs: Any, is_named_so: bool = False) -> bool:
    """Tell whether text in these jobs of Prometheus may be what lets it in somewhere, by the names of what it is in.

    Files that have it do not count. A URL may have it in itself.
    """
    if isinstance(configs, Mapping):
        return any(
            may_hold_secrets(value, is_named_so or bool(_SECRET.search(name)))
            for name, value in configs.items()
            if not name.endswith("_file")
        )
    if isinstance(configs, (list, tuple)):
        return any(may_hold_secrets(value, is_named_so) for value in configs)
    return is_named_so or "@" in str(configs)


def alerting(services: Table, access: Access, folder: str) -> dict[str, Any]:
    """Return whom Prometheus tells of alerts, as its C(alerting) takes it; {} where the lab has no Alertmanager."""
    found = [service for service in services if service["name"] == "alertmanager" and service["url"]]
    managers = [_reached(service, [service["url"]], access[service["name"]], folder) for service in found]
    return {"alertmanagers": managers} if managers else {}


def _reached(
    service: Mapping[str, Any], urls: Iterable[str], options: Mapping[str, Any], folder: str
) -> dict[str, Any]:
    """Return where Prometheus finds a service, and with which login and authority."""
    scheme = urlsplit(service["url"]).scheme
    found: dict[str, Any] = {
        "scheme": scheme,
        "static_configs": [{"targets": [urlsplit(url).netloc for url in urls]}],
    }
    if scheme == "https" and "ca_path" in options:
        found["tls_config"] = {"ca_file": f"{folder}/tls/authority.crt"}
    if "url_username" in options:
        password_file = f"{folder}/keys/{service['name']}_password"
        found["basic_auth"] = {"username": options["url_username"], "password_file": password_file}
    return found


def http_config(options: Mapping[str, Any], authority_file: str) -> dict[str, Any]:
    """Return how a program of Prometheus's kind gets to a service that is asked with these options.

    The form is https://prometheus.io/docs/prometheus/latest/configuration/configuration/#http_config;
    `authority_file` is where that program has the lab's authority.
    """
    config: dict[str, Any] = {}
    if "url_username" in options:
        config["basic_auth"] = {"username": options["url_username"], "password": options["url_password"]}
    if "ca_path" in options:
        config["tls_config"] = {"ca_file": authority_file}
    return config


def grafana_datasource(
    source: Mapping[str, Any], url: str, options: Mapping[str, Any], authority: str, salt: str
) -> dict[str, Any]:
    """Return a data source of Grafana's for a service of the lab, as its provisioning and its API take it.

    `source` has its name, uid, type and settings (`jsonData`), and `authority` is the certificate (PEM) that the
    service's is of. Grafana gives no secret back: a digest tells whether it has these. Whoever sees a dashboard sees
    that digest, so it is keyed with `salt`, any secret text.
    """
    settings: dict[str, Any] = dict(source["jsonData"])
    secrets = {}
    whole: dict[str, Any] = {**source, "access": "proxy", "url": url, "jsonData": settings}
    # Said of an open service too: it may have wanted a login before.
    whole["basicAuth"] = "url_username" in options
    if whole["basicAuth"]:
        whole["basicAuthUser"] = options["url_username"]
        secrets["basicAuthPassword"] = options["url_password"]
    if "ca_path" in options:
        settings["tlsAuthWithCACert"] = True
        secrets["tlsCACert"] = authority
    if secrets:
        settings[DIGEST] = _digest(secrets, salt)
        whole["secureJsonData"] = secrets
    return whole


def _digest(secrets: Mapping[str, str], salt: str) -> str:
    return hmac.new(salt.encode(), json.dumps(secrets, sort_keys=True).encode(), hashlib.sha256).hexdigest()[:12]

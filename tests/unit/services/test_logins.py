# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""How the services of the lab get into one another."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import bcrypt
import pytest
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils import _logins as logins
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._web_config import web_config

OPEN: dict[str, Any] = {}
CLOSED = {"ca_path": "/etc/ca.crt", "url_username": "prometheus", "url_password": "p4ss", "force_basic_auth": True}
DATASOURCE = {"name": "Prometheus", "uid": "lab", "type": "prometheus", "jsonData": {"timeInterval": "5s"}}


def service(
    name: str, url: str, metrics: str = "/metrics", metrics_token: bool = False, each: bool = False
) -> dict[str, Any]:
    return {
        "name": name,
        "groups": [name],
        "url": url,
        "metrics": metrics,
        "metrics_token": metrics_token,
        "each": each,
    }


def test_what_an_open_lab_scrapes() -> None:
    services = [
        service("prometheus", "http://192.0.2.4:9090"),
        service("grafana", "http://a:1", ""),
        service("none", ""),
    ]
    assert logins.scrape_configs(
        services, dict.fromkeys(("prometheus", "grafana", "none"), OPEN), "/etc/p", {}, {}
    ) == [
        {
            "job_name": "prometheus",
            "scheme": "http",
            "metrics_path": "/metrics",
            "static_configs": [{"targets": ["192.0.2.4:9090"]}],
            "follow_redirects": False,
        }
    ]


def test_what_answers_on_each_host_is_scraped_on_each() -> None:
    groups = {"nodes": ["a", "b", "c"], "prometheus": ["a", "b"]}
    hostvars = {"a": {"ansible_host": "192.0.2.1"}, "b": {"monitor_lab_address": "2001:db8::2"}, "c": {}}
    services = [service("nodes", "https://192.0.2.1:9100", each=True), service("prometheus", "http://192.0.2.1:9090")]
    nodes, prometheus = logins.scrape_configs(
        services, dict.fromkeys(("nodes", "prometheus"), OPEN), "/etc/p", groups, hostvars
    )
    assert nodes["static_configs"] == [{"targets": ["192.0.2.1:9100", "[2001:db8::2]:9100", "c:9100"]}]
    assert prometheus["static_configs"] == [{"targets": ["192.0.2.1:9090"]}]
    alone = logins.scrape_configs(
        [service("nodes", "http://127.0.0.1:9100", each=True)], {"nodes": OPEN}, "/etc/p", {"nodes": ["a"]}, hostvars
    )
    assert alone[0]["static_configs"] == [{"targets": ["127.0.0.1:9100"]}]


def test_prometheus_gets_into_what_is_closed() -> None:
    services = [
        service("prometheus", "https://192.0.2.4:9090"),
        service("tokenization", "https://192.0.2.1:30500", metrics_token=True),
    ]
    access: dict[str, dict[str, object]] = {"prometheus": CLOSED, "tokenization": {"ca_path": "/etc/ca.crt"}}
    prometheus, tokenization = logins.scrape_configs(services, access, "/etc/p", {}, {})
    assert prometheus["tls_config"] == {"ca_file": "/etc/p/tls/authority.crt"}
    assert prometheus["basic_auth"] == {"username": "prometheus", "password_file": "/etc/p/keys/prometheus_password"}
    assert tokenization["authorization"] == {"credentials_file": "/etc/p/keys/tokenization_metrics_token"}


def test_a_cluster_behind_plain_http_is_scraped_without_an_authority() -> None:
    (job,) = logins.scrape_configs([service("tokenization", "http://a:1")], {"tokenization": CLOSED}, "/etc/p", {}, {})
    assert "tls_config" not in job


def test_prometheus_is_given_the_secrets_of_what_it_scrapes(tmp_path: Path) -> None:
    (tmp_path / "prometheus_password").write_text("p4ss\n")
    services = [
        service("prometheus", "https://a"),
        service("tokenization", "https://b", metrics_token=True),
        service("locust", "https://c", ""),
    ]
    access = {"prometheus": CLOSED, "tokenization": OPEN, "locust": CLOSED}
    texts = logins.scraping_secrets(services, access, str(tmp_path))
    assert texts == {"prometheus_password": "p4ss\n", "tokenization_metrics_token": ""}
    assert logins.secret_texts(texts, "/etc/p/keys", 65534)[0] == {
        "path": "/etc/p/keys/prometheus_password",
        "content": "p4ss\n",
        "secret": True,
        "owner": 65534,
        "group": 65534,
        "mode": "0400",
        "wanted": True,
    }


@pytest.mark.parametrize(
    "job",
    [
        {"basic_auth": {"username": "it", "password": "geheim"}},
        {"authorization": {"credentials": "geheim"}},
        {"bearer_token": "geheim"},
        {"oauth2": {"client_id": "it", "client_secret": "geheim"}},
        {"tls_config": {"cert_file": "it.crt", "key": "geheim"}},
        {"http_headers": {"X-Scope": {"values": ["geheim"]}}},
        {"proxy_connect_header": {"Proxy-Authorization": ["geheim"]}},
        {"params": {"access_token": ["geheim"]}},
        {"proxy_url": "http://it:geheim@proxy:3128"},
        {"static_configs": [{"targets": ["it:geheim@host"]}]},
        {"consul_sd_configs": [{"server": "a:8500", "token": "geheim"}]},
        {"ec2_sd_configs": [{"access_key": "it", "secret_key": "geheim"}]},
    ],
)
def test_a_job_that_lets_in_may_not_be_shown(job: dict[str, Any]) -> None:
    assert logins.may_hold_secrets([{"job_name": "a"}, {"job_name": "it", **job}])


def test_a_job_that_names_files_may_be_shown() -> None:
    job = {
        "job_name": "it",
        "scheme": "https",
        "basic_auth": {"password_file": "/password", "username_file": "/name"},
        "authorization": {"credentials_file": "/token"},
        "tls_config": {"ca_file": "/ca.crt", "key_file": "/key", "insecure_skip_verify": False},
        "static_configs": [{"targets": ["192.0.2.1:9100"], "labels": {"lab": "mine"}}],
        "relabel_configs": [{"source_labels": ["__address__"], "target_label": "host"}],
    }
    assert not logins.may_hold_secrets([])
    assert not logins.may_hold_secrets([job])


def test_how_the_exporter_gets_into_locust() -> None:
    assert logins.http_config(OPEN, "/etc/e/ca.crt") == {}
    assert logins.http_config(CLOSED, "/etc/e/ca.crt") == {
        "basic_auth": {"username": "prometheus", "password": "p4ss"},
        "tls_config": {"ca_file": "/etc/e/ca.crt"},
    }


def test_the_data_source_of_an_open_lab() -> None:
    assert logins.grafana_datasource(DATASOURCE, "http://a", OPEN, "", "salt") == {
        **DATASOURCE,
        "access": "proxy",
        "url": "http://a",
        "basicAuth": False,
    }


def test_the_secrets_of_a_data_source_are_not_among_its_settings() -> None:
    wanted = logins.grafana_datasource(DATASOURCE, "https://a", CLOSED, "PEM", "salt")
    assert wanted["secureJsonData"] == {"basicAuthPassword": "p4ss", "tlsCACert": "PEM"}
    assert "p4ss" not in json.dumps(wanted["jsonData"])


def test_who_sees_the_settings_of_a_data_source_cannot_try_passwords_against_them() -> None:
    here, elsewhere = (logins.grafana_datasource(DATASOURCE, "https://a", CLOSED, "PEM", salt) for salt in "ab")
    assert here["jsonData"]["monitorLabSecrets"] != elsewhere["jsonData"]["monitorLabSecrets"]


def test_the_web_configuration_is_the_same_in_each_run_and_takes_the_password() -> None:
    text = web_config(CLOSED, "/etc/p/tls", "salt")
    assert text == web_config(CLOSED, "/etc/p/tls", "salt")
    config = json.loads(text)
    assert config["tls_server_config"] == {"cert_file": "/etc/p/tls/tls.crt", "key_file": "/etc/p/tls/tls.key"}
    hashed = config["basic_auth_users"]["prometheus"]
    assert bcrypt.checkpw(b"p4ss", hashed.encode())
    assert hashed != json.loads(web_config(CLOSED, "/etc/p/tls", "other"))["basic_auth_users"]["prometheus"]
    exporter = {**CLOSED, "url_username": "exporter"}
    assert hashed[:29] != json.loads(web_config(exporter, "/tls", "salt"))["basic_auth_users"]["exporter"][:29]


def test_a_web_configuration_without_a_login() -> None:
    assert json.loads(web_config(OPEN, "/tls", "")) == {}
    assert list(json.loads(web_config({"ca_path": "/etc/ca.crt"}, "/tls", ""))) == ["tls_server_config"]

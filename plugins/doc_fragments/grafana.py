# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations


class ModuleDocFragment:
    """How the modules reach Grafana."""

    DOCUMENTATION = r"""
options:
  grafana_url:
    description:
      - Where Grafana is served, with its sub-path where it has one.
    type: str
  url_username:
    description:
      - The user to log in to Grafana as. Give this with O(url_password), or give O(grafana_api_key).
    type: str
    aliases: [grafana_user]
  url_password:
    description:
      - The password of O(url_username).
    type: str
    aliases: [grafana_password]
  grafana_api_key:
    description:
      - An API key or a service account's token. Where it is set, O(url_username) and O(url_password) are not used.
    type: str
  org_id:
    description:
      - Grafana's organisation to work in. It is named in each request; the login's current organisation stays as it
        is.
    type: int
  use_proxy:
    description:
      - Whether Grafana is asked through the proxy that the environment names. A Grafana of one's own is seldom behind
        it.
    type: bool
    default: true
  validate_certs:
    description:
      - Whether Grafana's TLS certificate is checked.
    type: bool
    default: true
  ca_path:
    description:
      - A file with the CA certificates to trust where O(grafana_url) is C(https), on the machine that asks Grafana.
    type: path
  client_cert:
    description:
      - A PEM file with a client certificate for Grafana, and its key unless O(client_key) holds that.
    type: path
  client_key:
    description:
      - A PEM file with the key of O(client_cert).
    type: path
  timeout:
    description:
      - How many seconds one request to Grafana may take.
    type: int
    default: 10
attributes:
  action_group:
    description: >-
      Defaults for the whole group can be set with C(group/devsecops.monitor_lab.grafana) in C(module_defaults).
    support: full
    membership: [devsecops.monitor_lab.grafana]
"""

# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: monitoring_objects
short_description: Makes what a cluster's own Prometheus and Grafana are told of the lab
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - A C(ServiceMonitor) for each service, a C(PrometheusRule) with the lab's rules about them, and a C(ConfigMap) for
    each dashboard.
positional: _input, settings, dashboards
options:
  _input:
    description: >-
      The services on the cluster, each with C(job), by which rules and dashboards know it, C(app), the label of its
      C(Service), C(namespace), and C(endpoint), its C(port), C(path) and what lets one in, as a C(ServiceMonitor) takes
      them.
    type: list
    elements: dict
    required: true
  settings:
    description: >-
      C(namespace) of the objects, C(monitor_labels) and C(dashboard_labels), by which the cluster's Prometheus and
      Grafana choose them, C(interval) of scrapes and rules, and C(thresholds), as
      P(devsecops.monitor_lab.alert_rules#filter) takes them.
    type: dict
    required: true
  dashboards:
    description: Paths of the dashboards' files.
    type: list
    elements: path
    required: true
"""

EXAMPLES = r"""
- name: Have the cluster's own Prometheus and Grafana watch the service
  kubernetes.core.k8s:
    definition: "{{ [service] | devsecops.monitor_lab.monitoring_objects(settings, dashboards) }}"
  vars:
    service:
      job: tokenization
      app: tokenization-service
      namespace: monitor-lab
      endpoint: {port: http, path: /metrics}
    settings:
      namespace: monitor-lab
      monitor_labels: {release: kube-prometheus-stack}
      dashboard_labels: {grafana_dashboard: "1"}
      interval: 5s
      thresholds: {}
    dashboards: [files/dashboards/tokenization.json]
"""

RETURN = r"""
_value:
  description: The objects.
  type: list
  elements: dict
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ansible.utils.unsafe_proxy import wrap_var
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils import _monitoring


def monitoring_objects(
    monitored: Sequence[_monitoring.Monitored], settings: _monitoring.Settings, dashboards: Iterable[str]
) -> Any:
    # The sentences of alerts have templates of Prometheus's, which Ansible's older versions take for theirs.
    return wrap_var(_monitoring.monitoring_objects(monitored, settings, dashboards))


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"monitoring_objects": monitoring_objects}

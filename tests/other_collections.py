# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Variables of prometheus.prometheus and grafana.grafana that somebody may have in the same inventory."""

from __future__ import annotations

OF_OTHERS = {
    "grafana_alert_resources",
    "grafana_api_keys",
    "grafana_api_url",
    "grafana_dashboards_dir",
    "grafana_environment",
    "grafana_ini_default",
    "grafana_ldap",
    "grafana_manage_repo",
    "prometheus_agent_mode",
    "prometheus_alert_relabel_configs",
    "prometheus_alert_rules",
    "prometheus_alert_rules_files",
    "prometheus_alertmanager_config",
    "prometheus_binary_url",
    "prometheus_config_dir",
    "prometheus_config_file",
    "prometheus_db_dir",
    "prometheus_metrics_path",
    "prometheus_scrape_config_files",
    "prometheus_static_targets_files",
    "prometheus_storage_retention",
    "prometheus_storage_retention_size",
    "prometheus_system_user",
    "prometheus_web_config",
    "prometheus_web_listen_address",
}

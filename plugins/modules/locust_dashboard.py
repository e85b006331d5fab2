#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: locust_dashboard
short_description: Put dashboards into Grafana, bound to its data sources
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - Imports Grafana dashboards by uid. By default this is the collection's own dashboard of a Locust run.
  - >-
    They are taken as people keep them, in JSON or YAML: Grafana's export, for sharing or as a resource of
    C(dashboard.grafana.app) (not of schema v2), an answer of its API, a C(GrafanaDashboard) of the Grafana operator, a
    C(ConfigMap) with one or several, and lists of these. Library panels are put in where the export has them.
  - >-
    Every way in which published dashboards name a data source is bound to one of this Grafana: inputs such as
    C(${DS_PROMETHEUS}), also those that are used and not declared, plain names, uids, null, objects, and template
    variables; in panels, rows, queries, annotations and variables.
  - >-
    Compares before it writes, so that a second run only reads. Of several dashboards none is written before all were
    looked into.
  - >-
    Tested with Grafana 7.5. Written for 8 to 13 (folders addressed by uid, folders in folders, data source references
    as objects, panels of Angular that are migrated) from their API documentation and source.
extends_documentation_fragment:
  - devsecops.monitor_lab.grafana
options:
  grafana_url:
    description:
      - Where Grafana is served, with its sub-path where it has one.
    type: str
    required: true
  timeout:
    description:
      - How many seconds one request to Grafana may take, and a whole download.
    type: int
    default: 10
  retries:
    description:
      - How many more times to ask, a second apart, while Grafana is not there yet or still starting.
    type: int
    default: 30
  path:
    description:
      - A file with the dashboard, on the controller. It is looked for as the files of a role or play are.
      - >-
        Of a folder, all files that end in C(.json), C(.yaml) or C(.yml) are taken, those in folders below it too, each
        dashboard by its own uid; what is hidden is not, nor YAML that holds something else.
      - Without O(path), O(content), O(url) and O(gnet_id) the collection's own Locust dashboard is used.
    type: path
  content:
    description:
      - The dashboard itself or what it is kept in, a mapping, its text, or a list of mappings.
    type: raw
  url:
    description:
      - Where to download the dashboard from, in JSON. No credentials are sent there. At most 10 MiB.
      - This is not the address of Grafana, which is O(grafana_url).
    type: str
  gnet_id:
    description:
      - The number of a dashboard that is published on grafana.com. V(11985) is the one for containersol's exporter.
    type: int
  revision:
    description:
      - The revision of O(gnet_id), or V(latest).
    type: str
    default: latest
  state:
    description:
      - V(present) makes Grafana hold the dashboard as given.
      - V(absent) removes the dashboard with O(uid), or, without it, with the uid that the dashboard given has.
    type: str
    choices: [present, absent]
    default: present
  uid:
    description:
      - The dashboard's uid in this Grafana. Without it the one that the dashboard has, else one made from its title.
      - For one dashboard. What is called otherwise and has this uid is replaced, too.
    type: str
  title:
    description:
      - The dashboard's title in this Grafana, in place of its own. For one dashboard.
    type: str
  tags:
    description:
      - The dashboard's tags in this Grafana, in place of its own.
    type: list
    elements: str
  folder:
    description:
      - >-
        The title or uid of the folder that is to hold the dashboard; it is made if it is missing. V(General) is the
        place without a folder.
      - Where folders can be in folders (Grafana 11 and later), a path of titles such as V(Lab/Load tests).
      - Without it a dashboard that is there stays where it is, and a new one goes to V(General).
    type: str
  datasource:
    description:
      - >-
        The name or uid of the data source for everything in the dashboard that is of its type or of no stated type.
      - >-
        Without it, references to data sources that are here are kept, and others are bound to Grafana's default data
        source, or to the only one of the type.
    type: str
  inputs:
    description:
      - What to bind by name, for a dashboard with several data sources or with constants.
      - >-
        A key is the name of an input (such as V(DS_LOKI)), of a data source variable, or of a data source as the
        dashboard calls it; the value is the name or uid of a data source here. For a constant it is the value.
    type: dict
    default: {}
  overwrite:
    description:
      - >-
        Without it, a dashboard is not replaced or removed that is called otherwise than the one given and has its uid,
        as the copies of a published dashboard have; the task fails, and names it.
      - With V(true), whatever dashboard has the uid is.
      - >-
        With V(false), a dashboard whose last save was not this module's is not, either; the task fails, and says when
        and by whom it was saved.
    type: bool
  lab:
    description:
      - >-
        Whose the dashboards are, where several labs may be in one Grafana. It is put among their tags as C(lab:NAME).
        One that such a tag gives to another lab is not replaced, whatever O(overwrite) says, and not removed.
    type: str
  commit_message:
    description:
      - A note for the dashboard's version history. C(locust_dashboard) is put before it.
    type: str
attributes:
  check_mode:
    description: Sends nothing but GET requests in check mode.
    support: full
  diff_mode:
    description: Shows the paths in the dashboard that differ, with their old and new values.
    support: full
  idempotent:
    description: A dashboard that is as wanted is only read.
    support: full
seealso:
  - module: community.grafana.grafana_datasource
    description: Makes the data source.
  - name: Locust test, dashboard 11985
    description: The published dashboard that is often used with containersol's exporter.
    link: https://grafana.com/grafana/dashboards/11985
"""

EXAMPLES = r"""
- name: Import the Locust dashboard
  devsecops.monitor_lab.locust_dashboard:
    grafana_url: http://127.0.0.1:3000
    url_username: admin
    url_password: "{{ grafana_admin_password }}"
    datasource: Prometheus
    folder: Load tests

- name: Import the published dashboard 11985
  devsecops.monitor_lab.locust_dashboard:
    grafana_url: https://grafana.example.org/monitoring
    grafana_api_key: "{{ grafana_token }}"
    gnet_id: 11985
    revision: latest
    datasource: Prometheus

- name: Import a dashboard that needs two data sources and a constant
  devsecops.monitor_lab.locust_dashboard:
    grafana_url: http://127.0.0.1:3000
    grafana_api_key: "{{ grafana_token }}"
    path: checkout.json
    inputs:
      DS_PROMETHEUS: Prometheus
      DS_LOKI: Loki
      VAR_CLUSTER: lab
    overwrite: false

- name: Import all dashboards of a folder, each by its own uid
  devsecops.monitor_lab.locust_dashboard:
    grafana_url: http://127.0.0.1:3000
    grafana_api_key: "{{ grafana_token }}"
    path: dashboards/
    datasource: Prometheus
    folder: Services

- name: Import the dashboards of a ConfigMap in a Kubernetes cluster
  devsecops.monitor_lab.locust_dashboard:
    grafana_url: http://127.0.0.1:3000
    grafana_api_key: "{{ grafana_token }}"
    content: "{{ query('kubernetes.core.k8s', kind='ConfigMap', namespace='monitoring', resource_name='dashboards') }}"

- name: Import a GrafanaDashboard that is kept in YAML, beside one that has its uid
  devsecops.monitor_lab.locust_dashboard:
    grafana_url: http://127.0.0.1:3000
    grafana_api_key: "{{ grafana_token }}"
    path: manifests/checkout.yaml
    uid: checkout-lab
    title: Checkout in the lab

- name: Remove the Locust dashboard
  devsecops.monitor_lab.locust_dashboard:
    grafana_url: http://127.0.0.1:3000
    url_username: admin
    url_password: "{{ grafana_admin_password }}"
    state: absent
"""

RETURN = r"""
dashboards:
  description: >-
    What became of each dashboard, with the keys C(uid), C(title), C(url), C(version), C(folder_uid), C(bound) and
    C(changed), as they are described here.
  returned: success
  type: list
  elements: dict
uid:
  description: The dashboard's uid.
  returned: success, of one dashboard
  type: str
  sample: monitor-lab-locust
title:
  description: The dashboard's title. None where there was none to be removed.
  returned: success, of one dashboard
  type: str
  sample: Locust
url:
  description: The dashboard's address.
  returned: success, of one dashboard
  type: str
  sample: http://127.0.0.1:3000/d/monitor-lab-locust
version:
  description: The version that Grafana holds; in check mode the one that it held before. None where there is none.
  returned: success, of one dashboard
  type: int
  sample: 1
folder_uid:
  description: The uid of the dashboard's folder. Empty for V(General), none for a folder that check mode did not make.
  returned: success, of one dashboard
  type: str
  sample: ""
bound:
  description: What each data source that the dashboard names was bound to, as name → uid.
  returned: success, of one dashboard
  type: dict
  sample:
    datasource: monitor-lab-prometheus
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana.arguments import CONNECTION, REQUIRED_BY
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana.client import GrafanaError, client_from
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana.dashboard import (
    JSON,
    DashboardError,
)
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana.dashboard_import import (
    Change,
    Wish,
    absent,
    download,
    present,
    published,
)
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana.shapes import dashboards_in

ARGUMENTS: dict[str, dict[str, Any]] = {
    **CONNECTION,
    "grafana_url": {"type": "str", "required": True},
    "retries": {"type": "int", "default": 30},
    "path": {"type": "path"},
    "content": {"type": "raw"},
    "url": {"type": "str"},
    "gnet_id": {"type": "int"},
    "revision": {"type": "str", "default": "latest"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "uid": {"type": "str"},
    "title": {"type": "str"},
    "tags": {"type": "list", "elements": "str"},
    "folder": {"type": "str"},
    "datasource": {"type": "str"},
    "inputs": {"type": "dict", "default": {}},
    "overwrite": {"type": "bool"},
    "lab": {"type": "str"},
    "commit_message": {"type": "str"},
}


def given(params: dict[str, Any]) -> list[JSON]:
    """Return the dashboards that the task gives, none where it gives only a uid."""
    address = params["url"]
    if params["gnet_id"] is not None:
        address = published(params["gnet_id"], params["revision"])
    if address is not None:
        content = download(
            address,
            timeout=params["timeout"],
            validate_certs=params["validate_certs"],
            ca_path=params["ca_path"],
            # grafana.com is nobody's own.
            use_proxy=params["use_proxy"] or params["gnet_id"] is not None,
        )
        return dashboards_in(content, address)
    if params["content"] is not None:
        return dashboards_in(params["content"], "the dashboard")
    return []


def changes(params: dict[str, Any], check: bool) -> list[Change]:
    """Make Grafana hold the dashboards as asked for, or not; with `check`, only say what would change."""
    grafana = client_from(params)
    wish = Wish(
        uid=params["uid"],
        title=params["title"],
        tags=params["tags"],
        folder=params["folder"],
        datasource=params["datasource"],
        inputs={name: str(value) for name, value in params["inputs"].items()},
        overwrite=params["overwrite"],
        message=params["commit_message"],
        lab=params["lab"],
    )
    dashboards = given(params)
    grafana.wait_until_ready(params["retries"])
    if params["state"] == "absent":
        return absent(grafana, dashboards, wish, check=check)
    if not dashboards:
        raise DashboardError("there is no dashboard to import: give path, content, url or gnet_id")
    return present(grafana, dashboards, wish, check=check)


def result(change: Change, grafana_url: str) -> dict[str, Any]:
    """Return what the task tells of one dashboard."""
    return {
        "uid": change.uid,
        "title": change.title,
        "url": f"{grafana_url.rstrip('/')}/d/{change.uid}",
        "version": change.version,
        "folder_uid": change.folder_uid,
        "bound": change.bound,
        "changed": change.changed,
    }


def main() -> None:
    module = AnsibleModule(
        argument_spec=ARGUMENTS,
        mutually_exclusive=[("path", "content", "url", "gnet_id")],
        required_one_of=[("grafana_api_key", "url_username")],
        required_by=REQUIRED_BY,
        supports_check_mode=True,
    )
    try:
        made = changes(module.params, module.check_mode)
    except (DashboardError, GrafanaError) as error:
        module.fail_json(msg=str(error))
    for one in made:
        for warning in one.warnings:
            module.warn(warning if len(made) == 1 else f"{one.title}: {warning}")
    results = [result(one, module.params["grafana_url"]) for one in made]
    diffs: list[dict[str, Any]] = [{"before": one.before, "after": one.after} for one in made]
    if len(made) == 1:
        module.exit_json(**results[0], dashboards=results, diff=diffs[0])
    for one, diff in zip(made, diffs):
        diff["before_header"] = diff["after_header"] = one.title or one.uid
    module.exit_json(changed=any(one.changed for one in made), dashboards=results, diff=diffs)


if __name__ == "__main__":
    main()

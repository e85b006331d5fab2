# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations


class ModuleDocFragment:
    """How the modules reach Locust."""

    DOCUMENTATION = r"""
options:
  locust_url:
    description:
      - Where Locust's web interface is, as seen from the host that the task runs on, with its base path where it has
        one.
      - A Locust that only listens on loopback is reached by running the task on its host.
      - A user name or password in it is refused, because it would be printed; set O(locust_username). No redirect is
        followed.
    type: str
    default: http://127.0.0.1:8089
  locust_username:
    description:
      - The name to log in with, where Locust runs with C(--web-login) and a form for a name and a password, its own or
        a C(custom_form) of the locustfile; and where Locust up to 2.20 with C(--web-auth), or a proxy before any,
        answers HTTP 401 and asks for basic authentication.
    type: str
  locust_password:
    description:
      - The password of O(locust_username).
    type: str
  locust_ca_path:
    description:
      - A file, on the host that the task runs on, with the CA certificates to trust where O(locust_url) is C(https).
    type: path
  locust_client_cert:
    description:
      - A file, on the host that the task runs on, with a client certificate, where a proxy before Locust wants one.
    type: path
  locust_client_key:
    description:
      - A file with the private key of O(locust_client_cert), where that does not hold it.
    type: path
  locust_headers:
    description:
      - Headers to send with every request by name, such as those that a proxy before Locust wants.
    type: dict
  locust_use_proxy:
    description:
      - Whether to reach Locust through the proxy that the environment of the task's host names, as C(http_proxy),
        C(https_proxy) and C(no_proxy). It is not used otherwise.
    type: bool
    default: false
  kubernetes:
    description:
      - Where Locust is a Service of a Kubernetes cluster that is not reached from the task's host as it is. Each call
        then starts C(kubectl port-forward), which has to be on that host, and ends it, however the call ends. While it
        goes on, a port of loopback leads to Locust, for every user of that host.
      - O(locust_url) then says only by which name Locust goes, which its certificate has to be for, and which port of
        the Service it is. O(locust_use_proxy) does nothing; kubectl has its own ways.
    type: dict
    suboptions:
      kubeconfig:
        description:
          - The kubeconfig on the task's host. kubectl's own default without it.
        type: path
      context:
        description:
          - A context of the kubeconfig, in place of its current one.
        type: str
      namespace:
        description:
          - The Service's namespace, in place of the context's.
        type: str
      service:
        description:
          - The Service's name.
        type: str
        default: locust
attributes:
  action_group:
    description: >-
      Defaults for the whole group can be set with C(group/devsecops.monitor_lab.locust) in C(module_defaults).
    support: full
    membership: [devsecops.monitor_lab.locust]
"""

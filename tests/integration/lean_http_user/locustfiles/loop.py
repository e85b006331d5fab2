# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Many requests in one task, each with headers of its own, in the manner of tests of proxies and caches."""

from __future__ import annotations

import ipaddress
import random

from locust import FastHttpUser, task

NETWORK = ipaddress.ip_network("192.0.2.0/24")


class Many(FastHttpUser):
    network_timeout = 5.0
    connection_timeout = 5.0

    @task
    def addresses(self):
        for _request in range(10):
            address = str(NETWORK[random.randrange(1, 255)])
            self.client.get(f"/ip/{address}", headers={"X-Forwarded-For": address}, name="/ip")

    @task
    def closing(self):
        self.client.get("/ip/192.0.2.1", headers={"Connection": "close"}, name="/ip, closing")

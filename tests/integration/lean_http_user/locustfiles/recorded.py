# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A recorded session: a browser's headers, texts as bodies, whole URLs, one step after the other."""

from __future__ import annotations

from locust import FastHttpUser, SequentialTaskSet, task

HEADERS = {
    "accept-encoding": "gzip, deflate, br",
    "accept-language": "sv,en;q=0.9",
    "cache-control": "no-cache",
    "user-agent": "Mozilla/5.0 (X11; Linux x86_64)",
}


class Recorded(FastHttpUser):
    default_headers = HEADERS

    @task
    class Session(SequentialTaskSet):
        @task
        def log_in(self):
            response = self.client.post(
                "/login",
                headers={"accept": "application/json, text/plain, */*; q=0.01", "content-type": "application/json"},
                data='{"personalId":"193804122491","source":3}',
            )
            self.token = response.json()["token"]

        @task
        def look(self):
            authorization = {"authorization": f"Bearer {self.token}"}
            self.client.get(f"{self.user.host}/customized?size=10", headers=authorization, name="look")

        @task
        def moved(self):
            self.client.get("/moved", allow_redirects=False)
            self.client.get("/moved", name="/moved, followed")

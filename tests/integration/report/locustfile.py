# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Load on the tokenization service, of which some fails and some raises, under names that want to be HTML."""

from locust import HttpUser, constant_throughput, runners, task

# Seconds of silence after which a worker counts as missing: on a machine that is busy with other tests, 3 are too few.
runners.HEARTBEAT_LIVENESS = 10


class Visitor(HttpUser):
    wait_time = constant_throughput(5)

    @task(8)
    def store(self):
        self.client.post("/tokenize", json={"name": "one", "data": "kept"}, name="/tokenize")

    @task(2)
    def miss(self):
        self.client.get("/nowhere", name="/<script>document.title='taken'</script>&\u202e' \"")

    @task(1)
    def fail(self):
        raise ValueError("<img src=//198.51.100.1/x onerror=\"document.title='taken'\">")

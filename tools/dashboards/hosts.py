# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The hosts, the containers on them, and Locust's workers: a panel is a row of PANELS."""

from __future__ import annotations

from tools.dashboards.alerts import THRESHOLDS
from tools.dashboards.grafana import (
    DASHED,
    GREEN,
    GREY,
    ORANGE,
    RED,
    STEPPED,
    WHOLE,
    Column,
    Dashboard,
    Graph,
    Heading,
    Label,
    Line,
    Note,
    Stat,
    Table,
    cell,
    colour,
    shortened,
    variable,
)

HERE = 'job="$host_job",instance=~"$host"'
WORDS = {"here": HERE, "runs": 'lab=~"$lab|exercise"'}

MEMORY = "1 - node_memory_MemAvailable_bytes{@here} / node_memory_MemTotal_bytes{@here}"
# As the rules of the alerts have them.
CPU = (
    "1 - avg by (instance) (sum by (instance, cpu)"
    ' (rate(node_cpu_seconds_total{@here,mode=~"idle|iowait|nice"}[@window])))'
)
DISK = (
    '1 - node_filesystem_avail_bytes{@here,mountpoint!~"/(run|dev|boot)(/.*)?"}'
    " / (node_filesystem_size_bytes{@here} > 0)"
    " unless on (instance, device, mountpoint) node_filesystem_readonly{@here} == 1"
)
DEVICE = 'device!~"lo|veth.*|br-.*|docker.*|podman.*|cni.*"'
FULL = ((None, GREY), (0, GREEN), (0.8, ORANGE), (THRESHOLDS["memory_ratio"], RED))

CONTAINER = 'name!=""'
CONTAINER_NAME = "{{name}}"


def of_container(metric: str) -> str:
    return f"max by (instance, name) ({metric}{{{CONTAINER}}})"


CONTAINER_CPU = f"sum by (instance, name) (rate(container_cpu_usage_seconds_total{{{CONTAINER}}}[@window]))"
CONTAINER_LIMIT = f"({of_container('container_spec_memory_limit_bytes')} > 0)"
CONTAINER_MEMORY = f"{of_container('container_memory_working_set_bytes')} / {CONTAINER_LIMIT}"
CONTAINER_PERIODS = f"sum by (instance, name) (rate(container_cpu_cfs_periods_total{{{CONTAINER}}}[@window]))"
CONTAINER_WAITING = (
    f"sum by (instance, name) (rate(container_cpu_cfs_throttled_periods_total{{{CONTAINER}}}[@window]))"
    f" / ({CONTAINER_PERIODS} > 0) or 0 * {CONTAINER_PERIODS}"
)

# Workers by where they are; Locust knows them by 32 hex digits.
BY_PLACE = shortened(
    "max by (host, number) (%s * on (job, instance, id) group_left (host, number) locust_worker_info)", "host"
)
PLACE = "{{short}} {{number}}"


def limit(name: str) -> Line:
    return Line(f"{THRESHOLDS[name]} + 0 * max(up)", "alert above", [colour(RED), DASHED])


PANELS = [
    Stat(
        4,
        3,
        "Hosts",
        Note(
            "Hosts whose figures Prometheus gets, of those chosen above.",
            "all that the lab has.",
            "fewer: one is down, or its node_exporter.",
        ),
        "sum(up{@here}) or on () vector(0)",
        thresholds=[(None, RED), (1, GREEN)],
    ),
    Stat(
        4,
        3,
        "Processors",
        Note(
            "The host with the most processor time in use, of all its cores, but for nice work.",
            "below 80 %.",
            "near 100 %: what is measured there says more of the host than of the service.",
        ),
        f"max({CPU})",
        "percentunit",
        thresholds=FULL,
    ),
    Stat(
        4,
        3,
        "Memory",
        Note("The host with the least memory left.", "below 80 %.", "above 90 %: the kernel will soon kill something."),
        f"max({MEMORY})",
        "percentunit",
        thresholds=FULL,
    ),
    Stat(
        4,
        3,
        "Disk",
        Note("The file system with the least space left.", "below 80 %.", "above 90 %: what writes there will stop."),
        f"max({DISK})",
        "percentunit",
        thresholds=FULL,
    ),
    Stat(
        4,
        3,
        "Killed",
        Note(
            "Processes that the kernels killed in the time range for want of memory, in containers and outside.",
            "0.",
            "any: give it more memory, or find what takes it.",
        ),
        "sum(increase(node_vmstat_oom_kill{@here}[$__range]))",
        thresholds=[(None, GREY), (0, GREEN), (0.5, RED)],
    ),
    Stat(
        4,
        3,
        "Restarts",
        Note(
            "Starts of containers in the time range, after their first.",
            "0, but for those that a deployment makes.",
            "any other: a container ends again and again.",
        ),
        f"sum(changes(container_start_time_seconds{{{CONTAINER}}}[$__range]))",
        thresholds=[(None, GREY), (0, GREEN), (1, RED)],
    ),
    Heading("Hosts"),
    Graph(
        12,
        9,
        "Processor time",
        Note(
            "In use, of all cores of a host, but for nice work. A band is the time of a load run: green passed, red"
            " failed, grey neither.",
            "below 80 % while a run goes on.",
            "at 100 %: response times hold the wait for a core.",
        ),
        "percentunit",
        [Line(shortened(CPU), "{{short}}"), limit("cpu_ratio")],
    ),
    Graph(
        12,
        9,
        "Memory",
        Note("In use, without what the kernel can give back at once.", "flat.", "it climbs towards the dashed line."),
        "percentunit",
        [Line(shortened(MEMORY), "{{short}}"), limit("memory_ratio")],
    ),
    Graph(
        24,
        9,
        "Disks",
        Note(
            "How full each file system is that can be written to.",
            "flat, below 80 %.",
            "it climbs: logs, metrics or the vault fill it.",
        ),
        "percentunit",
        [Line(shortened(DISK), "{{short}} {{mountpoint}}"), limit("disk_ratio")],
    ),
    Graph(
        12,
        9,
        "Disks at work",
        Note(
            "The part of the time in which a disk has something to do.",
            "below 80 %.",
            "near 100 %: commits of the vault wait for it.",
        ),
        "percentunit",
        [Line(shortened("rate(node_disk_io_time_seconds_total{@here}[@window])"), "{{short}} {{device}}")],
    ),
    Graph(
        12,
        9,
        "Waiting for a core",
        Note(
            "The load of the last minute: processes that run or wait, for each core.",
            "below 100 %.",
            "above it for long: more is to do than the cores can.",
        ),
        "percentunit",
        [
            Line(
                shortened(
                    "node_load1{@here} / on (job, instance)"
                    ' count by (job, instance) (node_cpu_seconds_total{@here,mode="idle"})'
                ),
                "{{short}}",
            ),
            Line("1 + 0 * max(up)", "all cores busy", [colour(RED), DASHED]),
        ],
    ),
    Graph(
        24,
        9,
        "Network",
        Note(
            "Bytes per second in and out, without what stays on the host.",
            "it follows the load.",
            "at what the network gives: load is then bound by it.",
        ),
        "Bps",
        [
            Line(
                shortened(f"sum by (instance) (rate(node_network_receive_bytes_total{{@here,{DEVICE}}}[@window]))"),
                "{{short}} in",
            ),
            Line(
                shortened(f"sum by (instance) (rate(node_network_transmit_bytes_total{{@here,{DEVICE}}}[@window]))"),
                "{{short}} out",
                [DASHED],
            ),
        ],
    ),
    Heading("Containers"),
    Table(
        24,
        9,
        "Containers",
        Note(
            "The lab's containers, by container_exporter or cAdvisor: what they use now, of what they may use.",
            "memory below 80 %, no waiting, nothing killed.",
            "a red cell: near its limit, the kernel kills it. Starts and kills are of the time range.",
        ),
        [Label("name", "Container"), Label("instance", "Exporter", 170)],
        [
            Column("Cores", "none", CONTAINER_CPU, 90, [{"id": "decimals", "value": 2}]),
            Column(
                "Waiting",
                "percentunit",
                CONTAINER_WAITING,
                85,
                cell([(None, GREY), (0, GREEN), (0.1, ORANGE), (0.5, RED)]),
            ),
            Column("Memory", "bytes", of_container("container_memory_working_set_bytes"), 90),
            Column("Of limit", "percentunit", CONTAINER_MEMORY, 85, cell(FULL)),
            Column("Started", "dateTimeAsIso", f"1000 * {of_container('container_start_time_seconds')}", 165),
            Column(
                "Restarts",
                "none",
                f"max by (instance, name) (changes(container_start_time_seconds{{{CONTAINER}}}[$__range]))",
                85,
                cell([(None, GREY), (0, GREEN), (1, RED)]),
            ),
            Column(
                "Killed",
                "none",
                f"max by (instance, name) (increase(container_oom_events_total{{{CONTAINER}}}[$__range]))",
                75,
                cell([(None, GREY), (0, GREEN), (0.5, RED)]),
            ),
        ],
        "Cores",
        ["Container", "Cores", "Waiting", "Memory", "Of limit", "Started", "Restarts", "Killed"],
    ),
    Graph(
        24,
        10,
        "Processor time by container",
        Note(
            "Of one core.",
            "the service and Locust have the most of it while a run goes on.",
            "a part of the monitoring has: it takes from what it measures.",
        ),
        "percentunit",
        [Line(CONTAINER_CPU, CONTAINER_NAME)],
    ),
    Graph(
        24,
        10,
        "Memory by container",
        Note(
            "What each uses of what it may use.",
            "flat, below 80 %.",
            "it climbs towards the dashed line: the kernel kills it at 100 %.",
        ),
        "percentunit",
        [Line(CONTAINER_MEMORY, CONTAINER_NAME), limit("memory_ratio")],
    ),
    Heading("Generators"),
    Graph(
        24,
        9,
        "CPU of Locust's workers",
        Note(
            "Of one core, which is all that a worker can use.",
            "below the dashed line.",
            "above it: response times are then the worker's own. Give Locust more workers, or more hosts.",
        ),
        "percentunit",
        [Line(BY_PLACE % "locust_worker_cpu_ratio", PLACE), limit("worker_cpu_ratio")],
    ),
    Graph(
        12,
        9,
        "Memory of Locust's workers",
        Note("What each worker uses.", "flat, once all users are there.", "it grows for as long as the run goes on."),
        "bytes",
        [Line(BY_PLACE % "locust_worker_memory_bytes", PLACE)],
    ),
    Graph(
        12,
        9,
        "Users of Locust's workers",
        Note("Users that each worker runs.", "the same everywhere.", "one with fewer, or none."),
        "none",
        [Line(BY_PLACE % "sum by (job, instance, id) (locust_worker_detail)", PLACE, [STEPPED, WHOLE])],
    ),
]

DASHBOARD = Dashboard(
    uid="monitor-lab-hosts",
    title="Hosts",
    description="The hosts, the lab's containers on them, and the generators of the load.",
    tags=["hosts"],
    words=WORDS,
    variables=[
        variable("host_job", "Job", "label_values(node_uname_info, job)"),
        variable("host", "Host", 'label_values(node_uname_info{job="$host_job"}, instance)', many=True),
    ],
    panels=PANELS,
)

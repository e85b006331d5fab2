# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The command: `python3 -m container_exporter --names='web|web-.*'`."""

from __future__ import annotations

import argparse
import logging
import re
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from locust_exporter.__main__ import set_up_log, share_one_heap
from locust_exporter.server import Server, listen
from locust_exporter.web_config import WebConfig
from locust_exporter.yaml_file import ConfigError

from container_exporter import __version__
from container_exporter.exporter import Exporter, Sources

log = logging.getLogger("container_exporter")


def pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a regular expression: {error}") from None


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    result = argparse.ArgumentParser(
        prog="container_exporter",
        description="Exports what containers of Docker and Podman use, under cAdvisor's names.",
        allow_abbrev=False,
    )
    result.add_argument("--version", action="version", version=f"container_exporter {__version__}")
    for flag, default, kind, text in (
        ("names", ".*", pattern, "Regular expression for the whole names of the containers to tell of."),
        ("path.cgroup", "/sys/fs/cgroup", Path, "Where the host's cgroups are."),
        ("path.proc", "/proc", Path, "Where the host's processes are."),
        ("path.docker", "/var/lib/docker/containers", Path, "Where Docker has its containers."),
        (
            "path.podman",
            "/var/lib/containers/storage/overlay-containers",
            Path,
            "Where root's Podman has its containers.",
        ),
        ("web.listen-address", ":9647", str, "Where to listen."),
        ("web.telemetry-path", "/metrics", str, "The metrics' path."),
        ("web.config.file", None, Path, "TLS and basic authentication, in the form of Prometheus's exporters."),
    ):
        result.add_argument(
            f"--{flag}", dest=flag, type=kind, default=default, help=f"{text} Default: {default or 'none'}."
        )
    return result


def main(arguments: Sequence[str] | None = None) -> int:
    settings = vars(parser().parse_args(arguments))
    set_up_log("info", "logger:stderr")
    try:
        web_config = WebConfig(settings["web.config.file"])
        listener = listen(settings["web.listen-address"])
    except ConfigError as error:
        print(f"container_exporter: {error}", file=sys.stderr)
        return 2
    share_one_heap()
    paths = {name: settings[f"path.{name}"] for name in ("cgroup", "proc", "docker", "podman")}
    exporter = Exporter(Sources(**paths), settings["names"])
    # As a container's first process it would not be ended by a signal that it does not wait for.
    signals = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    threading.Thread(target=exporter.watch, daemon=True).start()
    Server(listener, settings["web.telemetry-path"], exporter, web_config).start()
    log.info("listening at port %d", listener.getsockname()[1])
    signal.sigwait(signals)
    return 0


if __name__ == "__main__":
    sys.exit(main())

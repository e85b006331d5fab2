# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The command: `python3 -m locust_exporter --locust.uri=http://localhost:8089`."""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import json
import logging
import os
import re
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from locust_exporter import __version__, http_config
from locust_exporter.exporter import Exporter
from locust_exporter.http_config import HttpConfig
from locust_exporter.locust import Locust
from locust_exporter.server import Server, listen
from locust_exporter.web_config import WebConfig
from locust_exporter.yaml_file import ConfigError

log = logging.getLogger("locust_exporter")

_DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ms|s|m|h)")
LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "error": logging.ERROR,
    "fatal": logging.CRITICAL,
}
# As the old exporter wrote them: where to, and whether each line is JSON.
FORMATS = {
    f"logger:{stream}{query}": (stream, is_json)
    for stream in ("stderr", "stdout")
    for query, is_json in (("", False), ("?json=false", False), ("?json=true", True))
}
# Of malloc.h.
_M_ARENA_MAX = -8
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def duration(text: str) -> float:
    """Seconds for `5s`, `500ms` or `1m30s`, as Go writes durations."""
    parts = _DURATION.findall(text)
    seconds = sum(float(value) * _SECONDS[unit] for value, unit in parts)
    if "".join(value + unit for value, unit in parts) != text or seconds <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a duration such as 5s, 500ms or 1m30s")
    return seconds


def namespace(text: str) -> str:
    if not re.fullmatch("[a-zA-Z_][a-zA-Z0-9_]*", text):
        raise argparse.ArgumentTypeError(f"{text!r} cannot begin the name of a metric")
    return text


def telemetry_path(text: str) -> str:
    if not text.startswith("/") or text == "/":
        raise argparse.ArgumentTypeError(f"{text!r} is not a path such as /metrics")
    return text


def count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number")
    return int(text)


class JsonLines(logging.Formatter):
    """Each message as an object, with the keys of the old exporter."""

    def format(self, record: logging.LogRecord) -> str:
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created))
        return json.dumps({"level": record.levelname.lower(), "msg": record.getMessage(), "time": moment})


def set_up_log(level: str, form: str) -> None:
    stream, is_json = FORMATS[form]
    handler = logging.StreamHandler(getattr(sys, stream))
    handler.setFormatter(JsonLines() if is_json else logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(level=LEVELS[level], handlers=[handler])


def share_one_heap() -> None:
    """Let what a thread has freed be used by the others: glibc would keep it apart for each.

    Else the peaks of four scrapes add up. Other C libraries know no such thing.
    """
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


def end_process() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def parser() -> argparse.ArgumentParser:
    """Describe the command line; every flag can be given by an environment variable, which its help names."""
    result = argparse.ArgumentParser(
        prog="locust_exporter", description="Exports the figures of a Locust for Prometheus.", allow_abbrev=False
    )
    result.add_argument("--version", action="version", version=f"locust_exporter {__version__}")
    for flag, variable, default, kind, text in (
        ("locust.uri", "LOCUST_EXPORTER_URI", "http://localhost:8089", str, "Where Locust's web interface is."),
        ("locust.timeout", "LOCUST_EXPORTER_TIMEOUT", "5s", duration, "What Locust has for its whole answer."),
        ("locust.namespace", "LOCUST_METRIC_NAMESPACE", "locust", namespace, "What metrics' names begin with."),
        (
            "locust.http-config.file",
            "LOCUST_EXPORTER_HTTP_CONFIG_FILE",
            None,
            Path,
            "How Locust is reached: login, TLS, headers, proxy.",
        ),
        (
            "locust.histogram-endpoints",
            "LOCUST_EXPORTER_HISTOGRAM_ENDPOINTS",
            "50",
            count,
            "Endpoints, of those whose histograms Locust offers, that get one; 0 for none.",
        ),
        ("web.listen-address", "LOCUST_EXPORTER_WEB_LISTEN_ADDRESS", ":9646", str, "Where to listen."),
        ("web.telemetry-path", "LOCUST_EXPORTER_WEB_TELEMETRY_PATH", "/metrics", telemetry_path, "The metrics' path."),
        (
            "web.config.file",
            "LOCUST_EXPORTER_WEB_CONFIG_FILE",
            None,
            Path,
            "TLS and basic authentication, in the form of Prometheus's exporters.",
        ),
    ):
        result.add_argument(
            f"--{flag}",
            dest=flag,
            type=kind,
            default=os.environ.get(variable) or default,
            help=f"{text} Environment: {variable}. Default: {default or 'none'}.",
        )
    result.add_argument(
        "--web.enable-quit",
        dest="web.enable-quit",
        action="store_true",
        help="Whether whoever may read the metrics may end the exporter, with /quitquitquit.",
    )
    result.add_argument(
        "--log.level", dest="log.level", choices=LEVELS, default="info", help="What is logged. Default: info."
    )
    result.add_argument(
        "--log.format",
        dest="log.format",
        choices=FORMATS,
        default="logger:stderr",
        help="Where to, and whether as JSON. Default: logger:stderr.",
    )
    return result


def main(arguments: Sequence[str] | None = None) -> int:
    settings = vars(parser().parse_args(arguments))
    set_up_log(settings["log.level"], settings["log.format"])
    try:
        http_config_file = settings["locust.http-config.file"]
        locust = Locust(
            settings["locust.uri"], http_config.read(http_config_file) if http_config_file else HttpConfig()
        )
        web_config = WebConfig(settings["web.config.file"])
        listener = listen(settings["web.listen-address"])
    except ConfigError as error:
        print(f"locust_exporter: {error}", file=sys.stderr)
        return 2
    share_one_heap()
    exporter = Exporter(
        locust, settings["locust.timeout"], settings["locust.namespace"], settings["locust.histogram-endpoints"]
    )
    # As a container's first process it would not be ended by a signal that it does not wait for.
    signals = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    leave = end_process if settings["web.enable-quit"] else None
    Server(listener, settings["web.telemetry-path"], exporter, web_config, leave).start()
    log.info("listening at port %d, for Locust at %s", listener.getsockname()[1], locust.uri)
    signal.sigwait(signals)
    return 0


if __name__ == "__main__":
    sys.exit(main())

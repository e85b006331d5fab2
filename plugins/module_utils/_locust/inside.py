# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""What a Locust that is started for a run loads before its locustfile: its settings, and nothing of its surroundings.

This file is copied beside them (C(process)), and runs in Locust's Python. There the settings are taken as if they stood
on the command line, where other users of the host would see them; and as values, not as the text of a configuration
file, which cannot hold all of them. Locust's own configuration files are left out.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SETTINGS = "settings.json"


def set_up(events: Any, settings: Mapping[str, Any]) -> None:
    """Have every parser that Locust makes read `settings` alone. `events` is Locust's."""

    def take_settings(parser: Any, **_unused: Any) -> None:
        # As Locust itself does where it asks for its defaults.
        parser._default_config_files = []
        parse = parser.parse_args

        # The options of a locustfile are added after this.
        def parse_settings(args: Any = None, namespace: Any = None) -> Any:
            return parse(arguments(parser, settings), namespace)

        parser.parse_args = parse_settings

    def name_locustfile(environment: Any, **_unused: Any) -> None:
        environment.locustfile = Path(settings["locustfile"].partition(",")[0]).name

    events.init_command_line_parser.add_listener(take_settings)
    events.init.add_listener(name_locustfile)


def arguments(parser: argparse.ArgumentParser, settings: Mapping[str, Any]) -> list[str]:
    """Return `settings` as arguments that `parser` takes; it ends Locust where there is none of that name."""
    options = {
        option.lstrip("-").replace("-", "_"): (option, action)
        for action in parser._actions
        for option in action.option_strings
        if option.startswith("--")
    }
    made = []
    for name, value in settings.items():
        if name not in options:
            parser.error(f"locust_options: this Locust has no option {name}")
        try:
            made += _argument(*options[name], value)
        except ValueError as error:
            parser.error(f"locust_options: {name} {error}")
    return made


def _argument(option: str, action: argparse.Action, value: Any) -> list[str]:
    if action.nargs == 0:
        if not isinstance(value, bool):
            raise ValueError("is a switch; it takes true or false")
        # One of a pair, such as --color and --no-color.
        off = [other for other in action.option_strings if other == "--no-" + option.lstrip("-")]
        return [option] if value else off
    if not isinstance(value, list):
        return [f"{option}={_text(value)}"]
    texts = [_text(one) for one in value]
    if isinstance(action, argparse._AppendAction) and action.nargs is None:
        return [f"{option}={text}" for text in texts]
    if action.nargs not in ("*", "+") and not isinstance(action.nargs, int):
        raise ValueError("takes one value and no list")
    if len(texts) == 1:
        return [f"{option}={texts[0]}"]
    if any(text.startswith("-") for text in texts):
        raise ValueError("takes no list with a value that begins with -")
    return [option, *texts]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


if "locust" in sys.modules and Path(__file__).with_name(SETTINGS).exists():
    set_up(sys.modules["locust"].events, json.loads(Path(__file__).with_name(SETTINGS).read_text(encoding="utf-8")))

# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""Programs that others run side by side, and what they said before they failed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Optional

TOLD = 4


class ProgramError(Exception):
    """A program failed, or there is none of that name; the message is what it said last."""


def run(
    command: Sequence[str], environment: Optional[Mapping[str, str]] = None, standard_input: Optional[Path] = None
) -> None:
    """Run a program, with a file as its standard input. Raises ProgramError."""
    try:
        with (standard_input or Path(os.devnull)).open("rb") as file:
            done = subprocess.run(  # pylint: disable=ansible-bad-function  # run_command takes no file
                command,
                stdin=file,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=environment,
                errors="replace",
                check=False,
            )
    except OSError as error:
        raise ProgramError(str(error)) from error
    if done.returncode != 0:
        raise ProgramError(last_words(done.stdout) or f"{command[0]} ended with {done.returncode}")


def last_words(output: str) -> str:
    """Return the last lines of what a program printed in one line."""
    return " | ".join(line.strip() for line in output.splitlines()[-TOLD:])

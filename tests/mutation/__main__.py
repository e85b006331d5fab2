# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""`python -m tests.mutation [MODULE …]`: whether the unit tests notice small faults in what verdicts depend on."""

from __future__ import annotations

import difflib
import json
import os
import queue
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from tests.checks.tree import CHECKOUT, copy_as_collection
from tests.mutation.mutants import Mutant, mutants_of
from tests.mutation.targets import TARGETS, Target

ENOUGH = 0.85
SERVERS = os.cpu_count() or 1


class Server:
    """A process that runs tests over mutants, in a copy of the checkout of its own."""

    def __init__(self, collections: Path) -> None:
        copy = copy_as_collection(collections)
        link = copy / ".collections" / "ansible_collections" / "devsecops" / "monitor_lab"
        link.parent.mkdir(parents=True)
        link.symlink_to("../../..")
        # Tests ask git which files there are.
        subprocess.run(["git", "init", "--quiet"], cwd=copy, check=True)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.mutation.server"],
            cwd=copy,
            env={**os.environ, "ANSIBLE_CONFIG": str(copy / "ansible.cfg")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def tests_notice(self, target: Target, source: str) -> bool:
        assert self._process.stdin is not None and self._process.stdout is not None
        tests = [f"tests/unit/{name}" for name in target.tests]
        print(
            json.dumps({"path": f"plugins/{target.module}", "source": source, "tests": tests}),
            file=self._process.stdin,
            flush=True,
        )
        answer = self._process.stdout.readline().strip()
        if answer not in ("killed", "survived"):
            raise SystemExit(f"{target.module}: the process that runs the tests ended")
        return answer == "killed"

    def end(self) -> None:
        self._process.kill()
        self._process.wait()


def difference(source: str, mutant: Mutant) -> str:
    """Say what the mutant has in place of what."""
    lines = [
        line[0] + " " + line[1:].strip()
        for line in difflib.unified_diff(source.splitlines(), mutant.source.splitlines(), n=0, lineterm="")
        if line[:1] in "+-" and line[:3] not in ("+++", "---")
    ]
    return "\n    ".join(lines)


def main(modules: list[str]) -> int:
    targets = [target for target in TARGETS if not modules or any(name in target.module for name in modules)]
    killed_of_all = made_of_all = 0
    with ExitStack() as stack:
        servers: queue.Queue[Server] = queue.Queue()
        for _number in range(SERVERS):
            server = Server(Path(stack.enter_context(tempfile.TemporaryDirectory())))
            stack.callback(server.end)
            servers.put(server)

        def noticed(target: Target, source: str) -> bool:
            server = servers.get()
            try:
                return server.tests_notice(target, source)
            finally:
                servers.put(server)

        with ThreadPoolExecutor(SERVERS) as pool:
            for target in targets:
                source = (CHECKOUT / "plugins" / target.module).read_text()
                if noticed(target, source):
                    print(f"{target.module}: its tests fail as it is", file=sys.stderr)
                    return 1
                # To make them takes time, too, in which the first are tried.
                tried = [
                    (mutant, pool.submit(noticed, target, mutant.source))
                    for mutant in mutants_of(source, target.functions)
                ]
                killed = 0
                for mutant, is_killed in tried:
                    killed += is_killed.result()
                    if not is_killed.result():
                        print(f"{target.module}:{mutant.line}: {mutant.operator}", flush=True)
                        print(f"    {difference(source, mutant)}", flush=True)
                print(f"{target.module}: {killed} of {len(tried)} noticed", flush=True)
                killed_of_all += killed
                made_of_all += len(tried)
    share = killed_of_all / max(made_of_all, 1)
    print(f"{killed_of_all} of {made_of_all} noticed, {share:.1%}; {ENOUGH:.0%} have to be")
    return int(share < ENOUGH)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

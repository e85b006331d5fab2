# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The service as a process of its own, on SQLite or on a PostgreSQL cluster that the test starts and removes."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import requests
import trustme

from tests.waiting import wait_until

FILES = Path(__file__).resolve().parents[3] / "files" / "tokenization"
BEARER_TOKEN = secrets.token_hex(16)
BEARER = {"Authorization": f"Bearer {BEARER_TOKEN}"}
LOOPBACK = "127.0.0.1"
# As the pod runs it (roles/tokenization/templates/pod.yml.j2): root, which these tests may be, hides faults. It has one
# capability more, since the interpreter may lie in a folder of root's.
UID = 10001
DEPLOYED = [
    *("setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups", "--no-new-privs"),
    *(f"--{capabilities}=-all,+dac_read_search" for capabilities in ("bounding-set", "inh-caps", "ambient-caps")),
]


def free_port() -> int:
    with socket.create_server((LOOPBACK, 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


class Service:
    """One vault and the processes that serve it, one after the other, always on the same port."""

    def __init__(self, folder: Path, database: Path, dsn: str | None) -> None:
        self.database = database
        self._folder = folder
        folder.mkdir(exist_ok=True)
        (folder / "key").write_text(secrets.token_hex(32))
        (folder / "bearer").write_text(BEARER_TOKEN)
        port = free_port()
        self.url = f"http://{LOOPBACK}:{port}"
        self.environment = {
            "TOKENIZATION_PORT": str(port),
            "TOKENIZATION_DATABASE": str(database),
            "TOKENIZATION_PRIVATE_KEY_FILE": str(folder / "key"),
            "TOKENIZATION_BEARER_TOKEN_FILE": str(folder / "bearer"),
            "PYTHONPATH": str(FILES),
            "PATH": os.environ["PATH"],
        }
        if dsn:
            (folder / "dsn").write_text(dsn)
            self.environment["TOKENIZATION_DSN_FILE"] = str(folder / "dsn")
        self.verify: str | bool = True
        self.log = folder / "log"
        self.process: subprocess.Popen[bytes] | None = None

    def speak_tls(self, ca: trustme.CA) -> Service:
        """From its next start on."""
        self.issue(ca)
        ca.cert_pem.write_to_path(str(self._folder / "ca"))
        self.verify = str(self._folder / "ca")
        self.environment["TOKENIZATION_TLS_CERT_FILE"] = str(self._folder / "cert")
        self.environment["TOKENIZATION_TLS_KEY_FILE"] = str(self._folder / "tls_key")
        self.url = self.url.replace("http://", "https://")
        return self

    def issue(self, ca: trustme.CA) -> None:
        issued = ca.issue_cert(LOOPBACK)
        # In place: a root that starts the service as another user has handed the files over.
        (self._folder / "tls_key").write_bytes(issued.private_key_pem.bytes())
        (self._folder / "cert").write_bytes(issued.cert_chain_pems[0].bytes())

    def launch(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tokenization"]
        if os.geteuid() == 0:
            command = [*DEPLOYED, *command]
            for path in (self._folder, *self._folder.rglob("*")):
                os.chown(path, UID, UID)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, env=self.environment, stderr=log)
        return self.process

    def start(self) -> Service:
        process = self.launch()
        wait_until("the service is ready", lambda: process.poll() is not None or self.ready() == 200)
        assert process.poll() is None, self.log.read_text()
        return self

    def logged(self) -> list[dict[str, str]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def refused(self) -> str:
        """Starts it, and returns the reason that it gave when it ended by itself."""
        process = self.launch()
        assert process.wait(20) == 1
        return self.logged()[-1]["reason"]

    def listens(self) -> bool:
        with socket.socket() as client:
            return client.connect_ex((LOOPBACK, int(self.environment["TOKENIZATION_PORT"]))) == 0

    def ready(self) -> int:
        try:
            return requests.get(f"{self.url}/readyz", timeout=60, verify=self.verify).status_code
        except requests.ConnectionError:
            return 0

    def tokenize(self, name: str, data: str) -> requests.Response:
        wanted = {"name": name, "data": data}
        return requests.post(f"{self.url}/tokenize", json=wanted, timeout=30, verify=self.verify)

    def detokenize(self, **wanted: str) -> requests.Response:
        return requests.post(f"{self.url}/detokenize", json=wanted, headers=BEARER, timeout=30, verify=self.verify)

    def metric(self, name: str) -> float:
        lines = requests.get(f"{self.url}/metrics", timeout=60, verify=self.verify).text.splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.split("{")[0].split(" ")[0] == name)

    def peak_memory(self) -> int:
        """The most bytes of memory that the process has had so far, by its own count (VmHWM in proc(5))."""
        assert self.process
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))

    def kill(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def terminate(self) -> int:
        assert self.process
        self.process.terminate()
        return self.process.wait(30)


def postgresql_programs() -> Path:
    """The folder of the newest PostgreSQL that is installed."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    assert programs, "PostgreSQL is missing: apt-get install postgresql"
    return programs[-1]


def as_postgres(folder: Path) -> list[str]:
    """Begins a command of PostgreSQL's, which refuses to run as root: root hands it the folder."""
    if os.geteuid() != 0:
        return []
    shutil.chown(folder, "postgres", "postgres")
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]


class Postgresql:
    """A cluster in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._programs = postgresql_programs()
        self._folder = folder
        self._user = as_postgres(folder)
        self._data = folder / "data"
        self._listen = "-c listen_addresses=''"
        self._port = 5432
        # Small segments, so that a small disk holds a cluster.
        self.run("initdb", "-D", str(self._data), "-U", "vault", "-A", "trust", "--wal-segsize=1", "--no-sync")
        # The socket's folder names the cluster; its port only has to be the same in both.
        self.dsn = f"postgresql://vault@/postgres?host={folder}"

    def run(self, program: str, *arguments: str) -> str:
        command = [*self._user, str(self._programs / program), *arguments]
        done = subprocess.run(
            command, cwd=self._folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False
        )
        assert done.returncode == 0, done.stdout.decode()
        return done.stdout.decode()

    def start(self) -> None:
        options = f"-k {self._folder} {self._listen} -c max_wal_size=4MB -c min_wal_size=2MB"
        log = str(self._folder / "log")
        # Not through a pipe: the server would keep it open.
        command = [*self._user, str(self._programs / "pg_ctl"), "-D", str(self._data), "-o", options, "-l", log, "-w"]
        subprocess.run([*command, "start"], cwd=self._folder, stdout=subprocess.DEVNULL, timeout=60, check=True)

    def listen(self, certificate: trustme.LeafCert | None, port: int = 0) -> int:
        """From its next start on, on that port of loopback or a free one; with TLS where it has a certificate."""
        self._port = port or free_port()
        self._listen = f"-c listen_addresses={LOOPBACK} -c port={self._port}"
        if certificate:
            self._listen += " -c ssl=on"
            for path, blob in (
                ("server.crt", certificate.cert_chain_pems[0]),
                ("server.key", certificate.private_key_pem),
            ):
                (self._data / path).write_bytes(blob.bytes())
                (self._data / path).chmod(0o600)
                if self._user:
                    shutil.chown(self._data / path, "postgres", "postgres")
        return self._port

    def stop(self, mode: str = "immediate") -> None:
        self.run("pg_ctl", "-D", str(self._data), "-m", mode, "-w", "stop")

    def running(self) -> bool:
        status = [*self._user, str(self._programs / "pg_ctl"), "-D", str(self._data), "status"]
        return (
            subprocess.run(status, cwd=self._folder, stdout=subprocess.DEVNULL, timeout=60, check=False).returncode == 0
        )

    def pids(self) -> list[int]:
        postmaster = int((self._data / "postmaster.pid").read_text().splitlines()[0])
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        return [postmaster, *map(int, children)]

    @contextlib.contextmanager
    def hanging(self) -> Iterator[None]:
        pids = self.pids()
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    def query(self, statement: str) -> str:
        where = ("-h", str(self._folder), "-p", str(self._port), "-U", "vault", "-d", "postgres")
        return self.run("psql", *where, "-Atc", statement).strip()

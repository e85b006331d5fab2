# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._lab import host
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._hosts import advice

# Lines of a real /proc/net/tcp: a listener on loopback, an established connection, a listener on all addresses.
TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:2382 00000000:0000 0A 00000000:00000000 00:00000000 00000000 65534        0 71001 1 0000000000000000 100
   1: 0100007F:2382 0100007F:C3D2 01 00000000:00000000 00:00000000 00000000 65534        0 71002 1 0000000000000000 100
   2: 00000000:07E8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 71003 1 0000000000000000 100
"""
REST = "00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000   472        0"
TCP6 = f"""\
  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when
   0: 00000000000000000000000000000000:0BB8 {REST} 71004 1
   1: 00000000000000000000000001000000:0BB9 {REST} 71005 1
   2: 0000000000000000FFFF00000100007F:0BBA {REST} 71006 1
"""


def proc(folder: Path, **processes: dict[str, bytes | list[int]]) -> Path:
    (folder / "net").mkdir(parents=True)
    (folder / "net" / "tcp").write_text(TCP)
    for pid, process in processes.items():
        (folder / pid[1:] / "fd").mkdir(parents=True)
        for name in ("cmdline", "environ"):
            content = process.get(name, b"")
            assert isinstance(content, bytes)
            (folder / pid[1:] / name).write_bytes(content)
        for number, inode in enumerate(process["sockets"]):
            (folder / pid[1:] / "fd" / str(number)).symlink_to(f"socket:[{inode}]")
    return folder


def test_listeners_of_both_families() -> None:
    assert host.parse_listeners(TCP) == {71001: ("127.0.0.1", 9090), 71003: ("0.0.0.0", 2024)}
    assert host.parse_listeners(TCP6) == {71004: ("::", 3000), 71005: ("::1", 3001), 71006: ("127.0.0.1", 3002)}


def test_a_listener_is_told_with_its_program_and_service(tmp_path: Path) -> None:
    found = host.listeners(
        {},
        proc(
            tmp_path / "proc",
            _41={
                "sockets": [5, 71001],
                "cmdline": b"prometheus\0--x\0",
                "environ": b"A=1\0MONITOR_LAB_SERVICE=prometheus\0",
            },
        ),
    )
    assert found == [
        {"address": "0.0.0.0", "port": 2024, "program": None, "service": None},
        {"address": "127.0.0.1", "port": 9090, "program": "prometheus --x", "service": "prometheus"},
    ]


def test_the_port_of_a_pod_is_held_by_conmon(tmp_path: Path) -> None:
    folder = proc(tmp_path / "proc", _7={"sockets": [71001], "cmdline": b"/usr/bin/conmon\0-c\0abcdef\0-n\0infra\0"})
    (listener,) = [found for found in host.listeners({"abcdef": "tokenization"}, folder) if found["port"] == 9090]
    assert listener["service"] == "tokenization"


def test_a_descriptor_that_closes_meanwhile_hides_no_listener(tmp_path: Path) -> None:
    folder = proc(tmp_path / "proc", _7={"sockets": [71001], "cmdline": b"busy\0"})
    for number in range(10, 20):
        (folder / "7" / "fd" / str(number)).write_text("a plain file cannot be read as a link, like one that is gone")
    assert "busy" in [found["program"] for found in host.listeners({}, folder)]


def test_a_real_listener_is_found() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        (found,) = [listener for listener in host.listeners({}) if listener["port"] == port]
    assert found["address"] == "127.0.0.1"
    own = Path("/proc/self/cmdline").read_bytes().rstrip(b"\0").decode().replace("\0", " ")
    assert found["program"] == own[:200]


def test_packages() -> None:
    text = "ii podman\nhi docker.io\nrc old\niU half-unpacked\niF half-configured\nun never\n"
    assert host.parse_packages(text, ["podman", "docker.io", "old", "absent"]) == {
        "missing": ["old", "absent"],
        "interrupted": ["half-configured", "half-unpacked"],
    }


def test_memory() -> None:
    assert host.free_memory_mb("MemTotal:  4096 kB\nMemAvailable:    2097152 kB\n") == 2048
    with pytest.raises(host.HostError):
        host.free_memory_mb("MemTotal: 1 kB\n")


def test_disk_of_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    assert host.free_disk_mb(tmp_path / "not" / "yet") > 0


def test_no_engine_is_no_error(tmp_path: Path) -> None:
    assert host.docker(str(tmp_path / "no.sock")) is None
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(tmp_path / "stale.sock"))
        assert host.docker(str(tmp_path / "stale.sock")) is None


def test_podmans_images_and_pods() -> None:
    answers = {
        "images": '[{"Names": ["localhost/monitor-lab/tokenization:1"], "Id": "abc"}, {"Id": "def"}]',
        "pod": '[{"Name": "p", "Status": "Running", "Labels": null, "InfraId": "abc", "Id": "1", "Containers": []}]',
    }
    assert host.podman(lambda command: answers[command[1]]) == {
        "images": {"localhost/monitor-lab/tokenization:1": "abc"},
        "pods": {"p": {"state": "Running", "labels": {}, "infra_container": "abc", "containers": []}},
    }


def test_files_and_what_lies_below(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("text")
    (tmp_path / "a").chmod(0o640)
    (tmp_path / "below").mkdir(mode=0o700)
    (tmp_path / "below" / "link").symlink_to("nowhere")
    found = host.files([tmp_path, tmp_path / "not-there"])
    assert {path.removeprefix(str(tmp_path)): file["kind"] for path, file in found.items()} == {
        "": "directory",
        "/a": "file",
        "/below": "directory",
        "/below/link": "link",
    }
    assert found[str(tmp_path / "a")] == {
        "kind": "file",
        "owner": os.getuid(),
        "group": os.getgid(),
        "mode": "0640",
        "sha256": "982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1",
    }


@pytest.mark.parametrize(
    ("said", "advises"),
    [
        ("Missing sudo password", "Run with --ask-become-pass"),
        (
            "Duplicate become password prompt encountered waiting for become success. >>> Standard Error [sudo via "
            "ansible, key=x] password:Sorry, try again.",
            "Run with --ask-become-pass",
        ),
        ("/bin/sh: 1: sudo: not found", "there is no sudo there"),
        ("sh: line 1: sudo: command not found", "there is no sudo there"),
        ("vagrant is not in the sudoers file.", "Allow it there with visudo"),
        ("Sorry, user vagrant is not allowed to execute '/bin/sh' as root on vm1.", "Allow it there with visudo"),
        ("Sorry, user vagrant may not run sudo on vm1.", "Allow it there with visudo"),
        ("mkdir: cannot create directory '/home/x/.ansible': No space left on device", "is full, read-only or not"),
        ("mkdir: cannot create directory '/home/x/.ansible': Read-only file system", "is full, read-only or not"),
        (
            'Failed to create temporary directory. Failed command was: ( umask 77 && mkdir -p "`echo /python/x`" ), '
            "exited with result 1",
            "is full, read-only or not",
        ),
        (
            "Traceback (most recent call last): FileNotFoundError: [Errno 2] No usable temporary directory found in "
            "['/tmp', '/var/tmp', '/usr/tmp', '/home/x']",
            "is full, read-only or not",
        ),
        ('Traceback (most recent call last): File "/usr/bin/python3.8"', "the module crashed there"),
        ("/usr/bin/python3 is Python 3.8.10, and modules need Python 3.9 on a host.", "Python there is too old."),
        ("Ansible requires Python 3.9 or newer on the target. Current version: 3.8.18", "Python there is too old."),
        ("ansible-core requires a minimum of Python version 3.8. Current version: 3.7.16", "Python there is too old."),
        ("/bin/sh: 1: /usr/bin/python3: not found", 'Install it with "apt-get install python3"'),
        ("Permission denied (publickey,password).", "Correct ansible_user and the key"),
        ("Connection\nrefused", "the host cannot be reached. Start it"),
    ],
)
def test_what_keeps_ansible_from_a_host_comes_with_advice(said: str, advises: str) -> None:
    assert advises in advice(said)
    assert f"({' '.join(said.split())})" in advice(said)


def test_of_a_long_message_the_end_is_told() -> None:
    told = advice("Traceback (most recent call last): " + "in x " * 1000 + "KeyError: 'users'")
    assert told.endswith(" in x in x KeyError: 'users')")
    assert len(told) < 1000


def test_a_crash_of_a_module_is_no_host_that_cannot_be_reached() -> None:
    assert advice("[Errno 36] File name too long", crashed=True).startswith("the module crashed there. ")


def test_the_kernel_tells_of_containers_in_one_folder_or_by_controller(tmp_path: Path) -> None:
    for name in ("memory", "cpu", "cpuset"):
        (tmp_path / name).mkdir()
    assert host.cgroups(tmp_path) == [f"{tmp_path}/memory", f"{tmp_path}/cpu"]
    (tmp_path / "cgroup.controllers").touch()
    assert host.cgroups(tmp_path) == [str(tmp_path)]

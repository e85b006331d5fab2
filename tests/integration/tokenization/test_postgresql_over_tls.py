# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A PostgreSQL that is reached over the network: it has to prove who it is, and the service says what is missing."""

from __future__ import annotations

import asyncio
import sys
from functools import partial
from pathlib import Path

import pytest
import trustme

from tests.integration.tokenization.service import FILES, LOOPBACK, Postgresql, Service
from tests.waiting import wait_until

sys.path.insert(0, str(FILES))

from tokenization.keys import Keys
from tokenization.postgresql import PostgresqlStorage
from tokenization.storage import StorageError

CA, OTHER_CA = trustme.CA(), trustme.CA()
# Another name of loopback, which is none for the service: as a name that leads to another host.
ELSEWHERE = "127.1"


@pytest.fixture
def authorities(open_folder: Path) -> dict[str, Path]:
    found = {}
    for name, ca in (("right", CA), ("wrong", OTHER_CA)):
        found[name] = open_folder / f"{name}.crt"
        ca.cert_pem.write_to_path(str(found[name]))
    found["missing"] = open_folder / "missing.crt"
    found["empty"] = open_folder / "empty.crt"
    found["empty"].touch()
    return found


def restart(postgresql: Postgresql, certificate: trustme.LeafCert | None) -> int:
    if postgresql.running():
        postgresql.stop("fast")
    port = postgresql.listen(certificate)
    postgresql.start()
    return port


def dsn(host: str, port: int, settings: str) -> str:
    return f"postgresql://vault:hunter2@{host}:{port}/postgres?{settings}"


def refused(dsn: str) -> str:
    """Return the reason that the service gives."""
    with pytest.raises(StorageError) as raised:
        asyncio.run(PostgresqlStorage(dsn).open(Keys(bytes(32))))
    return str(raised.value)


def stores(service: Service, code: int) -> bool:
    return service.tokenize("name", "data").status_code == code


def use(service: Service, dsn: str) -> None:
    Path(service.environment["TOKENIZATION_DSN_FILE"]).write_text(dsn)


def test_who_it_is_has_to_be_proved(
    on_postgresql: Service, postgresql: Postgresql, authorities: dict[str, Path]
) -> None:
    service = on_postgresql
    port = restart(postgresql, CA.issue_cert(LOOPBACK))
    for host, mode, authority, reason in (
        (LOOPBACK, "verify-full", "wrong", "its certificate is not taken"),
        ("localhost", "verify-full", "right", "its certificate is not taken (Hostname mismatch"),
        (LOOPBACK, "verify-full", "", "no authority is named"),
        (
            LOOPBACK,
            "verify-full",
            "missing",
            f"sslrootcert ({authorities['missing']}) must be a file with the authority",
        ),
        (LOOPBACK, "verify-full", "empty", f"sslrootcert ({authorities['empty']}) must be a file with the authority"),
        (ELSEWHERE, "", "", "no authority is named"),
        (ELSEWHERE, "", "right", "its certificate is not taken (Hostname mismatch"),
    ):
        settings = {"sslmode": mode, "sslrootcert": str(authorities[authority]) if authority else ""}
        said = refused(dsn(host, port, "&".join(f"{name}={value}" for name, value in settings.items() if value)))
        assert reason in said, (host, mode, authority)
        assert "sslrootcert" in said, "it says what to give"

    use(service, dsn(LOOPBACK, port, f"sslmode=verify-full&sslrootcert={authorities['wrong']}"))
    assert "its certificate is not taken" in service.refused()
    # As in the pod, where the authority is named by the environment.
    use(service, dsn(LOOPBACK, port, "sslmode=verify-full"))
    service.environment["PGSSLROOTCERT"] = str(authorities["right"])
    service.start()
    assert service.tokenize("name", "data").status_code == 200
    connections = (
        "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'tokenization'"
    )
    assert set(postgresql.query(connections).splitlines()) == {"t"}
    assert "hunter2" not in service.log.read_text()


def test_a_server_without_tls(on_postgresql: Service, postgresql: Postgresql, authorities: dict[str, Path]) -> None:
    service = on_postgresql
    port = restart(postgresql, None)
    for host, settings in ((LOOPBACK, "sslmode=verify-full&"), (ELSEWHERE, "")):
        said = refused(dsn(host, port, f"{settings}sslrootcert={authorities['right']}"))
        assert "it does not speak TLS" in said
        assert "sslmode=disable" in said, "it says what to do"
    use(service, dsn(ELSEWHERE, port, "sslmode=disable"))
    assert service.start().tokenize("name", "data").status_code == 200


def test_another_server_in_its_place_gets_nothing(
    on_postgresql: Service, postgresql: Postgresql, authorities: dict[str, Path]
) -> None:
    service = on_postgresql
    port = restart(postgresql, CA.issue_cert(LOOPBACK))
    use(service, dsn(LOOPBACK, port, f"sslmode=verify-full&sslrootcert={authorities['right']}"))
    service.start()
    for certificate, code in ((OTHER_CA.issue_cert(LOOPBACK), 503), (CA.issue_cert(LOOPBACK), 200)):
        postgresql.stop("fast")
        postgresql.listen(certificate, port)
        postgresql.start()
        wait_until(f"it answers {code}", partial(stores, service, code))
    assert any("certificate is not taken" in line.get("reason", "") for line in service.logged())

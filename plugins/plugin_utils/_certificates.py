# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""The lab's authority, and the certificates of its hosts; by the library that ansible-core itself needs."""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Optional, Union

from . import _private_files
from ._services import text_of_secret

# ansible-core brings it; ansible-test's sanity tests do without.
with suppress(ImportError):
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY = "authority"
AUTHORITY_DAYS = 3650
# Browsers refuse what is valid for longer than 398 days.
HOST_DAYS = 397
RENEWED_BEFORE_DAYS = 30
# A host's clock may be behind.
EARLIER = datetime.timedelta(days=1)

Names = Mapping[str, Iterable[str]]
"""Host → the names and addresses at which it is reached."""


class CertificateError(Exception):
    """What is wrong with a file, where, and what to do."""


def make(folder: Path, names: Names, now: datetime.datetime, is_tried: bool) -> list[str]:
    """Make what is missing or due in the folder, and return the names of the files that are made.

    The authority is made once. A host's certificate is made anew where it ends within 30 days, is for other names, or
    is not of the authority. Nothing is written where that `is_tried` only. Raises CertificateError.
    """
    authority_paths = _certificate_path(folder, AUTHORITY), _key_path(folder, AUTHORITY)
    there = [path for path in authority_paths if path.exists()]
    if len(there) == 1:
        missing = next(path for path in authority_paths if path not in there)
        raise CertificateError(
            f"{missing} is not there, and {there[0].name} beside it is of no use alone: bring it, from where the "
            f"folder was copied, or remove {there[0].name} too, for a new authority that browsers have to be told of"
        )
    made = []
    if there:
        key, authority = _read_authority(*authority_paths, now)
    else:
        made += [path.name for path in reversed(authority_paths)]
        key, authority = _make_authority(now)
        if not is_tried:
            _write(folder, AUTHORITY, key, authority)
    for host, wanted in names.items():
        if _is_due(folder, host, wanted, authority, now):
            made += [_key_path(folder, host).name, _certificate_path(folder, host).name]
            if not is_tried:
                own_key = ec.generate_private_key(ec.SECP256R1())
                _write(folder, host, own_key, _issue(own_key, host, list(wanted), authority, key, now))
    return made


def faults(folder: Path, names: Names, now: datetime.datetime) -> list[str]:
    """Say what is wrong with certificates that somebody brought; one sentence each."""
    found = []
    try:
        _read_certificate(_certificate_path(folder, AUTHORITY))
    except CertificateError as error:
        found.append(f"{error}.")
    for host, wanted in names.items():
        path = _certificate_path(folder, host)
        try:
            certificate = _read_certificate(path)
            key = _read_key(_key_path(folder, host))
        except CertificateError as error:
            found.append(f"{error}.")
            continue
        if _public(key) != _public(certificate):
            found.append(f"{_key_path(folder, host)} is not the key of {path.name} beside it.")
        if _ends(certificate) <= now:
            found.append(f"{path} has ended.")
        missing = [name for name in wanted if not _covers(certificate, name)]
        if missing:
            found.append(f"{path} is not for {', '.join(missing)}.")
    return found


def wanted_files(source: Mapping[str, str], folder: str, owner: int) -> list[dict[str, Any]]:
    """Return the files of a service that speaks TLS, and trusts others of the lab, as the role C(files) takes them.

    `source` has the controller's folder of certificates (C(dir)) and the host's name (C(host)); it is empty for a lab
    without TLS. In check mode there may be no certificates yet.
    """
    if not source:
        return []
    tls_files = {
        "authority.crt": (f"{AUTHORITY}.crt", False),
        "tls.crt": (f"{source['host']}.crt", False),
        "tls.key": (f"{source['host']}.key", True),
    }
    own = {"owner": owner, "group": owner}
    return [
        {"path": folder, "state": "directory", "mode": "0500", **own},
        *(
            {
                "path": f"{folder}/{name}",
                "content": text_of_secret(source["dir"], of),
                "secret": secret,
                "mode": "0400",
                **own,
            }
            for name, (of, secret) in tls_files.items()
        ),
    ]


def _certificate_path(folder: Path, name: str) -> Path:
    return folder / f"{name}.crt"


def _key_path(folder: Path, name: str) -> Path:
    return folder / f"{name}.key"


def _read_authority(
    path: Path, key_path: Path, now: datetime.datetime
) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key, authority = _read_key(key_path), _read_certificate(path)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or _public(key) != _public(authority):
        raise CertificateError(f"{key_path} is not the key of {path.name} beside it")
    if _ends(authority) <= now:
        raise CertificateError(
            f"{path} has ended: remove it and its key, for a new authority that browsers have to be told of"
        )
    return key, authority


def _make_authority(now: datetime.datetime) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Monitor Lab, made {now:%Y-%m-%d}")])
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    builder = (
        _builder(name, name, key.public_key(), now, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return key, builder.sign(key, hashes.SHA256())


def _issue(
    key: ec.EllipticCurvePrivateKey,
    host: str,
    names: list[str],
    authority: x509.Certificate,
    authority_key: ec.EllipticCurvePrivateKey,
    now: datetime.datetime,
) -> x509.Certificate:
    # A common name has at most 64 characters, and nobody reads it where there are alternative names.
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:64])])
    usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
    builder = (
        _builder(subject, authority.subject, key.public_key(), now, HOST_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()),
            critical=False,
        )
    )
    return builder.sign(authority_key, hashes.SHA256())


def _builder(
    subject: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey, now: datetime.datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - EARLIER)
        .not_valid_after(now + datetime.timedelta(days=days))
    )


def _general_name(name: str) -> Union[x509.IPAddress, x509.DNSName]:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _is_due(folder: Path, host: str, names: Iterable[str], authority: x509.Certificate, now: datetime.datetime) -> bool:
    path, key_path = _certificate_path(folder, host), _key_path(folder, host)
    if not (path.exists() and key_path.exists()):
        return True
    certificate = _read_certificate(path)
    return (
        _ends(certificate) - now < datetime.timedelta(days=RENEWED_BEFORE_DAYS)
        or _alternative_names(certificate) != [_general_name(name) for name in names]
        or _public(_read_key(key_path)) != _public(certificate)
        or not _is_of(certificate, authority)
    )


def _alternative_names(certificate: x509.Certificate) -> list[x509.GeneralName]:
    try:
        return list(certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except x509.ExtensionNotFound:
        return []


def _covers(certificate: x509.Certificate, name: str) -> bool:
    """Tell whether a certificate is for a name, a wildcard for one label (RFC 6125, 6.4.3) included."""
    wanted = _general_name(name)
    star = x509.DNSName(f"*.{name.partition('.')[2]}") if isinstance(wanted, x509.DNSName) and "." in name else None
    return any(one in (wanted, star) for one in _alternative_names(certificate))


def _is_of(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    public_key = authority.public_key()
    hash_algorithm = certificate.signature_hash_algorithm
    if not isinstance(public_key, ec.EllipticCurvePublicKey) or hash_algorithm is None:
        return False
    try:
        public_key.verify(certificate.signature, certificate.tbs_certificate_bytes, ec.ECDSA(hash_algorithm))
    except InvalidSignature:
        return False
    return certificate.issuer == authority.subject


def _ends(certificate: x509.Certificate) -> datetime.datetime:
    # Before cryptography 42 without a time zone, which is UTC.
    ends: Optional[datetime.datetime] = getattr(certificate, "not_valid_after_utc", None)
    return ends or certificate.not_valid_after.replace(tzinfo=datetime.timezone.utc)


def _public(holder: Union[PrivateKeyTypes, x509.Certificate]) -> bytes:
    return holder.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _read_certificate(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError) as error:
        raise CertificateError(f"{path} can't be read as a certificate (PEM): {error}") from error


def _read_key(path: Path) -> PrivateKeyTypes:
    try:
        return serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise CertificateError(f"{path} can't be read as a private key (PEM, without a password): {error}") from error


def _write(folder: Path, name: str, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
    """Write the key, then the certificate: whoever comes in between makes both anew."""
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    for path, content, mode in (
        (_key_path(folder, name), private, 0o600),
        (_certificate_path(folder, name), certificate.public_bytes(serialization.Encoding.PEM), 0o644),
    ):
        _private_files.write(path, content, mode)

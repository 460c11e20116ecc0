"""A program's own certificate: self-signed, for localhost and the addresses it is reached at.

It is made once, and anew before it expires or when an address is missing. It is never the unit's
MQTT certificate: a browser's user may see it, and its key opens nothing else.
"""

import ipaddress
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gate.errors import StorageRefused
from gate.platform.durable_files import write_file

CERTIFICATE, KEY = "console.crt", "console.key"
LASTS = timedelta(days=398)
"""What browsers accept at most."""
RENEWED_BEFORE = timedelta(days=30)
_ALWAYS = ("localhost", "127.0.0.1", "::1")


def own_certificate(folder: Path, addresses: tuple[str, ...], now: datetime) -> tuple[Path, Path]:
    """Certificate and key in `folder`, made where they are missing, foreign or nearly expired.

    `addresses`: names and IP addresses beside localhost. StorageRefused where they cannot be kept.
    """
    certificate, key = folder / CERTIFICATE, folder / KEY
    wanted = tuple(dict.fromkeys((*_ALWAYS, *addresses)))
    if not _serves(certificate, key, wanted, now):
        try:
            _make(certificate, key, wanted, now)
        except OSError as e:
            raise StorageRefused(
                f"The certificate cannot be kept in {folder} ({e.strerror}).",
                f"证书无法保存到 {folder}（{e.strerror}）。",
                path=str(folder),
            ) from e
    return certificate, key


def _serves(certificate: Path, key: Path, wanted: tuple[str, ...], now: datetime) -> bool:
    try:
        held = x509.load_pem_x509_certificate(certificate.read_bytes())
        private = serialization.load_pem_private_key(key.read_bytes(), None)
    except (OSError, ValueError):
        return False
    if held.public_key() != private.public_key():
        return False
    names = held.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    fresh = held.not_valid_before_utc <= now < held.not_valid_after_utc - RENEWED_BEFORE
    return fresh and {_general_name(w) for w in wanted} <= set(names)


def _make(certificate: Path, key: Path, wanted: tuple[str, ...], now: datetime) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "exam-gate console")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # a browser's clock may be behind
        .not_valid_after(now + LASTS)
        .add_extension(x509.SubjectAlternativeName([_general_name(w) for w in wanted]), False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
        .sign(private, hashes.SHA256())
    )
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    write_file(key, pem, 0o600)
    write_file(certificate, made.public_bytes(serialization.Encoding.PEM), 0o644)


def _general_name(address: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(address))
    except ValueError:
        return x509.DNSName(address)


def own_addresses(listen_host: str) -> tuple[str, ...]:
    """Under which a browser may reach the pages, beside localhost."""
    try:
        if ipaddress.ip_address(listen_host).is_unspecified:
            return (os.uname().nodename,)
    except ValueError:
        return (listen_host,)
    return (listen_host,)


def utc_now() -> datetime:
    """The wall clock, for the validity of a certificate alone."""
    return datetime.now(UTC)

"""The office's own certificate authority: EC P-256, X.509 as RFC 5280 wants it (OpenSSL strict).

Validity begins in the past, because a unit without a clock battery starts with a time in the past.
Its clock is set over a network that it enters with this certificate.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gate.errors import InputDamaged
from gate.platform.durable_files import write_file
from gate.platform.regular_file import read_regular

_PEM_BYTES_MAX = 1 << 20

BACKDATED = timedelta(days=2 * 365)
CA_VALID = timedelta(days=10 * 365)
LEAF_VALID = timedelta(days=5 * 365)


@dataclass(frozen=True, slots=True)
class Authority:
    """`certificate` and `key` of the CA, and when what it signs begins to be valid."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    not_before: datetime


def make_authority(certificate: Path, key: Path, not_before: datetime) -> None:
    """Write a new CA to two files."""
    private = _key_at(key)
    name = _name("exam-office CA")
    builder = (
        _builder(name, name, private.public_key(), not_before, CA_VALID)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
    )
    _write_certificate(certificate, builder.sign(private, hashes.SHA256()))


def load_authority(certificate: Path, key: Path, not_before: datetime) -> Authority:
    """InputDamaged where either is missing or damaged."""
    try:
        private = serialization.load_pem_private_key(read_regular(key, _PEM_BYTES_MAX), None)
        loaded = x509.load_pem_x509_certificate(read_regular(certificate, _PEM_BYTES_MAX))
    except FileNotFoundError as e:
        raise InputDamaged(
            f"{e.filename} is missing, and certificates are to be made: bring it back from where "
            "the authority is kept.",
            f"签发证书需要 {e.filename}：请取回该文件。",
            path=str(e.filename),
        ) from e
    except ValueError as e:
        raise _damaged(key.parent) from e
    if not isinstance(private, ec.EllipticCurvePrivateKey):
        raise _damaged(key.parent)
    return Authority(loaded, private, not_before)


def issue_client(authority: Authority, name: str, certificate: Path, key: Path) -> None:
    """An MQTT client's certificate: CN `name`. A key that is there already is used."""
    purpose = _Purpose(name, [x509.DNSName(name)], ExtendedKeyUsageOID.CLIENT_AUTH)
    _write_certificate(certificate, _issued(authority, purpose, _key_at(key)))


def issue_server(authority: Authority, names: list[str], certificate: Path, key: Path) -> None:
    """The broker's certificate for host names and addresses."""
    general = [_general_name(name) for name in names]
    purpose = _Purpose(names[0], general, ExtendedKeyUsageOID.SERVER_AUTH)
    _write_certificate(certificate, _issued(authority, purpose, _key_at(key)))


def write_revocations(authority: Authority, revoked: Sequence[Path], path: Path) -> None:
    """Writes the authority's list of certificates that are trusted no more (RFC 5280).

    It is valid as long as the authority is. A list that ran out would shut out every gate.
    """
    valid = authority.certificate
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(valid.subject)
        .last_update(valid.not_valid_before_utc)
        .next_update(valid.not_valid_after_utc)
    )
    for certificate in revoked:
        loaded = x509.load_pem_x509_certificate(read_regular(certificate, _PEM_BYTES_MAX))
        entry = (
            x509.RevokedCertificateBuilder()
            .serial_number(loaded.serial_number)
            .revocation_date(datetime.now(UTC))
            .build()
        )
        builder = builder.add_revoked_certificate(entry)
    made = builder.sign(authority.key, hashes.SHA256())
    write_file(path, made.public_bytes(serialization.Encoding.PEM), 0o644)


def names_of(certificate: Path) -> list[str]:
    """The host names and addresses a certificate is for. InputDamaged."""
    try:
        loaded = x509.load_pem_x509_certificate(read_regular(certificate, _PEM_BYTES_MAX))
    except ValueError as e:
        raise _damaged(certificate) from e
    found = loaded.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return [str(name.value) for name in found]


@dataclass(frozen=True, slots=True)
class _Purpose:
    common_name: str
    names: list[x509.GeneralName]
    usage: x509.ObjectIdentifier


def _issued(
    authority: Authority, purpose: _Purpose, private: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    authority_key = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(
        authority.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    )
    subject, issuer = _name(purpose.common_name), authority.certificate.subject
    return (
        _builder(subject, issuer, private.public_key(), authority.not_before, LEAF_VALID)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose.usage]), critical=False)
        .add_extension(x509.SubjectAlternativeName(purpose.names), critical=False)
        .add_extension(authority_key, critical=False)
        .sign(authority.key, hashes.SHA256())
    )


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    public: ec.EllipticCurvePublicKey,
    not_before: datetime,
    valid: timedelta,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(max(not_before, datetime.now(UTC)) + valid)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _usage(signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64])])


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _key_at(path: Path) -> ec.EllipticCurvePrivateKey:
    """The key in `path`, or a new one written there."""
    if path.exists():
        try:
            loaded = serialization.load_pem_private_key(read_regular(path, _PEM_BYTES_MAX), None)
        except ValueError as e:
            raise _damaged(path) from e
        if isinstance(loaded, ec.EllipticCurvePrivateKey):
            return loaded
        raise _damaged(path)
    made = ec.generate_private_key(ec.SECP256R1())
    pem = made.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    write_file(path, pem, 0o600)
    return made


def _write_certificate(path: Path, certificate: x509.Certificate) -> None:
    write_file(path, certificate.public_bytes(serialization.Encoding.PEM), 0o644)


def _damaged(path: Path) -> InputDamaged:
    return InputDamaged(
        f"{path} is damaged: restore it from the backup, or remove it to have it made again.",
        f"{path} 已损坏：请从备份恢复，或删除后重新生成。",
        path=str(path),
    )

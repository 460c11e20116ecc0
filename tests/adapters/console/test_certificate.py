"""The console's own certificate."""

import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from gate.errors import StorageRefused
from gate.web.certificate import LASTS, own_addresses, own_certificate

NOW = datetime(2027, 4, 10, tzinfo=UTC)


def test_it_is_made_once_and_kept(tmp_path: Path) -> None:
    made = own_certificate(tmp_path, ("gate-1.site",), NOW)
    again = own_certificate(tmp_path, ("gate-1.site",), NOW + timedelta(days=300))
    assert again == made
    held = x509.load_pem_x509_certificate(made[0].read_bytes())
    names = held.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {str(n.value) for n in names} == {"localhost", "127.0.0.1", "::1", "gate-1.site"}
    assert stat.S_IMODE(made[1].stat().st_mode) == 0o600
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(*made)


@pytest.mark.parametrize("when", [NOW + LASTS, NOW + LASTS - timedelta(days=20)])
def test_one_that_expires_is_made_anew(tmp_path: Path, when: datetime) -> None:
    before = own_certificate(tmp_path, (), NOW)[0].read_bytes()
    assert own_certificate(tmp_path, (), when)[0].read_bytes() != before


def test_another_address_or_a_damaged_file_makes_it_anew(tmp_path: Path) -> None:
    certificate, key = own_certificate(tmp_path, (), NOW)
    first = certificate.read_bytes()
    own_certificate(tmp_path, ("10.0.0.7",), NOW)
    second = certificate.read_bytes()
    key.write_bytes(b"damaged")
    own_certificate(tmp_path, ("10.0.0.7",), NOW)
    assert len({first, second, certificate.read_bytes()}) == 3


def test_a_folder_that_takes_nothing_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageRefused, match="certificate"):
        own_certificate(tmp_path / "file", (), NOW)


def test_addresses_follow_what_is_listened_on() -> None:
    assert own_addresses("10.0.0.7") == ("10.0.0.7",)
    assert own_addresses("gate-1.site") == ("gate-1.site",)
    assert own_addresses("0.0.0.0") != ("0.0.0.0",)

"""Checks of the self-test on what a board says, and on a real file system and port."""

import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gate.commands import selftest_board
from gate.config.settings import Mqtt, Settings, UnitTable
from gate.errors import CertificateRefused, InputDamaged, NetworkFault, StorageRefused

NOW = datetime(2027, 4, 10, tzinfo=UTC)


def test_storage_is_tried_and_left_as_it_was(tmp_path: Path) -> None:
    said, _ = selftest_board.storage(tmp_path)
    assert "fsync" in said
    assert "MB free" in said
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(StorageRefused, match="takes no files"):
        selftest_board.storage(tmp_path / "absent")


def test_a_slow_disk_must_be_read() -> None:
    assert selftest_board._storage_words([0.01, 0.02], 2**30) == (
        "fsync 15.0 ms, at most 20.0 ms; 1024 MB free",
        False,
    )
    assert selftest_board._storage_words([0.01, 0.6], 2**30)[1]


@pytest.mark.parametrize(
    ("text", "said"),
    [("0x01 0x03\n", "30%"), ("0x0b 0x01\n", "100%"), ("0x00 0x00\n", None), ("nonsense", None)],
)
def test_wear_of_an_emmc(tmp_path: Path, text: str, said: str | None) -> None:
    path = tmp_path / "block/mmcblk0/device/life_time"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    found = selftest_board.disk_life(tmp_path)
    assert found is None if said is None else said in str(found)


@pytest.mark.parametrize(
    ("temperature", "power", "must_be_read"),
    [
        (None, None, False),
        (55.0, [], False),
        (80.0, [], True),
        (55.0, ["under-voltage-was"], True),
        (None, ["throttled"], True),
    ],
)
def test_heat_and_power(temperature: object, power: object, must_be_read: bool) -> None:
    said = selftest_board.heat({"temperature_c": temperature, "power": power})
    assert said[1] is must_be_read


def _certificate(path: Path, begins: datetime, ends: datetime) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "wh-hs-01-g1")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begins)
        .not_valid_after(ends)
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return path


def test_a_certificates_dates(tmp_path: Path) -> None:
    year, path = timedelta(days=365), tmp_path / "gate.crt"
    good = _certificate(path, NOW - year, NOW + year)
    assert selftest_board.certificate(good, NOW) == ("valid to 2028-04-09", False)
    assert selftest_board.certificate(good, NOW + timedelta(days=340))[1]
    for other in (NOW + 2 * year, NOW - 2 * year):
        with pytest.raises(CertificateRefused, match="valid from"):
            selftest_board.certificate(good, other)
    assert selftest_board.certificate(good, None)[1] is False, "an untrusted clock judges nothing"
    path.write_text("nothing")
    with pytest.raises(InputDamaged, match="no certificate"):
        selftest_board.certificate(path, NOW)


def test_a_broker_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = Settings(
        unit=UnitTable(id="wh-hs-01-g1", site="wh-hs-01"), mqtt=Mqtt(host="127.0.0.1", port=port)
    )
    with pytest.raises(NetworkFault, match="does not answer"):
        selftest_board.broker(settings)


def test_brightness_and_focus() -> None:
    draw = np.random.default_rng(7)
    sharp = draw.integers(60, 200, (48, 64, 3), np.uint8)
    assert not selftest_board.picture(sharp)[1]
    for level, word in ((5, "too dark"), (250, "too bright"), (120, "nothing in focus")):
        said, must_be_read = selftest_board.picture(np.full((48, 64, 3), level, np.uint8))
        assert must_be_read
        assert word in said

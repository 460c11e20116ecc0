"""exam-gate simulate line: what anybody's driver meets on the pseudo-terminal."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import serial

from gate.commands.simulate import obey
from gate.commands.simulate_line import do_line
from gate.drivers.serial_port import opened
from gate.drivers.simulated.line_module import LineModule, encode
from gate.errors import UsageError


@pytest.fixture
def module(tmp_path: Path) -> Iterator[LineModule]:
    with LineModule(tmp_path / "scanner", kind="qr", paced=False) as made:
        yield made


@pytest.fixture
def client(module: LineModule) -> Iterator[serial.Serial]:
    with opened(module.port, 9600, timeout=0) as port:
        port.timeout = 10
        yield port


def test_typed_lines_are_scanned(module: LineModule, client: serial.Serial) -> None:
    obey(["scan 270410000017\n", "\n", "scan two words", "quit", "scan no"], module, do_line)
    assert client.read(25) == b"270410000017\r\ntwo words\r\n"


def test_a_wrong_line_is_told_and_the_next_obeyed(
    module: LineModule, client: serial.Serial, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = ["scan", "jump", "fault fire on", "scan 'open", "fault unplugged maybe"]
    obey([*wrong, "scan 1"], module, do_line)
    said = capsys.readouterr().out.splitlines()
    assert [line == "ok" for line in said] == [False] * 5 + [True]
    assert client.read(3) == b"1\r\n"


@pytest.mark.parametrize(
    ("kind", "text", "sent"),
    [
        ("qr", "A-1", b"A-1\r\n"),
        ("rfid", "0A00112233", b"\x020A001122330A\x03"),
        ("mrz", "LINE1/LINE2", b"LINE1\r\nLINE2\r\n"),
    ],
)
def test_what_a_kind_sends(kind: str, text: str, sent: bytes) -> None:
    assert encode(kind, text) == sent


@pytest.mark.parametrize("tag", ["", "0A", "0A0011223344", "ZZ00112233"])
def test_what_is_no_tag_is_refused(tag: str) -> None:
    with pytest.raises(UsageError, match="ten hexadecimal digits"):
        encode("rfid", tag)


def test_a_link_is_never_made_over_a_file(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    with pytest.raises(UsageError, match="no link"), LineModule(tmp_path / "precious"):
        pass
    with pytest.raises(UsageError, match="cannot be made"), LineModule(tmp_path / "no" / "where"):
        pass
    assert (tmp_path / "precious").read_text() == "mine"


def test_noise_on_nothing_is_nothing(tmp_path: Path) -> None:
    with LineModule(tmp_path / "scanner", end="", paced=False) as module:
        obey(["fault line-noise on", 'scan ""'], module, do_line)

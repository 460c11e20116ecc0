"""The simulated module as any client sees it: its bytes, its port, its faults, its command."""

import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial

from gate.commands.simulate import do, obey, play, read_morning
from gate.core.card import IdCard
from gate.drivers.card_reader.sdt import (
    Command,
    Decoder,
    Reply,
    Status,
    encode_frame,
    encode_reply,
    encode_request,
    newest_addresses,
    set_baud,
    text_block,
)
from gate.drivers.card_reader.sdt_text import fields_of, parse_card
from gate.drivers.simulated import sdt_module
from gate.drivers.simulated.sdt_cards import SimulatedCard, card_of
from gate.drivers.simulated.sdt_chip import FAULTS, SAM_ID
from gate.drivers.simulated.sdt_module import SdtModule
from gate.errors import InputDamaged, SdtError, UsageError
from tests.checkout import ROOT

CARD = card_of("11010519491231002X", "测试甲")


class Client:
    """Anybody's: pyserial, one request, one reply."""

    def __init__(self, port: str) -> None:
        self._port = serial.Serial(port, 115200, timeout=10)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self._port.close()

    def send(self, frame: bytes) -> Reply:
        self._port.write(frame)
        decoder = Decoder()
        while True:
            for item in decoder.feed(self._port.read(decoder.wanted)):
                assert isinstance(item, Reply)
                return item

    def ask(self, command: Command) -> Reply:
        return self.send(encode_request(command))

    def card(self) -> IdCard:
        for command, status in [(Command.FIND, Status.CARD_FOUND), (Command.SELECT, Status.DONE)]:
            assert self.ask(command).sw3 == status
        return parse_card(text_block(self.ask(Command.READ)))


@pytest.fixture
def module() -> Iterator[SdtModule]:
    with SdtModule(paced=False) as module:
        yield module


@pytest.fixture
def client(module: SdtModule) -> Iterator[Client]:
    with Client(module.port) as client:
        yield client


def test_the_usual_course_of_a_client(module: SdtModule, client: Client) -> None:
    assert client.ask(Command.STATUS) == Reply(Status.DONE)
    assert client.ask(Command.SAM_ID) == Reply(Status.DONE, SAM_ID)
    assert client.ask(Command.FIND) == Reply(Status.NO_CARD)
    module.lay(SimulatedCard.of(CARD, "测试省测试市测试路3号"))
    assert client.card() == CARD
    assert client.ask(Command.NEWEST_ADDRESS).data.decode("utf-16-le").strip() == (
        "测试省测试市测试路3号"
    )
    assert client.ask(Command.FIND) == Reply(Status.NO_CARD)
    assert client.ask(Command.RESET) == Reply(Status.DONE)
    assert client.card() == CARD


@pytest.mark.parametrize(
    ("frame", "status"),
    [
        (encode_request(Command.FIND)[:-1] + b"\x21", Status.BAD_CHECKSUM),
        (b"\xaa\xaa\xaa\x96\x69\xff\xff", Status.BAD_LENGTH),
        (encode_frame(b"\x20\x00"), Status.BAD_COMMAND),
        (encode_request(Command.SELECT), Status.SELECT_FAILED),
        (encode_request(Command.READ), Status.READ_FAILED),
        (encode_request(Command.NEWEST_ADDRESS), Status.READ_FAILED),
    ],
)
def test_what_does_not_fit_is_answered_with_its_status(
    client: Client, frame: bytes, status: Status
) -> None:
    assert client.send(frame) == Reply(status)


def test_a_frame_that_stays_incomplete_is_a_wrong_length(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sdt_module, "_INCOMPLETE_S", 0.01)
    assert client.send(encode_request(Command.FIND)[:-1]) == Reply(Status.BAD_LENGTH)
    assert client.ask(Command.FIND) == Reply(Status.NO_CARD)


@pytest.mark.parametrize("baud", [9600, 38400])
def test_a_client_at_another_speed_hears_nothing(module: SdtModule, baud: int) -> None:
    with serial.Serial(module.port, baud, timeout=0) as port:
        port.write(encode_request(Command.STATUS))
        module.lift()  # done after the request was taken
        assert select.select([port.fileno()], [], [], 0)[0] == []
        port.baudrate = 115200
        port.timeout = 10
        port.write(encode_request(Command.STATUS))
        assert port.read(11) == encode_reply(Reply(Status.DONE))


def test_the_speed_is_set_after_the_reply_and_kept_over_unplugging(module: SdtModule) -> None:
    with Client(module.port) as client:
        assert client.send(set_baud(38400)) == Reply(Status.DONE)
        client._port.baudrate = 38400
        assert client.ask(Command.STATUS) == Reply(Status.DONE)
        assert client.send(encode_frame(b"\x60\x05")) == Reply(Status.BAD_COMMAND)
    module.fault("reader-unplugged", True)
    module.fault("reader-unplugged", False)
    with Client(module.port) as client:
        client._port.baudrate = 38400
        assert client.ask(Command.STATUS) == Reply(Status.DONE)


@pytest.mark.slow
@pytest.mark.parametrize("baud", [115200, 9600])
def test_bytes_take_the_time_that_the_speed_gives_them(baud: int) -> None:
    """No sooner than a line could; how much later is the bench's affair."""
    with SdtModule(baud=baud) as module, Client(module.port) as client:
        module.lay(CARD)
        client._port.baudrate = baud
        for command in (Command.FIND, Command.SELECT):
            client.ask(command)
        begun_s = time.monotonic()
        client.ask(Command.READ)
        assert time.monotonic() - begun_s >= (10 + 1295 - 16) * 10 / baud


def test_everything_a_card_holds_can_be_asked_for(module: SdtModule, client: Client) -> None:
    card = SimulatedCard.of(CARD, "测试路3号", fingers=1)
    module.lay(card)
    client.ask(Command.FIND)
    client.ask(Command.SELECT)
    assert client.ask(Command.READ_WITH_FINGERPRINTS) == card.with_fingerprints()
    for command in (Command.NEWEST_ADDRESS, Command.NEWEST_ADDRESS_OLD):
        assert client.ask(command) == card.newest_address()
    assert client.ask(Command.CHIP_NUMBER) == card.chip_number()
    for size, status in [(0x50, Status.DONE), (255, Status.DONE), (23, Status.BAD_COMMAND)]:
        assert client.send(encode_request(Command.SET_RF_FRAME, bytes([size]))) == Reply(status)


def test_a_hung_module_answers_nothing_but_a_reset(module: SdtModule) -> None:
    module.fault("reader-hung", True)
    with serial.Serial(module.port, 115200, timeout=10) as port:
        port.write(encode_request(Command.STATUS))
        module.lift()
        assert select.select([port.fileno()], [], [], 0)[0] == []
        port.write(encode_request(Command.RESET) + encode_request(Command.STATUS))
        assert port.read(22) == 2 * encode_reply(Reply(Status.DONE))


@pytest.mark.slow
def test_a_hand_takes_its_time_to_lay_a_card_again() -> None:
    """Long enough for every reader to see that the field was empty; another card comes at once."""
    with SdtModule(paced=False, hand_s=0.3) as module:
        module.lay(CARD)
        begun_s = time.monotonic()
        module.lift()
        module.lay(CARD)
        assert time.monotonic() - begun_s >= 0.3


def test_another_card_is_laid_at_once() -> None:
    with SdtModule(paced=False, hand_s=3600) as module:
        module.lay(CARD)
        module.lift()
        module.lay(card_of("440524188001010014", "测试乙"))


def test_faults_of_one_reply_end_with_it(module: SdtModule) -> None:
    done = encode_reply(Reply(Status.DONE))
    spoilt = {
        "line-noise": done[:5] + bytes([done[5] ^ 8]) + done[6:],
        "reply-cut": done[:5] + done[8:],
        "reply-glued": done + done,
        "reply-split": done,
        "noise-before": b"\x00\xff\xaa\xaa" + done,
    }
    with serial.Serial(module.port, 115200, timeout=10) as port:
        for fault, bytes_heard in spoilt.items():
            module.fault(fault, True)
            port.write(encode_request(Command.STATUS) * 2)
            assert port.read(len(bytes_heard + done)) == bytes_heard + done, fault


def test_the_next_client_finds_the_port_as_the_first_did(module: SdtModule) -> None:
    for _ in range(2):
        with Client(module.port) as client:
            module.lay(CARD)
            assert client.card() == CARD


def test_the_port_keeps_its_name_over_unplugging(module: SdtModule) -> None:
    module.fault("reader-unplugged", True)
    assert not os.path.lexists(module.port)
    module.fault("reader-unplugged", True)
    module.fault("reader-unplugged", False)
    with Client(module.port) as client:
        assert client.ask(Command.STATUS) == Reply(Status.DONE)


def test_a_silent_module_says_nothing(module: SdtModule) -> None:
    module.fault("reader-silent", True)
    with serial.Serial(module.port, 115200, timeout=0) as port:
        port.write(encode_request(Command.STATUS))
        module.fault("reader-silent", True)  # done after the request was taken
        assert select.select([port.fileno()], [], [], 0)[0] == []


def test_an_unknown_fault_is_refused_with_the_names(module: SdtModule) -> None:
    with pytest.raises(UsageError) as caught:
        module.fault("coffee", True)
    assert all(name in caught.value.en for name in FAULTS)
    for name in FAULTS:
        module.fault(name, True)
        module.fault(name, False)


def test_a_card_without_a_chip_cannot_be_laid(module: SdtModule) -> None:
    temporary = IdCard(
        kind="temporary", number=CARD.number, name="", valid_from=None, valid_to=CARD.valid_to
    )
    with pytest.raises(SdtError):
        module.lay(temporary)


def test_the_link_goes_where_it_is_wanted_and_nothing_else_is_replaced(tmp_path: Path) -> None:
    link = tmp_path / "reader"
    link.symlink_to("/dev/pts/gone")
    with SdtModule(link) as module:
        assert module.port == str(link)
        assert link.resolve().is_char_device()
    assert not link.is_symlink()
    link.write_text("mine")
    for place in (link, tmp_path / "no folder" / "reader"):
        with pytest.raises(UsageError), SdtModule(place):
            pass
    assert link.read_text() == "mine"


def test_typed_lines(module: SdtModule, client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    obey(["lay 11010519491231002X '测试 甲' 2030-01-01\n", "\n"], module, do)
    assert client.card() == card_of("11010519491231002X", "测试 甲", "2030-01-01")
    wrong = [
        "dance",
        "lay 'x",
        "fault coffee on",
        "lay 1",
        "lay 11010519491231002X 名 长期 temporary",
    ]
    obey(["lift", "fault reader-silent off", *wrong, "quit", "lay 11010519491231002X"], module, do)
    said = capsys.readouterr().out.splitlines()
    assert [line == "ok" for line in said] == [True] * 3 + [False] * len(wrong)
    assert client.ask(Command.FIND) == Reply(Status.NO_CARD)


def test_a_line_may_fill_every_field(module: SdtModule, client: Client) -> None:
    do(
        ["lay", "11010519491231002x", "ethnic=ZZ", "newest=一号", "newest=二号", "fingers=2"],
        module,
    )
    client.ask(Command.FIND)
    client.ask(Command.SELECT)
    text = fields_of(text_block(client.ask(Command.READ)))
    assert (text["number"], text["ethnic"]) == ("11010519491231002x", "ZZ")
    assert newest_addresses(client.ask(Command.NEWEST_ADDRESS)) == ("一号", "二号")


def test_a_morning_is_played_in_its_order_and_pace(
    module: SdtModule, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "morning"
    script.write_text("# first\n2 lay 11010519491231002X 测试甲\n\n1.5 lift # away\n")
    waits: list[float] = []
    play(read_morning(script), module, 2.0, waits.append)
    assert waits == [1.0, 0.75]
    assert capsys.readouterr().out == "lay …2X\nlift\n"  # no name, no number


@pytest.mark.parametrize(
    "line",
    ["lift", "x lift", "-1 lift", "1 lay 12", "1 lay 11010519491231002X permit=H", "1 lay '"],
)
def test_a_morning_with_a_mistake_is_refused_before_it_begins(tmp_path: Path, line: str) -> None:
    script = tmp_path / "morning"
    script.write_text(f"1 lift\n{line}\n")
    with pytest.raises(InputDamaged) as caught:
        read_morning(script)
    assert "line 2" in caught.value.en
    with pytest.raises(InputDamaged):
        read_morning(tmp_path / "nowhere")


def test_the_morning_that_is_shipped_can_be_played() -> None:
    assert len(read_morning(ROOT / "demo/morning.txt")) > 20


@pytest.mark.system
def test_the_command_serves_another_process(tmp_path: Path) -> None:
    link = tmp_path / "reader"
    command = [
        sys.executable,
        "-m",
        "gate",
        "simulate",
        "reader",
        "--port",
        str(link),
        "--latency",
        "0",
    ]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        assert process.stdout.readline() == f"reader at {link}\n".encode()
        process.stdin.write("lay 11010519491231002X 测试甲\n".encode())
        process.stdin.flush()
        while process.stdout.readline() != b"ok\n":
            pass
        with Client(str(link)) as client:
            assert client.card() == CARD
        process.stdin.close()
        assert process.wait(10) == 0
    assert not link.is_symlink()


@pytest.mark.system
@pytest.mark.parametrize("kind", ["reader", "line"])
@pytest.mark.parametrize("given", ["< /dev/null", "<&-"])
def test_started_without_an_input_it_serves_until_sigterm_and_takes_its_link_away(
    tmp_path: Path, kind: str, given: str
) -> None:
    link = tmp_path / "port"
    command = f"exec {sys.executable} -m gate simulate {kind} --port {link} {given}"
    with subprocess.Popen(["sh", "-c", command], stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert str(link) in process.stdout.readline().decode()
        if kind == "reader":
            with Client(str(link)) as client:
                assert client.ask(Command.STATUS).sw3 == Status.DONE
        process.terminate()
        assert process.wait(10) == 0
    assert not link.is_symlink()

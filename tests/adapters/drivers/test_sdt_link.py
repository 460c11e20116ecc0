"""One serial port, one request at a time: bounds, late replies, and what the sentences say."""

import select
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial

from gate.drivers.card_reader.reader import probe
from gate.drivers.card_reader.sdt import (
    BAUDS,
    Command,
    Reply,
    Request,
    Status,
    encode_reply,
    encode_request,
)
from gate.drivers.card_reader.serial_link import (
    PORT_FAULTS,
    LinkClosing,
    Patience,
    SerialLink,
    Silence,
    Stuck,
)
from gate.drivers.simulated import sdt_chip, sdt_module
from gate.drivers.simulated.sdt_cards import card_of
from gate.drivers.simulated.sdt_chip import SAM_ID
from gate.drivers.simulated.sdt_module import SdtModule
from gate.drivers.simulated.sdt_wire import Piece
from gate.errors import ReaderMissing, SdtError, ending

QUICK = Patience(first_s=0.1, read_first_s=0.1, whole_s=0.5, gap_s=0.02, status_s=0.1)


@pytest.fixture
def module() -> Iterator[SdtModule]:
    with SdtModule(paced=False) as module:
        yield module


@pytest.fixture
def link(module: SdtModule) -> Iterator[SerialLink]:
    with SerialLink(module.port, 115200, patience=QUICK, closing=lambda: False) as link:
        yield link


def test_probe_tells_the_modules_number(module: SdtModule) -> None:
    assert probe(module.port, 115200, QUICK) == "05.01-20230101-0012345678-0123456789"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("reader-unplugged", "is not there: plug it in"),
        ("reader-silent", "does not answer: check its power"),
        ("reader-faulty", "reports a fault of its own (60)"),
    ],
)
def test_probe_says_what_to_do(module: SdtModule, fault: str, words: str) -> None:
    module.fault(fault, True)
    with pytest.raises(ReaderMissing) as caught:
        probe(module.port, 115200, QUICK)
    code, en, zh = ending(caught.value)
    assert code == 6
    assert words in en
    assert module.port in en
    assert module.port in zh


def test_probe_of_a_port_in_use(module: SdtModule) -> None:
    with serial.Serial(module.port, exclusive=True), pytest.raises(ReaderMissing) as caught:
        probe(module.port, 115200, QUICK)
    assert "is used by another program" in caught.value.en


def test_probe_of_what_is_no_port(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ReaderMissing):
        probe(str(tmp_path / "file"), 115200, QUICK)


def test_silence_is_bounded_and_not_the_end(module: SdtModule, link: SerialLink) -> None:
    module.fault("reader-silent", True)
    with pytest.raises(Silence):
        link.ask(Command.STATUS)
    module.fault("reader-silent", False)
    link.drain()
    assert link.ask(Command.STATUS) == Reply(Status.DONE)


def test_noise_is_an_error_once_and_sending_again_cures_it(
    module: SdtModule, link: SerialLink
) -> None:
    module.fault("line-noise", True)
    with pytest.raises(SdtError):
        link.ask(Command.STATUS)
    module.fault("line-noise", True)
    assert link.ask_twice(Command.STATUS) == Reply(Status.DONE)


def test_the_answer_to_an_earlier_request_is_not_this_ones() -> None:
    """Before every answer the module sends a find reply that nobody asked for any more."""

    def answer_late(_: Request) -> None:
        module._send(Reply(Status.CARD_FOUND, bytes(4)))

    with (
        SdtModule(paced=False, heard=answer_late) as module,
        SerialLink(module.port, 115200, patience=QUICK, closing=lambda: False) as link,
    ):
        assert link.ask(Command.SAM_ID).data == SAM_ID
        assert link.ask(Command.STATUS) == Reply(Status.DONE)


def test_what_came_before_a_request_is_no_answer_to_it(module: SdtModule, link: SerialLink) -> None:
    module._do(lambda: module._send(Reply(Status.READ_FAILED)))
    assert select.select([link._open_port().fileno()], [], [], 10)[0]
    assert link.ask(Command.FIND) == Reply(Status.NO_CARD)


def test_half_a_reply_does_not_spoil_the_next_one() -> None:
    def stammer(_: Request) -> None:
        if stammers:
            module._line.write(stammers.pop())

    stammers = [encode_reply(Reply(Status.CARD_FOUND, bytes(4)))[:7]]
    with (
        SdtModule(paced=False, heard=stammer) as module,
        SerialLink(module.port, 115200, patience=QUICK, closing=lambda: False) as link,
    ):
        with pytest.raises(SdtError):
            link.ask(Command.STATUS)
        assert link.ask(Command.STATUS) == Reply(Status.DONE)


def test_closing_interrupts_a_wait(module: SdtModule) -> None:
    module.fault("reader-silent", True)
    patient = Patience(60, 60, 60, 60)
    with (
        SerialLink(module.port, 115200, patience=patient, closing=lambda: True) as link,
        pytest.raises(LinkClosing),
    ):
        link.ask(Command.STATUS)


def test_a_port_that_goes_away_is_a_port_fault(module: SdtModule, link: SerialLink) -> None:
    module.fault("reader-unplugged", True)
    with pytest.raises(PORT_FAULTS):
        link.ask_twice(Command.STATUS)
    with pytest.raises(PORT_FAULTS):
        link.drain()


@pytest.mark.parametrize("baud", BAUDS)
def test_the_speed_is_found_and_the_module_brought_to_another(baud: int) -> None:
    with (
        SdtModule(paced=False, baud=baud) as module,
        SerialLink(module.port, 115200, patience=QUICK, closing=lambda: False) as link,
    ):
        assert link.search_speed() == baud == link.baud
        assert link.bring_to(38400)
        assert (link.baud, module.baud) == (38400, 38400)
        assert link.ask(Command.STATUS) == Reply(Status.DONE)


def test_a_module_that_refuses_a_speed_is_read_at_its_own(
    module: SdtModule, link: SerialLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sdt_chip._LIMITS, Command.SET_BAUD, range(1))
    assert not link.bring_to(9600)
    assert link.baud == 115200
    assert link.ask(Command.STATUS) == Reply(Status.DONE)


def test_a_module_that_says_yes_and_stays_is_found_again(
    module: SdtModule, link: SerialLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sdt_module, "BAUDS", (115200,) * 5)
    assert not link.bring_to(9600)
    assert link.ask(Command.STATUS) == Reply(Status.DONE)


def test_a_silent_module_at_every_speed_is_stuck(module: SdtModule, link: SerialLink) -> None:
    module.fault("reader-silent", True)
    for climb in (link.search_speed, link.revive, link.prove_alive, link.reset):
        with pytest.raises(Stuck):
            climb()
    assert link.baud == 115200


def test_a_hung_module_is_revived_by_a_reset(module: SdtModule, link: SerialLink) -> None:
    module.fault("reader-hung", True)
    with pytest.raises(Silence):
        link.ask(Command.FIND)
    link.revive()
    assert link.ask(Command.FIND) == Reply(Status.NO_CARD)


@pytest.mark.parametrize("how", ["reset", "revive"])
def test_a_module_that_is_deaf_after_its_reset_is_waited_for(how: str) -> None:
    with (
        SdtModule(paced=False, late_s=0.2) as module,
        SerialLink(module.port, 115200, patience=QUICK, closing=lambda: False) as link,
    ):
        module.fault("reset-slow", True)
        module.fault("reader-hung", how == "revive")
        getattr(link, how)()
        assert link.ask(Command.FIND) == Reply(Status.NO_CARD)


class Babble:
    """Every request is answered with noise that never ends."""

    def carry(self, data: bytes) -> Iterator[Piece]:
        while data != encode_request(Command.STATUS):
            yield Piece(0.005, b"\x55")
        yield Piece(0.0, data)


class Dripping:
    """Every byte is 20 ms late: less than a gap, and a card's data would take 26 s."""

    def carry(self, data: bytes) -> Iterator[Piece]:
        for byte in data:
            yield Piece(0.02 if len(data) > 1000 else 0.0, bytes([byte]))


def test_a_babbling_line_is_bounded(module: SdtModule, link: SerialLink) -> None:
    module.rewire(Babble())
    with pytest.raises((Silence, SdtError)):
        link.ask(Command.STATUS)


def test_a_dripping_line_is_bounded(module: SdtModule) -> None:
    """Each gap is short enough; the whole is not."""
    patience = Patience(first_s=5, read_first_s=5, whole_s=0.5, gap_s=5)
    module.lay(card_of("11010519491231002X"))
    with SerialLink(module.port, 115200, patience=patience, closing=lambda: False) as link:
        link.ask(Command.FIND)
        link.ask(Command.SELECT)
        module.rewire(Dripping())
        with pytest.raises(SdtError) as caught:
            link.ask(Command.READ)
    assert caught.value.reason == "incomplete"

"""What came together is one transaction: stored and receipted, then counted and told. No broker."""

import logging
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from gate.core.journal_entries import GENESIS, seal
from gate.errors import StorageRefused
from gate.roster.keys import read_key
from gate.sync.link import Message
from gate.sync.wire import Topics, encode_batch
from office.home import Home
from office.receiving.gate_status import Watch
from office.receiving.message_intake import MessageIntake
from office.receiving.status_file import StatusFile
from office.store.database import OfficeStore
from tests.journal_making import EXAM, GATE, OTHER, SITE, entry
from tests.mqtt_making import made_home

EPOCHS = ("0" * 16, "1" * 16)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return made_home(tmp_path / "office")


def message(home: Home, gate: str, epoch: str = EPOCHS[0], boot: str = "b") -> Message:
    """A batch of the first event of journal `epoch`."""
    event = seal(entry(1), gate=gate, epoch=epoch, seq=1, boot=boot, previous=GENESIS)
    key = SigningKey(read_key(home.gate(gate) / "gate-signing.key", "signing key"))
    payload, _ = encode_batch([event], hist=False, key=key)
    return Message(Topics(EXAM, SITE, gate).ev, payload, retained=False, mid=1)


def intake_of(home: Home, store: OfficeStore) -> MessageIntake:
    signing = SigningKey(read_key(home.office / "office-signing.key", "signing key"))
    intake = MessageIntake(home, store, 1, signing, Watch())
    intake.begin()
    return intake


def test_good_and_bad_messages_in_one_transaction(home: Home) -> None:
    garbage = Message(Topics(EXAM, SITE, OTHER).ev, b"{}", retained=False, mid=2)
    with OfficeStore(home.database) as store:
        intake = intake_of(home, store)
        given, after = intake.take([message(home, GATE), garbage, message(home, OTHER)])
        assert [(topics.gate, receipt.high) for topics, receipt, _ in given] == [
            (GATE, 1),
            (OTHER, 1),
        ]
        assert (intake.counts.batches, intake.counts.rejected) == (0, 0)  # not told yet
        for tell in after:
            tell()
        assert (intake.counts.batches, intake.counts.events, intake.counts.rejected) == (2, 2, 1)
        assert intake.counts.taken == {GATE: 1, OTHER: 1}
        assert list(intake.counts.refusals.by_gate()) == [OTHER]
        assert {topics.gate for topics, _, _ in intake.begin()} == {GATE, OTHER}


def test_a_transaction_that_fails_leaves_nothing(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise StorageRefused("database or disk is full", "磁盘已满")

    with OfficeStore(home.database) as store:
        intake = intake_of(home, store)
        with monkeypatch.context() as broken:
            broken.setattr(store, "give_receipts", full)
            with pytest.raises(StorageRefused):
                intake.take([message(home, GATE)])
        assert not store.journals()
        ((_, receipt, _),), _ = intake.take([message(home, GATE)])
        assert receipt.high == 1


def test_another_event_in_a_known_place_and_a_journal_that_names_none_before(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    first, another = message(home, GATE), message(home, GATE, boot="c")
    with OfficeStore(home.database) as store, caplog.at_level(logging.ERROR):
        intake = intake_of(home, store)
        for each in (first, another, message(home, GATE, EPOCHS[1])):
            _, after = intake.take([each])
            for tell in after:
                tell()
        assert intake.counts.conflicts == 1
        assert intake.alarms.unannounced(GATE) == [EPOCHS[1]]
        assert intake.alarms.unannounced(OTHER) == []
    assert "sent another event 1 of journal" in caplog.text
    assert f"ALARM: journal {EPOCHS[1]} of gate {GATE}" in caplog.text


def test_a_status_that_cannot_be_written_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    StatusFile(tmp_path / "status.json").write(lambda: {"connected": True}, 0.0)
    assert (tmp_path / "status.json").read_text() == '{"connected": true}'
    StatusFile(tmp_path / "none" / "status.json").write(dict, 0.0)
    assert "status.json cannot be written" in caplog.text


def test_a_status_that_changes_often_is_written_now_and_then(tmp_path: Path) -> None:
    made: list[float] = []
    file = StatusFile(tmp_path / "status.json")
    for now_s in (0.0, 0.1, 0.2, 0.6, 0.7, 2.0, 3.0):
        if now_s < 3.0:
            file.changed()
        file.write_changed(lambda at=now_s: made.append(at) or {"at": at}, now_s)  # type: ignore[misc]
    assert made == [0.0, 0.6, 2.0]
    file.changed()
    file.write_changed(dict, 9.0)
    assert (tmp_path / "status.json").read_text() == "{}"

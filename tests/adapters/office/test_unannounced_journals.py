"""A journal that names none before it, though the office knows one of its unit: a card that was
wiped, or a copy begun anew. Told wherever the office speaks of the unit."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from nacl.signing import SigningKey
from typer.testing import CliRunner

from gate.core.journal_entries import GENESIS, JournalEntry, seal
from gate.core.records import JournalEvent
from gate.roster.keys import read_key
from gate.sync.signed_export import Extent, written
from office.__main__ import app
from office.home import Home
from office.keys.enrolment import Enrolment, read_enrolment, write_enrolment
from tests.journal_making import EXAM, GATE, OTHER, SITE, entry, fill, opened
from tests.mqtt_making import broker_at, made_home, office_at, sending, uplink_of
from tests.waiting import soon, until

NOW = "2027-04-10T01:00:00.000+00:00"
BEFORE, WIPED = "00112233aabbccdd", "ffeeddccbbaa9988"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return made_home(tmp_path / "office")


def journal_of(epoch: str, gate: str = GATE, **first: object) -> list[JournalEvent]:
    """Three events; the first one says `first`."""
    events: list[JournalEvent] = []
    prev = GENESIS
    for seq in (1, 2, 3):
        begun = JournalEntry("journal_begun", entry(1).when, first)
        one = begun if first and seq == 1 else entry(seq)
        events.append(seal(one, gate=gate, epoch=epoch, seq=seq, boot="b", previous=prev))
        prev = events[-1]["hash"]
    return events


def stick(home: Home, folder: Path, events: list[JournalEvent], key: SigningKey) -> Path:
    """A signed export of `events`, as the unit would write it."""
    gate, epoch = events[0]["gate"], events[0]["epoch"]
    file = folder / f"{gate}_{epoch}.journal"
    extent = Extent(gate, SITE, EXAM, epoch, 1, len(events), GENESIS, events[-1]["hash"])
    file.write_bytes(b"".join(written(extent, iter(events), at=NOW, key=key, enrolled=None)))
    return file


def key_of(home: Home, gate: str = GATE) -> SigningKey:
    return SigningKey(read_key(home.gate(gate) / "gate-signing.key", "key"))


def said(home: Home, *words: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, [*map(str, words), "--home", str(home.root)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout


def imported(home: Home, file: Path) -> dict[str, object]:
    code, text = said(home, "import", file, "--json")
    (facts,) = json.loads(text)["files"]
    assert (code, facts["complete"]) == (0, True), text
    return facts


def listed(home: Home) -> dict[str, list[str]]:
    code, text = said(home, "gates", "list", "--json")
    assert code == 0
    return {gate: facts["unannounced"] for gate, facts in json.loads(text)["gates"].items()}


def test_by_stick_it_is_told_at_once_and_from_then_on(home: Home, tmp_path: Path) -> None:
    key = key_of(home)
    assert listed(home) == {GATE: [], OTHER: []}  # nothing was received yet
    assert not imported(home, stick(home, tmp_path, journal_of(BEFORE), key))["unannounced"]
    assert listed(home) == {GATE: [], OTHER: []}
    wiped = stick(home, tmp_path, journal_of(WIPED), key)
    assert imported(home, wiped)["unannounced"]
    assert listed(home) == {GATE: [WIPED], OTHER: []}
    for words in (("import", wiped), ("gates", "list")):
        code, text = said(home, *words)
        assert code == 0
        assert f"ALARM: journal {WIPED} began without naming the one before it" in text
        assert "存储卡可能被清空或复制" in text
        assert BEFORE not in text.partition("ALARM")[2]
    code, text = said(home, "verify")
    assert code == 1
    assert f"{GATE} {WIPED}" in text.partition("ALARM")[0]


def names_the_one_before(home: Home) -> tuple[list[JournalEvent], SigningKey]:
    told = {"previous_epoch": BEFORE, "receipted": 0, "receipted_head": None, "last_known": 3}
    return journal_of(WIPED, **told), key_of(home)


def of_another_unit(home: Home) -> tuple[list[JournalEvent], SigningKey]:
    return journal_of(WIPED, OTHER), key_of(home, OTHER)


def enrolled_anew(home: Home) -> tuple[list[JournalEvent], SigningKey]:
    anew, old = SigningKey.generate(), read_enrolment(home.enrolment(GATE))
    write_enrolment(home, Enrolment(GATE, old.site, anew.verify_key.encode(), old.sealing))
    return journal_of(WIPED), anew


@pytest.mark.parametrize("second", [names_the_one_before, of_another_unit, enrolled_anew])
def test_what_is_no_alarm(
    home: Home, tmp_path: Path, second: Callable[[Home], tuple[list[JournalEvent], SigningKey]]
) -> None:
    imported(home, stick(home, tmp_path, journal_of(BEFORE), key_of(home)))
    events, key = second(home)
    file = stick(home, tmp_path, events, key)
    assert not imported(home, file)["unannounced"]
    assert listed(home) == {GATE: [], OTHER: []}
    for words in (("import", file), ("gates", "list"), ("verify",)):
        assert "ALARM" not in said(home, *words)[1]


def test_an_older_journal_that_comes_after_the_wiped_one_takes_the_alarm_with_it(
    home: Home, tmp_path: Path
) -> None:
    """Which came first nobody can know from two journals that name nobody: one of them is told."""
    key = key_of(home)
    imported(home, stick(home, tmp_path, journal_of(WIPED), key))
    assert imported(home, stick(home, tmp_path, journal_of(BEFORE), key))["unannounced"]
    assert listed(home)[GATE] == [BEFORE]


@pytest.mark.system
async def test_receive_says_it_in_log_and_status_and_after_a_restart(
    home: Home, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    epochs = []
    with broker_at(home, tmp_path / "broker") as broker:
        with office_at(home, broker.port) as office:
            for card in ("first", "wiped"):
                (tmp_path / card).mkdir()
                async with opened(tmp_path / card) as journal:
                    epochs.append(journal.head.epoch)
                    await fill(journal, 3)
                    uplink = uplink_of(home, broker.port, journal)
                    async with sending(uplink):
                        await soon(lambda up=uplink: up.status["unsent"] == 0)
                expected = epochs[1:]
                await soon(lambda e=expected: unannounced_of(office.status()) == e)
                assert ("ALARM" in caplog.text) == bool(expected)
        assert f"ALARM: journal {epochs[1]} of gate {GATE} began without naming" in caplog.text
        with office_at(home, broker.port) as office:
            until(lambda: unannounced_of(office.status()) == epochs[1:])


def unannounced_of(status: dict[str, object]) -> object:
    gates = status["gates"]
    assert isinstance(gates, dict)
    return gates.get(GATE, {}).get("unannounced")

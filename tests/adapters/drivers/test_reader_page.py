"""docs/card-reader.md says what the tables say."""

import pytest

from gate.drivers.card_reader.presence_table import LOST, TABLE, Presence, Sight, Tell
from gate.drivers.card_reader.sdt import Status
from gate.drivers.card_reader.sdt_codes import MEANING, REMEDY_OF
from scripts.diagrams import card_reader
from scripts.diagrams.markdown import with_blocks
from tests.checkout import ROOT

PAGE = ROOT / "docs/card-reader.md"


def test_the_page_is_the_programs_own() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert with_blocks(text, card_reader.blocks()) == text, "run: python -m scripts.diagrams"


def test_a_page_without_the_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="states: begin"):
        with_blocks("no marks", card_reader.blocks())


def test_every_status_has_a_meaning_and_a_remedy() -> None:
    assert set(MEANING) == set(Status)
    assert set(REMEDY_OF) == {int(status) for status in Status}


@pytest.mark.parametrize("lying", Presence)
def test_no_look_is_without_a_row(lying: Presence) -> None:
    """Some things cannot be seen: an item or the same number where no card was read.

    Nor can the end of a dwell time that does not run.
    """
    cannot = {
        Presence.EMPTY: {Sight.STILL, Sight.SAME, Sight.DWELL_OVER},
        Presence.READ: {Sight.DWELL_OVER},
        Presence.LIFTED: set(),
        Presence.FAILING: set(),
        Presence.ARRIVED: set(),
        Presence.ANOTHER: set(),
        Presence.UNREAD: {Sight.SAME, Sight.DWELL_OVER},
        Presence.SOUGHT: {Sight.STILL},
    }
    assert {s for s in Sight if (lying, s) not in TABLE} == cannot[lying]


def test_a_card_told_is_one_that_ended_or_began() -> None:
    for (source, _), (target, tells) in TABLE.items():
        assert (Tell.PRESENTED in tells) <= (target is Presence.READ)
        assert (Tell.REMOVED in tells) <= (source is not Presence.EMPTY)
        told_before, kept = (p is Presence.READ or p in LOST for p in (source, target))
        assert not told_before or kept or Tell.REMOVED in tells

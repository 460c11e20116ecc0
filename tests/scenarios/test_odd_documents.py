"""A document with one field that cannot be, through a running gate: found by its number, referred
with the field in words."""

from pathlib import Path

import pytest

from gate.core.events import CardPresented
from gate.drivers.card_reader.sdt import Decoder, encode_reply, text_block
from gate.drivers.card_reader.sdt_text import parse_card
from gate.drivers.simulated.sdt_cards import chip_of
from tests.scenarios.fakes import Rig, rig
from tests.scenarios.running import running

NUMBER = "11010519491231002X"


@pytest.fixture
def parts(tmp_path: Path) -> Rig:
    return rig(tmp_path)


async def test_a_card_that_ends_on_a_leap_day_of_no_calendar(parts: Rig) -> None:
    chip = chip_of(NUMBER, valid_from="2020-02-29", valid_to="20300229")
    (reply,) = Decoder().feed(encode_reply(chip.text_and_photo()))
    async with running(parts) as gate:
        now = parts.clock.now()
        card = parse_card(text_block(reply))
        parts.reader.queue.put_nowait(CardPresented(card, now, now.mono_ns))
        told = await gate.decision()
        assert (told["outcome"], told["reason"]) == ("REFER", "DOCUMENT_NOT_ACCEPTED")
        assert told["ticket"] == "A1"
        assert told["odd"] == ["valid_to"]
        assert "end of validity" in gate.lane.showing["en"]
        assert "有效期截止日期" in gate.lane.showing["zh"]

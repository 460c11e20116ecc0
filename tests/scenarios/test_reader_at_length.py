"""What scripts/soak does for an hour, without a module's own slowness and in seconds."""

import pytest

from gate.bench.card_reader import polling_cost, read_cost
from gate.drivers.card_reader.reader import Patience
from tests.soak import cards, fuzz_hypothesis, unplug

PATIENCE = Patience(first_s=0.5, read_first_s=0.5, whole_s=2.0, gap_s=0.1, status_s=0.3)


@pytest.mark.slow
async def test_a_thousand_cards_in_a_row_are_right_none_twice_none_missed() -> None:
    tally = await cards.run(1000, 1, 0.0, False, 0.002, PATIENCE)
    assert tally.good, tally.summary()
    assert tally.right == 1000


@pytest.mark.slow
async def test_unplugged_at_every_step_two_hundred_times() -> None:
    tally = await unplug.run(200, 1, 0.0, False, 0.002, PATIENCE)
    assert tally.wrong + tally.not_lost + tally.not_back == 0, tally.summary()
    assert tally.presented == 200


@pytest.mark.slow
async def test_the_bench_measures_whole_reads() -> None:
    """Nothing comes sooner than its bytes: a bench that could not see that would see nothing."""
    result = await read_cost(2, 0.0)
    assert result["ideal_ms"] == pytest.approx(1000 * 1359 * 10 / 115200)
    assert result["ratio"] > 0.98
    assert result["last_byte_to_event_ms"] > 0


@pytest.mark.system
async def test_the_bench_measures_looking_for_a_card() -> None:
    result = await polling_cost(0.5)
    assert 0 < result["empty_percent"] < 100
    assert 0 < result["lying_percent"] < 100


@pytest.mark.slow
def test_bad_bytes_of_every_kind() -> None:
    assert fuzz_hypothesis.run(2000, 1) >= 2000

"""How an attempt's target rate is shared among its looks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.models.fmr_budget import FmrBudget, share
from tests.examples import examples


@given(st.floats(1e-6, 1e-2), st.integers(1, 20), st.floats(1e-7, 1e-5))
@examples(200)
def test_all_looks_together_never_exceed_the_target(fmr: float, frames: int, lowest: float) -> None:
    looks = share(fmr, frames, lowest)
    taken = (looks.first or 0) + (looks.between or 0) * (frames - 1) + looks.last
    assert taken <= fmr * (1 + 1e-9)


@given(st.floats(1e-6, 1e-2), st.integers(1, 20), st.floats(1e-7, 1e-5))
@examples(200)
def test_no_look_needs_a_rate_that_was_not_measured(fmr: float, frames: int, lowest: float) -> None:
    looks = share(fmr, frames, lowest)
    rates = [r for r in (looks.first, looks.between, looks.last) if r is not None]
    assert min(rates) >= min(lowest, fmr) * (1 - 1e-6)


@pytest.mark.parametrize(
    ("fmr", "frames", "lowest", "wanted"),
    [
        (1e-4, 3, 1e-6, FmrBudget(4e-5, 1e-5, 4e-5)),
        (1e-4, 1, 1e-6, FmrBudget(5e-5, None, 5e-5)),  # with one frame there is nothing between
        (1e-4, 20, 1e-5, FmrBudget(5e-5, None, 5e-5)),
        (1e-5, 3, 1e-5, FmrBudget(None, None, 1e-5)),  # the strictest rate measured: one look
    ],
)
def test_shares(fmr: float, frames: int, lowest: float, wanted: FmrBudget) -> None:
    looks = share(fmr, frames, lowest)
    for name in ("first", "between", "last"):
        found, expected = getattr(looks, name), getattr(wanted, name)
        assert found == (None if expected is None else pytest.approx(expected))

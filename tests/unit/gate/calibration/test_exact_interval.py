"""Exact intervals of shares, against closed forms and scipy's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from gate.calibration.exact_interval import exact_interval, least_stated
from tests.examples import examples


def test_none_of_n_has_a_closed_form() -> None:
    low, high = exact_interval(0, 100)
    assert low == 0
    assert high == pytest.approx(1 - 0.025 ** (1 / 100))
    assert exact_interval(0, 0) == (0.0, 1.0)


@given(st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
@examples(30)
def test_as_scipy_has_it(counted: tuple[int, int]) -> None:
    count, n = counted
    wanted = binomtest(count, n).proportion_ci(0.95, method="exact")
    assert exact_interval(count, n) == pytest.approx((wanted.low, wanted.high), abs=1e-9)


def test_a_large_set_is_as_exact() -> None:
    wanted = binomtest(37, 500_000).proportion_ci(0.95, method="exact")
    assert exact_interval(37, 500_000) == pytest.approx((wanted.low, wanted.high), rel=1e-6)


@pytest.mark.parametrize(("count", "n"), [(-1, 3), (4, 3)])
def test_more_than_all_is_no_share(count: int, n: int) -> None:
    with pytest.raises(ValueError, match="no share"):
        exact_interval(count, n)


def test_what_too_few_trials_cannot_say() -> None:
    assert least_stated(30_000) == pytest.approx(1e-4)
    assert least_stated(0) == 1

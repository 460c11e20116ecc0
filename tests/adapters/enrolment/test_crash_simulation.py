"""A few hundred candidates while processes are killed: nobody lost, nothing twice."""

from pathlib import Path

import pytest

from tests.adapters.enrolment.crash_simulation import simulate


@pytest.mark.system
@pytest.mark.slow
def test_kill_9_at_any_instant_loses_and_doubles_nothing(tmp_path: Path) -> None:
    out = simulate(tmp_path, candidates=80, processes=2, kills=4, seed=1, within_s=3.0)
    assert out.faults == ()
    assert out.kills > 0
    seen = {status for counts in out.found.statuses.values() for status in counts}
    assert {"registered", "expired", "refused"} <= seen

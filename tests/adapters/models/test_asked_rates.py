"""A roster that asks for a rate without a threshold is told when it opens, not at each face."""

from dataclasses import replace

import numpy as np
import pytest

from gate.core.exam import Exam
from gate.errors import ConfigInvalid, InputRejected
from gate.models.match_attempt import MatchTables
from gate.models.matching import COHORT
from gate.models.rate_coverage import require_rates
from gate.ports.values import TemplateRows
from gate.roster.exam_data import exam_from_toml
from tests.roster_making import EXAM_TOML

EXAM = exam_from_toml(EXAM_TOML, "exam.toml")
TABLES = MatchTables.load()
COHORT_ROWS = np.eye(COHORT, 128, dtype=np.float32)


def asking(fmr: float) -> Exam:
    papers = tuple(replace(p, face=replace(p.face, fmr=fmr)) for p in EXAM.papers)
    return replace(EXAM, papers=papers)


@pytest.mark.parametrize(
    ("cohort", "fmr"),
    [(None, 1e-7), (None, 9e-6), (None, 0.2), (COHORT_ROWS, 9e-7), (COHORT_ROWS, 0.02)],
)
def test_a_rate_without_a_threshold_is_named(cohort: TemplateRows | None, fmr: float) -> None:
    with pytest.raises(InputRejected) as caught:
        require_rates(asking(fmr), cohort, TABLES)
    assert caught.value.facts["paper"] == EXAM.papers[0].id
    assert caught.value.facts["fmr"] == fmr


@pytest.mark.parametrize("fmr", [1e-6, 1e-5, 1e-4, 1e-3, 1e-2])
def test_what_exam_toml_allows_has_thresholds(fmr: float) -> None:
    written = EXAM_TOML.replace("[defaults]", f"[defaults]\nfmr = {fmr}")
    asked = exam_from_toml(written, "exam.toml")
    assert {paper.face.fmr for paper in asked.papers} == {fmr}
    require_rates(asked, COHORT_ROWS, TABLES)


@pytest.mark.parametrize("fmr", [1e-5, 1e-4, 1e-3, 1e-2])
def test_without_a_cohort_the_strictest_rate_is_ten_times_higher(fmr: float) -> None:
    require_rates(asking(fmr), None, TABLES)
    with pytest.raises(InputRejected, match="choose one from 1e-05"):
        require_rates(asking(1e-6), None, TABLES)


def test_exam_toml_allows_nothing_stricter() -> None:
    written = EXAM_TOML.replace("[defaults]", "[defaults]\nfmr = 9e-7")
    with pytest.raises(ConfigInvalid) as raised:
        exam_from_toml(written, "exam.toml")
    assert [fault.split(":")[0] for fault in raised.value.faults] == ["defaults.fmr"]

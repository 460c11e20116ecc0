"""Whether the calibration of this unit has a threshold for what an exam asks for."""

from collections.abc import Callable
from typing import Protocol

from gate.core.exam import Exam
from gate.errors import InputRejected
from gate.models.match_attempt import MatchTables
from gate.models.matching import COHORT, RAW, SNORM, STRICTER
from gate.ports.values import TemplateRows


class AskingRoster(Protocol):
    """What asks for a rate."""

    @property
    def exam(self) -> Exam:
        """The exam, whose papers ask for target rates."""

    @property
    def cohort(self) -> TemplateRows | None:
        """The cohort, (n, 128) float32, or None."""


def require_rates(exam: Exam, cohort: TemplateRows | None, tables: MatchTables) -> None:
    """InputRejected, with `paper`, `fmr`, `lowest` and `highest`, for the first paper whose target
    false match rate was not measured. Asked when a roster is installed and when it is opened: found
    out while a face is judged, it would come too late for everybody. `cohort`: (rows, 128)
    float32."""
    normalised = cohort is not None and len(cohort) >= COHORT
    kind, stricter = (SNORM, 1) if normalised else (RAW, STRICTER)
    ranges = [table.range(kind) for table in (tables.single, tables.augmented)]
    lowest = max(low for low, _ in ranges) * stricter
    highest = min(high for _, high in ranges) * stricter
    for paper in exam.papers:
        if not lowest * (1 - 1e-9) <= paper.face.fmr <= highest * (1 + 1e-9):
            raise InputRejected(
                f"Paper {paper.id} asks for a false match rate of {paper.face.fmr:g}, for which "
                f"this unit has no threshold: choose one from {lowest:g} to {highest:g} in the "
                "exam description, or calibrate again.",
                f"科目 {paper.id} 的误识率 {paper.face.fmr:g} 不在本机已校准范围内："
                f"请在考试描述中选择 {lowest:g} 至 {highest:g}，或重新校准。",
                paper=paper.id,
                fmr=paper.face.fmr,
                lowest=lowest,
                highest=highest,
            )


def requiring_rates() -> Callable[[AskingRoster], None]:
    """`require_rates` by the calibration that this unit has."""
    tables = MatchTables.load()
    return lambda roster: require_rates(roster.exam, roster.cohort, tables)

"""One doubtful case as the chief examiner's list shows it. Pure values."""

from dataclasses import dataclass, field
from datetime import datetime

from gate.core.reasons import MEANING, Reason


@dataclass(frozen=True, slots=True)
class CaseSignature:
    """Who signed a case at the gate.

    `by`: staff id, or the name that was typed where the roster has no staff. `role`: `invigilator`,
    `chief`, or empty where nobody knows. `verdict`: `admit` or `deny`. `at`: aware.
    """

    by: str
    role: str
    verdict: str
    at: datetime
    note: str = ""


@dataclass(frozen=True, slots=True)
class OfficeSettlement:
    """The office's signed word on a case, beside that of the gate.

    `verdict`: `admit` or `deny`. `at`: aware.
    """

    by: str
    verdict: str
    note: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DoubtfulCase:
    """What is known of one case.

    `id`: of the decision that opened it, `<epoch>-<seq>`. `at`: when, aware. `site`, `name`,
    `subject`, `room`, `seat`: empty where nobody knows them. `photo`: the ticket photo, `evidence`:
    the sealed picture opened, both JPEG, None where there is none; `evidence_missing` then says
    why, as (Chinese, English). `score`, `threshold`: cosines from -1 to 1, None where no face was
    compared. `verdict`: `admit` or `deny` as the gate recorded it, None while it is open.
    `settled_with`: the case whose verdict settled this one too. `settlements`: those of the office,
    the last one holds.
    """

    id: str
    gate: str
    ticket: str
    paper: str
    reason: Reason
    at: datetime
    site: str = ""
    name: str = field(default="", repr=False)  # a log line must not carry a name
    subject: str = ""
    room: str = ""
    seat: str = ""
    score: float | None = None
    threshold: float | None = None
    photo: bytes | None = field(default=None, repr=False)
    evidence: bytes | None = field(default=None, repr=False)
    evidence_missing: tuple[str, str] | None = None
    signatures: tuple[CaseSignature, ...] = ()
    verdict: str | None = None
    settled_with: str = ""
    settlements: tuple[OfficeSettlement, ...] = ()

    @property
    def score_in_words(self) -> tuple[str, str]:
        """How alike the two faces were, (Chinese, English)."""
        return score_in_words(self.score, self.threshold)

    @property
    def reason_in_words(self) -> tuple[str, str]:
        """Why the gate referred the candidate to staff, (Chinese, English)."""
        return _REASONS.get(self.reason, (MEANING[self.reason].zh, MEANING[self.reason].en))


_REASONS = {
    Reason.FACE_MISMATCH: ("人脸比对未通过", "The faces did not match"),
    Reason.LIVENESS_FAILED: ("活体检测未通过", "Liveness was not confirmed"),
}

NEAR = 0.1
"""A cosine that misses the threshold by no more than this is said to be close to it."""


def score_in_words(score: float | None, threshold: float | None) -> tuple[str, str]:
    """A cosine beside what it was held against, for people: (Chinese, English). `score` and
    `threshold` are from -1 to 1, None where no face was compared."""
    if score is None:
        return "未比对人脸", "no face was compared"
    if threshold is None:
        return f"相似度 {score:.2f}", f"similarity {score:.2f}"
    if score >= threshold:
        zh, en = "达到要求", "as alike as was asked"
    elif score >= threshold - NEAR:
        zh, en = "略低于要求", "a little less alike than was asked"
    else:
        zh, en = "明显低于要求", "clearly less alike than was asked"
    figures = f"{score:.2f} / {threshold:.2f}"
    return f"{zh}（{figures}）", f"{en} ({figures})"

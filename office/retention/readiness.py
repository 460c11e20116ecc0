"""Whether an exam's personal data may go: is retention over, is every event here, every case said?

A case that is open needs its picture and its name, and a gap needs its gate. So both hold the
destruction up. Retention is the law's, though: with a reason somebody may go on, and the
certificate says what was open.
"""

from dataclasses import dataclass
from datetime import datetime

from office.audit.exam_audit import audit_exam
from office.audit.journal_audit import is_whole
from office.doubtful.journal_cases import cases_of
from office.home import Home
from office.receiving.signers import signers
from office.retention.certificate import JournalKept
from office.store.database import OfficeStore
from office.store.opening import has_received, open_received


@dataclass(frozen=True, slots=True)
class Readiness:
    """`expires`: the end of retention, None where nothing tells it. `complete`: every journal is
    whole and closed, and there is one. `open_cases`: how many nobody has settled."""

    expires: datetime | None
    complete: bool
    open_cases: int
    journals: tuple[JournalKept, ...]


def readiness(home: Home, exam: str, public: bytes, expires: datetime | None) -> Readiness:
    """As the office's database has it. StorageRefused, StorageDamaged."""
    if not has_received(home):
        return Readiness(expires, complete=False, open_cases=0, journals=())
    with open_received(home) as store:
        audited = audit_exam(store, exam, signers(store, home, public), public, lambda _: None)
        open_cases = _open_cases(store, exam)
    kept = tuple(
        JournalKept(gate=j.gate, epoch=j.epoch, high=j.found["high"], head=j.found["head"])
        for j in audited.journals
    )
    whole = bool(kept) and all(is_whole(j.found) and j.counts.closed for j in audited.journals)
    return Readiness(expires, whole, open_cases, kept)


def _open_cases(store: OfficeStore, exam: str) -> int:
    settled = {kept.decision for kept in store.settlements.of_exam(exam)}
    return sum(
        case.verdict is None and case.id not in settled
        for gate, epoch in store.journals()
        for case in cases_of(store.events(gate, epoch), exam)
    )


def hindrance(exam: str, found: Readiness, now: datetime) -> tuple[str, str] | None:
    """Why nothing may be destroyed yet, in English and Chinese; None where it may. Pure."""
    if found.expires is None:
        return (
            f"No manifest of {exam} says when its retention ends",
            f"没有考试 {exam} 的清单，无法确定保存期",
        )
    if now < found.expires:
        return (
            f"The retention of {exam} ends on {found.expires:%Y-%m-%d %H:%M %z}",
            f"考试 {exam} 的保存期至 {found.expires:%Y-%m-%d %H:%M %z}",
        )
    if found.open_cases:
        return (
            f"{found.open_cases} doubtful case(s) of {exam} are not settled (doubtful list)",
            f"考试 {exam} 有 {found.open_cases} 例存疑未处理（见 doubtful list）",
        )
    if not found.complete:
        return (
            f"Events of {exam} are missing or a gate is not closed (audit)",
            f"考试 {exam} 的记录不完整或有闸机未结束（见 audit）",
        )
    return None

"""Has uploads judged and gives the events. It may be killed anywhere, any number of them run."""

from dataclasses import dataclass
from datetime import datetime

from enrolment.core.events import Actor, CardChecked, Event, LivenessChecked, PhotoChecked, Role
from enrolment.core.review_transitions import data_of
from enrolment.errors import EventRefused, ServiceDown
from enrolment.services.ports import Judgement, UploadChecks
from enrolment.store import check_tasks
from enrolment.store.applications import Applications
from enrolment.store.chain import lock
from enrolment.store.check_tasks import CheckKind, CheckTask, Outcome
from enrolment.store.opening import writing

_CHECKS = Actor(Role.SYSTEM, "checks")


@dataclass
class CheckWorker:
    """The uploads of one round, and who judges them."""

    store: Applications
    checks: UploadChecks

    def work(self, at: datetime, at_most: int = 1_000_000) -> int:
        """Judges up to `at_most` uploads; how many were. One that nobody can judge now stays
        until its lease is over."""
        done = 0
        for _ in range(at_most):
            task = check_tasks.take(self.store, at)
            if task is None:
                return done
            try:
                judged = self._judged(task)
            except ServiceDown:
                continue
            self._keep(task, judged, at)
            done += 1
        return done

    def _judged(self, task: CheckTask) -> Judgement:
        media = check_tasks.newest_media(self.store, task.application)
        upload = self._read(task.media)
        match task.kind:
            case CheckKind.CARD:
                return self.checks.card(upload, data_of(self.store.load(task.application)))
            case CheckKind.VIDEO:
                return self.checks.video(upload, task.digits, self._of(media, CheckKind.CARD))
        card, video = self._of(media, CheckKind.CARD), self._of(media, CheckKind.VIDEO)
        return self.checks.photo(upload, card, video)

    def _of(self, media: dict[CheckKind, str], kind: CheckKind) -> bytes:
        """Empty where staff approved without it."""
        return self._read(media[kind]) if kind in media else b""

    def _read(self, name: str) -> bytes:
        return self.store.media.get(self.store.round_id, name)

    def _keep(self, task: CheckTask, judged: Judgement, at: datetime) -> None:
        outcome = Outcome(judged.reasons, judged.read)
        with writing(self.store.engine) as connection:
            lock(connection, self.store.round_id)
            if not check_tasks.finish(connection, self.store, task.id, outcome, at):
                return
            try:
                self.store.apply_within(connection, task.application, _event(task, judged, at))
            except EventRefused:  # locked or expired in between: only the outcome is kept
                return


def _event(task: CheckTask, judged: Judgement, at: datetime) -> Event:
    match task.kind:
        case CheckKind.CARD:
            return CardChecked(at=at, by=_CHECKS, reasons=judged.reasons)
        case CheckKind.VIDEO:
            return LivenessChecked(at=at, by=_CHECKS, reasons=judged.reasons)
    return PhotoChecked(at=at, by=_CHECKS, reasons=judged.reasons, photo=task.media)

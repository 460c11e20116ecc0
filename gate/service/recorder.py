"""What the lane writes down: decisions with their evidence and timing, and notes beside them."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import tzinfo
from typing import cast

from gate.core import effects
from gate.core.daily_counts import DailyCounts
from gate.core.events import Instant
from gate.core.journal_entries import JournalEntry
from gate.core.local_time import in_fixed_offset
from gate.core.reasons import Outcome
from gate.core.records import DecisionBody, EvidenceFields, JournalEvent, UnitFields
from gate.errors import StorageRefused
from gate.ports import Clock, Evidence, Journal, Matcher, SiteLink
from gate.service.broadcast import Broadcast
from gate.service.case_view import SettledCases
from gate.service.live_faces import LiveFaces

log = logging.getLogger("gate.lane")


def ms_since(began: float) -> float:
    """Milliseconds since a `time.perf_counter()`."""
    return (time.perf_counter() - began) * 1e3


class Recorder:
    """One entry at a time, so that an evidence file bears the id of its own decision."""

    def __init__(
        self,
        journal: Journal,
        evidence: Evidence,
        matcher: Matcher,
        clock: Clock,
        zone: Callable[[], tzinfo | None] = lambda: None,
    ) -> None:
        self.broadcast = Broadcast()
        self.counts = DailyCounts()
        self.live_faces = LiveFaces()
        self.settled = SettledCases()
        self._journal = journal
        self._evidence = evidence
        self._matcher = matcher
        self._clock = clock
        self._zone = zone
        self._site: SiteLink | None = None
        self._one = asyncio.Lock()
        self._ms: dict[str, float] = {}
        self._untold: list[tuple[JournalEvent, dict[str, float]]] = []

    def tell_site(self, site: SiteLink) -> None:
        """What is recorded from now on is told to the other gates, too."""
        self._site = site

    def replay(self, page: Sequence[JournalEvent]) -> None:
        """The counts of earlier events, from the journal."""
        for event in page:
            self.counts.add(event)
            if self._site is not None:
                self._site.add(event, this_run=False)

    def took(self, part: str, ms: float) -> None:
        """Time of the visit under way, by part of the work."""
        self._ms[part] = self._ms.get(part, 0.0) + ms

    def forget_times(self) -> None:
        """A visit begins, or is over."""
        self._ms = {}

    def now(self) -> Instant:
        """This moment in the exam's zone, as it is written down.

        So the day of an event can be read off it at the office too.
        """
        now = self._clock.now()
        return replace(now, at=in_fixed_offset(now.at, self._zone()))

    async def record(
        self, wanted: effects.Record, about: UnitFields, since_ns: int
    ) -> JournalEvent:
        """Commit; only what follows from the returned event may be shown. `about`: what belongs to
        the unit; `since_ns`: where its time counts from. StorageRefused: nothing was written."""
        async with self._one:
            picture: EvidenceFields = {"evidence": None}
            jpeg = await self._face_of(wanted)
            if wanted.evidence:
                picture = await self._picture(jpeg)
            body = {**wanted.body, **about, **picture}
            began = time.perf_counter()
            event = await self._journal.append(JournalEntry(wanted.kind, self.now(), body))
        self.counts.add(event)
        if self._site is not None:
            self._site.add(event)
        self._keep_for_staff(event, jpeg)
        parts = self._ms if wanted.kind == "decision" else {}
        self._untold.append((event, self._timing(parts, began, since_ns)))
        return event

    async def _face_of(self, wanted: effects.Record) -> bytes | None:
        """A frame of the visit as JPEG, made once, for the evidence and for who settles a REFER."""
        body = wanted.body
        looked = body.get("frames") is not None and body.get("outcome") == Outcome.REFER
        if not (wanted.evidence or looked):
            return None
        return await asyncio.to_thread(self._matcher.evidence)

    def _keep_for_staff(self, event: JournalEvent, jpeg: bytes | None) -> None:
        if event["kind"] == "verdict":
            self.live_faces.drop(self.settled.add(event))
        elif jpeg is not None and event.get("frames") is not None:
            self.live_faces.keep(event["id"], jpeg)

    async def record_beside(self, wanted: effects.RecordBeside, about: UnitFields) -> JournalEvent:
        """Commit what is no part of a visit. A decision is counted and told like any; of the rest
        followers are told under its kind. StorageRefused: nothing was written."""
        if wanted.kind == "decision":
            body = cast(DecisionBody, wanted.body)
            now_ns = self._clock.now().mono_ns
            return await self.record(effects.Record(wanted.kind, body), about, now_ns)
        async with self._one:
            whole: dict[str, object] = {"exam": about["exam"], **wanted.body}
            event = await self._journal.append(JournalEntry(wanted.kind, self.now(), whole))
        if self._site is not None:
            self._site.add(event)
        self.broadcast.publish({wanted.kind: event})
        return event

    async def note(self, kind: str, body: Mapping[str, object]) -> JournalEvent | None:
        """Journal what happened beside a visit; None where nothing was written."""
        try:
            async with self._one:
                event = await self._journal.append(JournalEntry(kind, self.now(), body))
        except StorageRefused as e:
            log.error("not recorded, out of service: %s", e.en)
            return None
        self.counts.add(event)
        return event

    async def tell(self) -> None:
        """What was recorded, to log and followers, without a name or a number. After the lamps:
        keeping the times may move the journal's WAL, which nobody should wait for."""
        untold, self._untold = self._untold, []
        for event, ms in untold:
            self.broadcast.publish(event | {"ms": ms})
            level = logging.INFO if event.get("outcome") != Outcome.REFER else logging.WARNING
            log.log(
                level,
                "%s %s %s ticket=%s attempt=%s total=%.1f ms",
                event["id"],
                event.get("outcome") or event["kind"],
                event.get("reason") or event.get("verdict"),
                event["ticket"],
                event.get("attempt"),
                ms["total"],
            )
            await self._journal.keep_timing(event["seq"], ms)

    async def _picture(self, jpeg: bytes | None) -> EvidenceFields:
        """A decision is not lost with its picture: one that could not be kept is named as such."""
        if jpeg is None:
            return {"evidence": None}
        head = self._journal.head
        try:
            name = f"{head.epoch}-{head.seq + 1}"
            kept = await asyncio.to_thread(self._evidence.keep, jpeg, name)
        except StorageRefused as e:
            log.error("the evidence picture is not kept: %s", e.en)
            return {"evidence": None, "evidence_fault": "storage"}
        return {"evidence": kept}

    def _timing(self, parts: dict[str, float], began: float, since_ns: int) -> dict[str, float]:
        ms = {part: round(parts.get(part, 0.0), 3) for part in ("roster", "match", "rules")}
        total_ns = self._clock.now().mono_ns - since_ns
        return ms | {"disk": round(ms_since(began), 3), "total": round(total_ns / 1e6, 3)}

"""The one owner of the state: takes events in order, steps, records, performs.

Everything else (reader, face, staff, timers, faults) only puts events into the inbox. What a step
asks for is performed before the next event is taken, so no lamp ever runs ahead of the journal.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from gate.core import effects, events
from gate.core.admission import step
from gate.core.exam import current_papers, liveness_asked
from gate.core.reasons import Reason
from gate.core.records import JournalEvent, UnitFields
from gate.core.replay import instant_of, replay
from gate.core.staff_and_fault_transitions import out_of_service
from gate.core.state import BUSY, State, show, zone_of
from gate.errors import (
    GateBug,
    GateError,
    InputRejected,
    NoSuchEntry,
    StorageDamaged,
    StorageRefused,
)
from gate.ports import Lookup, Reference, Roster, RosterEntry
from gate.ports.status import ExitStatus
from gate.service.adapters import Adapters
from gate.service.recorder import Recorder, ms_since
from gate.service.shown_name import ShownName

log = logging.getLogger("gate.lane")

REACTION_S = 0.8
"""Before another attempt: time to see the yellow lamp and to look up. Without it three attempts at
10 frames a second are over in 1.5 s, and "asked again" is a word only."""


@dataclass(frozen=True, slots=True)
class Found:
    """A row that the desk has looked up and unsealed already, and the roster it is from."""

    roster: Roster
    entry: RosterEntry


@dataclass(slots=True)
class Asked:
    """An event in the inbox; `answer` gets what was recorded because of it."""

    event: events.LaneEvent
    answer: asyncio.Future[JournalEvent | None] | None = None
    found: Found | None = None
    recorded: JournalEvent | None = None
    """What answers where nothing else is recorded after it."""

    def done(self, recorded: JournalEvent | None) -> None:
        """The first answer counts: what was recorded, or nothing."""
        if self.answer is not None and not self.answer.done():
            self.answer.set_result(recorded)

    def fail(self, error: GateError) -> None:
        """Tell the one who asked; an event that nobody asked for has nobody to tell."""
        if self.answer is None:
            raise error
        if not self.answer.done():
            self.answer.set_exception(error)


class Lane:
    """State, inbox and the hands that carry effects out. `timers`: factor on every wait that the
    state table asks for; 1 outside tests."""

    def __init__(
        self, adapters: Adapters, reaction_s: float = REACTION_S, timers: float = 1.0
    ) -> None:
        self.adapters = adapters
        self._reaction_s = reaction_s
        self._timers = timers
        self.state = State(unit_rooms=adapters.rooms)
        self.exits: dict[str, ExitStatus] = {}
        self.recorder = Recorder(
            adapters.journal,
            adapters.evidence,
            adapters.matcher,
            adapters.clock,
            zone=lambda: self.zone,
        )
        site = adapters.site_link
        if site is not None:
            site.deliver_to(self.put)
            self.recorder.tell_site(site)
        self.showing: dict[str, object] = {}
        self.shown_name = ShownName()
        self._roster: Roster | None = None
        self._zone: tzinfo | None = None
        self._inbox: asyncio.Queue[Asked] = asyncio.Queue()
        self.matching: asyncio.Task[None] | None = None
        self.settled = asyncio.Event()
        self._subscribers: list[Callable[[], None]] = []
        self._unhandled = 0
        self._reference: Reference | None = None

    # -- events in -------------------------------------------------------------------------------

    def put(self, event: events.LaneEvent) -> None:
        """From the loop's thread."""
        self._enqueue(Asked(event))

    async def ask(self, event: events.LaneEvent, found: Found | None = None) -> JournalEvent | None:
        """Put `event`; what was recorded because of it, None while a face is being looked at.
        `found`: the row that a typed candidate is, so that it is not looked up twice.
        The state table's own refusals, and StorageRefused where nothing could be recorded."""
        answer: asyncio.Future[JournalEvent | None] = asyncio.get_running_loop().create_future()
        self._enqueue(Asked(event, answer, found))
        return await answer

    def _enqueue(self, asked: Asked) -> None:
        self._unhandled += 1
        self._inbox.put_nowait(asked)

    def replay(self, page: Sequence[JournalEvent]) -> None:
        """Who is inside, what is unsettled and the counts, from journal events in order."""
        self.state = replay(self.state, page)
        self.recorder.replay(page)

    def subscribe(self, changed: Callable[[], None]) -> None:
        """`changed` is called after each event that was handled, in the loop's thread."""
        self._subscribers.append(changed)

    async def work(self, timeout_s: float) -> None:
        """Take one event, if one comes in time, and do all that follows from it."""
        try:
            # Not wait_for: before Python 3.12 it can swallow a cancellation.
            async with asyncio.timeout(timeout_s):
                asked = await self._inbox.get()
        except TimeoutError:
            return
        await self._handle(asked)
        await self.recorder.tell()
        self._unhandled -= 1
        self.settled.set()
        for changed in self._subscribers:
            changed()

    async def _handle(self, asked: Asked) -> None:
        """Step and perform until nothing follows any more."""
        queue = [asked.event]
        while queue:
            event = queue.pop(0)
            began = time.perf_counter()
            try:
                self.state, wanted = step(self.state, event)
            except (InputRejected, StorageRefused) as e:  # staff asked for what cannot be now
                asked.fail(e)
                return
            self.recorder.took("rules", ms_since(began))
            for effect in wanted:
                perform = self._beside if isinstance(effect, _BESIDE) else self._perform
                follows = await perform(effect, asked)
                if follows is not None:
                    queue.append(follows)
        asked.done(asked.recorded)

    @property
    def exam_id(self) -> str | None:
        """The exam of the roster in use, or of the one before while there is none."""
        return self.state.exam.id if self.state.exam else None

    @property
    def zone(self) -> tzinfo | None:
        """The time zone in which days are counted and times written; None before there is one.

        It is the exam's, or that of a roster that is installed and not in use.
        """
        return zone_of(self.state) or self._zone

    @property
    def idle(self) -> bool:
        """No visit is under way and no event waits or is being handled."""
        return self.state.phase not in BUSY and self._unhandled == 0

    # -- the roster ------------------------------------------------------------------------------

    @property
    def roster(self) -> Roster | None:
        """The one in use. The lane closes it when another one takes its place."""
        return self._roster

    def use(self, roster: Roster) -> None:
        """Look candidates up in `roster` from now on. Only while the lane is idle."""
        former, self._roster = self._roster, roster
        if former is not None:
            former.close()
        self.adapters.uplink.use_exam(roster.exam.id)
        if self.adapters.site_link is not None:
            self.adapters.site_link.use(roster.exam.id, roster.site_gates())
        self.adapters.matcher.use_liveness(liveness_asked(roster.exam))
        self.put(events.RosterOpened(roster.exam, roster.version, bool(roster.staff)))

    def drop(self, why: str) -> Roster:
        """Use no roster, and say why; the one that was in use, still open, for the caller to keep
        or close. Only while the lane is idle. GateBug where none was in use."""
        former, self._roster = self._roster, None
        if former is None:
            raise GateBug("A roster was dropped, and none was in use.")
        log.error("%s: %s", former.version, why)
        self.put(events.FaultRaised(events.Fault.ROSTER, why))
        return former

    def keep_zone(self, zone: tzinfo | None) -> None:
        """The zone of a roster that is installed: days are counted in it before it is in use."""
        self._zone = zone

    # -- effects out -----------------------------------------------------------------------------

    async def _perform(self, effect: effects.Effect, asked: Asked) -> events.LaneEvent | None:
        match effect:
            case effects.LookUpCard(number=number):
                return await self._look_up(number=number)
            case effects.LookUpTyped(handle=handle, value=value):
                return await self._look_up(typed=(handle, value), known=asked.found)
            case effects.LookUpTicket(ticket=ticket):
                return await self._look_up(typed=("ticket", ticket), whole=True)
            case effects.JudgeFace():
                self.matching = asyncio.create_task(self._judge(effect), name="judge")
            case effects.Record():
                return await self._record(effect, asked)
            case effects.JournalNote(kind=kind, body=body):
                return await self._note(kind, body, asked)
            case effects.Show():
                self._show(effect)
            case effects.OpenBarrier(longer=longer):
                self.adapters.signals.open_barrier(longer=longer)
            case effects.StartTimer(seconds=seconds, token=token):
                loop = asyncio.get_running_loop()
                loop.call_later(seconds * self._timers, self.put, events.TimeElapsed(token))
            case effects.EndAction():
                self.adapters.matcher.end_action()
            case effects.FindAgain():
                self.adapters.reader.find_again()
            case effects.ForgetFaces():
                self._reference = None
                self.shown_name.visit_is_over()
                self.recorder.forget_times()
                self.adapters.matcher.forget()
        return None

    async def _look_up(
        self,
        number: str = "",
        typed: tuple[str, str] | None = None,
        whole: bool = False,
        known: Found | None = None,
    ) -> events.LaneEvent:
        """`whole`: the roster takes the last five of a ticket for it, which nobody typed here.

        `known`: what the desk found already, as long as the same roster is in use.
        """
        self.recorder.forget_times()
        self.shown_name.begin("")
        began = time.perf_counter()
        try:
            if self.roster is None:
                raise GateBug("A lookup without a roster.")
            found: Lookup
            if known is not None and known.roster is self.roster:
                found = known.entry
            elif typed is None:
                found = await self.roster.find(number)
            else:
                found = await self.roster.find_typed(*typed, self.papers_now())
        except NoSuchEntry:  # typed for a sitting that ended since the desk looked
            return events.CandidateUnknown("")
        except (InputRejected, StorageDamaged) as e:
            return events.LookupFailed(e.en)
        self.recorder.took("roster", ms_since(began))
        if isinstance(found, RosterEntry):
            if whole and typed and found.candidate.ticket.upper() != typed[1].upper():
                return events.CandidateUnknown("")
            self._reference = found.reference
            self.shown_name.begin(found.candidate.name)
            return events.CandidateFound(found.candidate)
        return found

    def papers_now(self) -> tuple[str, ...]:
        """Ids of the papers of the current sitting; of all where the clock is not trusted.

        A typed seat then names nobody, rather than the person who has it at another time.
        """
        papers, now = self.state.exam.papers if self.state.exam else (), self.adapters.clock.now()
        return tuple(p.id for p in (current_papers(papers, now.at) if now.trusted else papers))

    async def _judge(self, wanted: effects.JudgeFace) -> None:
        if self._reference is None:
            raise GateBug("A face was to be judged without a reference.")
        if wanted.attempt > 1:
            await asyncio.sleep(self._reaction_s)
        began = time.perf_counter()
        judged = await self.adapters.matcher.judge(self._reference, wanted.policy, wanted.found_ns)
        took_ms = ms_since(began)
        self.recorder.took("match", took_ms)
        log.info("attempt %d: %s after %.0f ms", wanted.attempt, _said(judged), took_ms)
        self.put(judged)

    def _show(self, wanted: effects.Show) -> None:
        if wanted.reason == Reason.OUT_OF_SERVICE == self.showing.get("reason"):
            return  # said already: its rhythm and its buzzer go on undisturbed
        self.adapters.signals.show(wanted.pattern)
        self.shown_name.shown()
        self.showing = {
            "reason": str(wanted.reason),
            "zh": wanted.zh,
            "en": wanted.en,
            "signals": list(wanted.pattern.labels()),
            "facts": dict(wanted.facts),
        }

    def show_out_of_service(self) -> None:
        """Before there is a journal or a roster to step with."""
        self._show(show(Reason.OUT_OF_SERVICE, {}))

    # -- the journal -----------------------------------------------------------------------------

    async def _record(self, wanted: effects.Record, asked: Asked) -> events.LaneEvent:
        since_ns = self._since_ns(wanted)
        try:
            event = await self.recorder.record(wanted, self._of_this_unit(), since_ns)
        except StorageRefused as e:
            log.error("not recorded, out of service: %s", e.en)
            if asked.answer is not None:
                asked.fail(e)
            return events.RecordRefused()
        if wanted.kind == "signature":  # its verdict may follow, and is the better answer
            asked.recorded = event
        else:
            asked.done(event)
        return events.DecisionRecorded(event["id"], instant_of(event))

    async def _beside(
        self, wanted: effects.Effect, asked: Asked
    ) -> events.RecordedBeside | events.RefusedBeside | None:
        """What is no part of a visit: the first entry is the answer of who asked."""
        if isinstance(wanted, effects.TellExit):
            self.tell_exit(wanted.reader, wanted.reason, wanted.zh, wanted.en)
        if not isinstance(wanted, effects.RecordBeside):
            return None
        try:
            event = await self.recorder.record_beside(wanted, self._of_this_unit())
        except StorageRefused as e:
            log.error("not recorded, out of service: %s", e.en)
            if asked.answer is not None:
                asked.fail(e)
            return events.RefusedBeside(wanted.reader)
        asked.done(event)
        return events.RecordedBeside(event)

    def tell_exit(self, reader: str, reason: str, zh: str, en: str) -> None:
        """The staff of an exit read it in the status."""
        status = self.exits.get(reader)
        if status is not None:
            status.update({"reason": str(reason), "zh": zh, "en": en})

    def _since_ns(self, wanted: effects.Record) -> int:
        visit, verdict = self.state.visit, self.state.verdict
        if wanted.kind == "verdict" and verdict is not None:
            return verdict.at.mono_ns
        if wanted.kind != "decision":
            return self.adapters.clock.now().mono_ns
        return visit.shown.since_mono_ns if visit else self.adapters.clock.now().mono_ns

    def _of_this_unit(self) -> UnitFields:
        return {
            "model": self.adapters.matcher.model,
            "roster": self.roster.version if self.roster else None,
            "exam": self.exam_id,
        }

    async def note(self, kind: str, body: Mapping[str, object]) -> events.LaneEvent | None:
        """Journal what happened beside a visit."""
        return None if await self.recorder.note(kind, body) else events.RecordRefused()

    async def _note(
        self, kind: str, body: Mapping[str, object], asked: Asked
    ) -> events.RecordRefused | None:
        """The same, of what somebody asked for: the first entry is the answer."""
        event = await self.recorder.note(kind, body)
        if event is not None:
            asked.done(event)
            return None
        if asked.answer is not None:
            asked.fail(out_of_service())
        return events.RecordRefused()


_BESIDE = (effects.RecordBeside, effects.TellExit)


def _said(judged: events.FaceJudged) -> str:
    """How an attempt ended, as a log line says it. No name and no ticket."""
    advice = f" ({judged.advice})" if judged.advice else ""
    score = "" if judged.score is None else f" score={judged.score:.2f} frames={judged.frames}"
    return f"{judged.reason}{advice}{score}"

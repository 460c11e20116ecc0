"""The life of one gate: tasks, watches, and the order of the end."""

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass

from gate.core import events
from gate.core.card_left_lying import is_due
from gate.core.journal_entries import JournalEntry
from gate.errors import CameraMissing, StorageRefused
from gate.ports import Scanner, ScannerBack, ScannerLost
from gate.service.exit_readers import pump
from gate.service.lane import Lane
from gate.service.supervisors import Supervisors, replay_journal
from gate.service.watchdog import Health

log = logging.getLogger("gate.service")

STALLED_S = 2.0
"""A camera without a frame for so long is a fault (platform.md: bounded waits of 2 s)."""
GIVE_UP_S = 120.0
"""In seconds. A camera that is gone for so long comes back, if ever, with a new process. See
platform.md: the camera list is read once a process, and a hung stop() never returns."""
FINISH_S = 4.0
"""What a decision in hand may take when the gate is told to stop."""
SILENT_S = 10.0
"""A task that has not beaten for so long is dead."""
ROSTER_SILENT_S = 60.0
"""Hashing and opening a large roster from a slow card takes its time."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Intervals in seconds.

    `watch_s`: how often faults are looked for. `retry_s`: between attempts to write again, and
    between looks for a new roster. `room_s`: between looks at the space on the disk.
    """

    watch_s: float = 0.5
    retry_s: float = 1.0
    room_s: float = 15.0


class Service:
    """Runs one lane with its unit's adapters until told to stop."""

    def __init__(
        self, lane: Lane, supervisors: Supervisors, health: Health, pace: Pace | None = None
    ) -> None:
        self._lane = lane
        self._adapters = lane.adapters
        self._supervisors = supervisors
        self._health = health
        self._pace = pace or Pace()
        self._saves_told = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Contexts close in the order scanners, reader, matcher, journal, signals."""
        unit = self._adapters
        # First of all: the board's clock is a source of its own only then.
        self._supervisors.clock.look()
        async with contextlib.AsyncExitStack() as stack:
            await stack.enter_async_context(unit.signals)
            if not await self._open_journal(stack, stop):
                return
            await replay_journal(unit.journal, self._lane, self._supervisors)
            await self._note("start", {"inside": len(self._lane.state.inside)})
            await (
                self._supervisors.rosters.look()
            )  # before the reader: a card already lying there counts
            await stack.enter_async_context(unit.matcher)
            await stack.enter_async_context(unit.reader)
            for scanner in (*unit.scanners, *(e.device for e in unit.exits)):
                await stack.enter_async_context(scanner)
            await self._work(stop)

    async def _open_journal(self, stack: contextlib.AsyncExitStack, stop: asyncio.Event) -> bool:
        """Out of service until the journal opens; False when told to stop before."""
        told = ""
        while not stop.is_set():
            try:
                await stack.enter_async_context(self._adapters.journal)
            except StorageRefused as e:
                if e.en != told:
                    log.warning("out of service: %s", e.en)
                told = e.en
                self._health.waiting(f"out of service: {e.en}")
                self._lane.show_out_of_service()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._pace.retry_s):
                        await stop.wait()
            else:
                return True
        return False

    async def _note(self, kind: str, body: Mapping[str, object]) -> None:
        """A journal that takes no note takes no decision either: the lane must know."""
        refused = await self._lane.note(kind, body)
        if refused is not None:
            self._lane.put(refused)

    async def _work(self, stop: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as group:
            intake = [
                group.create_task(self._pump_reader(), name="reader"),
                group.create_task(self._pump_button(), name="button"),
                *(
                    group.create_task(self._pump_scanner(s), name=f"scanner {s.name}")
                    for s in self._adapters.scanners
                ),
                *(
                    group.create_task(pump(e, self._lane), name=f"exit {e.name}")
                    for e in self._adapters.exits
                ),
            ]
            steady = [
                group.create_task(self._decide(), name="decide"),
                group.create_task(self._watch(), name="watch"),
                group.create_task(self._watch_roster(), name="roster"),
                group.create_task(self._mend_journal(), name="journal"),
                group.create_task(self._watch_room(), name="room"),
                group.create_task(self._obey(), name="commands"),
                group.create_task(self._health.feed_watchdog(), name="watchdog"),
            ]
            self._supervisors.commands.ends_by(stop.set)
            if self._adapters.roster_fetch is not None:
                fetching = self._adapters.roster_fetch.run()
                steady.append(group.create_task(fetching, name="roster-fetch"))
            uplink = group.create_task(self._adapters.uplink.run(), name="uplink")
            self._health.ready(self._condition())
            await stop.wait()
            await self._wind_down(intake, steady, uplink)

    async def _wind_down(
        self,
        intake: list[asyncio.Task[None]],
        steady: list[asyncio.Task[None]],
        uplink: asyncio.Task[None],
    ) -> None:
        """Stop intake; finish the decision in hand; barrier safe; flush the journal; drop MQTT.
        Each bounded. Reader, camera, journal and lamps are closed by their contexts after this."""
        self._health.stopping()
        await _end(*intake)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FINISH_S):
                while not self._lane.idle:
                    self._lane.settled.clear()
                    await self._lane.settled.wait()
        if self._lane.matching is not None:
            await _end(self._lane.matching)
        await _end(*steady)
        self._adapters.signals.safe()
        await self._lane.note("stop", {"inside": len(self._lane.state.inside)})
        await _end(uplink)

    # -- tasks -----------------------------------------------------------------------------------

    async def _decide(self) -> None:
        self._health.expect("decide", SILENT_S)
        while True:
            await self._lane.work(timeout_s=self._pace.retry_s)
            self._raise_if_matching_failed()
            self._health.beat("decide")

    def _raise_if_matching_failed(self) -> None:
        """A judge that died would leave its visit waiting for ever."""
        task = self._lane.matching
        if task is not None and task.done() and not task.cancelled() and task.exception():
            raise task.exception() or AssertionError

    async def _pump_reader(self) -> None:
        async for event in self._adapters.reader.events():
            self._lane.put(event)

    async def _pump_scanner(self, scanner: Scanner) -> None:
        """A scanner that is lost is told in status and journal, and puts nothing out of service."""
        async for event in scanner.events():
            match event:
                case ScannerLost(detail=detail):
                    log.warning("%s", detail)
                    await self._note(
                        "fault", {"fault": f"scanner {scanner.name}", "detail": detail}
                    )
                case ScannerBack():
                    await self._note("healed", {"fault": f"scanner {scanner.name}"})
                case _:
                    self._lane.put(event)

    async def _pump_button(self) -> None:
        while True:
            await self._adapters.signals.acknowledged()
            self._lane.put(events.Acknowledged("button", self._adapters.clock.now()))

    async def _watch(self) -> None:
        """Camera, clock, and the followers' view of it all."""
        self._health.expect("watch", SILENT_S)
        while True:
            stalled_s = self._adapters.matcher.stalled_s
            if stalled_s > GIVE_UP_S:
                raise CameraMissing(
                    f"No picture from the camera for {GIVE_UP_S:g} s: check cable and power; the "
                    "gate starts anew.",
                    f"摄像头已 {GIVE_UP_S:g} 秒无图像：请检查排线和电源，闸机将重新启动。",
                )
            present = stalled_s > STALLED_S
            self._tell_fault(events.Fault.CAMERA, present, "no picture from the camera")
            stepped = self._supervisors.clock.look()
            if stepped is not None:
                await self._note("clock", stepped)
            await self._look_at_journal()
            now = self._adapters.clock.now()
            if is_due(self._lane.state, now):
                self._lane.put(events.LookDue(now))
            await self._close_counts(now)
            self._health.beat("watch")
            await asyncio.sleep(self._pace.watch_s)

    async def _look_at_journal(self) -> None:
        """Files that were lost while in use: saved and told, or out of service until they are."""
        journal = self._adapters.journal
        try:
            await journal.look()
        except StorageRefused as e:
            self._tell_fault(events.Fault.JOURNAL, True, e.en)
        for save in journal.saves[self._saves_told :]:
            self._saves_told += 1
            await self._note("journal_saved", dict(save))
            self._health.status(self._condition())

    async def _close_counts(self, now: events.Instant) -> None:
        """The counts of an exam or a day that is over are journaled: they outlive the roster."""
        if not now.trusted or events.Fault.JOURNAL in self._lane.state.faults:
            return
        exam, counts = self._lane.state.exam, self._lane.recorder.counts
        ends = [p.end for p in exam.papers] if exam else []
        for body in counts.due(now.at, ends, exam.zone if exam else None):
            refused = await self._lane.note("counts", body)
            if refused is not None:
                self._lane.put(refused)
                return

    def _tell_fault(self, fault: events.Fault, present: bool, detail: str = "") -> None:
        if present != (fault in self._lane.state.faults):
            self._lane.put(
                events.FaultRaised(fault, detail) if present else events.FaultCleared(fault)
            )

    async def _watch_roster(self) -> None:
        self._health.expect("roster", ROSTER_SILENT_S)
        while True:
            await self._supervisors.rosters.look()
            self._health.beat("roster")
            await asyncio.sleep(self._pace.retry_s)

    async def _obey(self) -> None:
        """The office's commands, one after the other."""
        self._health.expect("commands", ROSTER_SILENT_S)
        while True:
            await self._supervisors.commands.work(timeout_s=self._pace.retry_s)
            self._health.beat("commands")

    async def _watch_room(self) -> None:
        self._health.expect("room", ROSTER_SILENT_S)
        while True:
            told = await self._supervisors.disk.look()
            if told is not None:
                await self._note(*told)
                self._health.status(self._condition())
            self._health.beat("room")
            await asyncio.sleep(self._pace.room_s)

    def _condition(self) -> str:
        """One line for systemd."""
        begun = self._adapters.journal.begun
        since = f"journal begun anew: {begun['detail']}" if begun is not None else ""
        saves = self._adapters.journal.saves
        saved = f"{saves[-1]['file']} {saves[-1]['detail']}, saved" if saves else ""
        return "; ".join(
            filter(
                None, [f"{self._adapters.id} at work", self._supervisors.disk.alert, since, saved]
            )
        )

    async def _mend_journal(self) -> None:
        """While the journal refuses, try once a second to write down that it did."""
        self._health.expect("journal", SILENT_S)
        while True:
            if events.Fault.JOURNAL in self._lane.state.faults:
                await self._try_to_record()
            self._health.beat("journal")
            await asyncio.sleep(self._pace.retry_s)

    async def _try_to_record(self) -> None:
        body = {"fault": events.Fault.JOURNAL.value, "detail": "the journal took no entry"}
        try:
            await self._adapters.journal.append(
                JournalEntry("fault", self._lane.recorder.now(), body)
            )
        except StorageRefused:
            return
        self._lane.put(events.FaultCleared(events.Fault.JOURNAL))


async def _end(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks, timeout=FINISH_S)

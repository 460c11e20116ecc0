"""What watches over a lane: its clock, its rosters, its disk, the office's commands. Each owns
what it tells."""

from dataclasses import dataclass
from typing import Self

from gate.ports import Journal
from gate.service.clock_monitor import ClockMonitor
from gate.service.command_desk import CommandDesk
from gate.service.disk_monitor import DiskMonitor
from gate.service.lane import Lane
from gate.service.roster_supervisor import RosterSupervisor


@dataclass(frozen=True, slots=True)
class Supervisors:
    """Of one lane."""

    clock: ClockMonitor
    rosters: RosterSupervisor
    disk: DiskMonitor
    commands: CommandDesk

    @classmethod
    def of(cls, lane: Lane) -> Self:
        """They only look when they are asked to."""
        it = lane.adapters
        clock = ClockMonitor(it.clock, it.rtc, lambda: it.uplink.office_time, it.board_clock)
        return cls(clock, RosterSupervisor(lane, clock), DiskMonitor(lane), CommandDesk(lane))


async def replay_journal(journal: Journal, lane: Lane, supervisors: Supervisors) -> None:
    """What the unit knew before: from its journal and what is left of damaged ones, in pages.
    StorageRefused, StorageDamaged."""
    for pages in (journal.earlier(), journal.past()):
        async for page in pages:
            lane.replay(page)
            supervisors.clock.replay(page)
            supervisors.rosters.replay(page)
            supervisors.commands.replay(page)

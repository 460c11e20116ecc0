"""An operator confirms the date of the unit's clock."""

from collections.abc import Mapping

from gate.core.confirmed_time import TimeSource, Word
from gate.core.local_time import local_day
from gate.core.staff_and_fault_transitions import out_of_service
from gate.ports import StaffConnection
from gate.service.clock_monitor import CONFIRMED
from gate.service.lane import Lane
from gate.service.signers import Signers
from gate.service.staff_words import day_of, misfit
from gate.service.supervisors import Supervisors


class ClockDesk:
    """On one lane."""

    def __init__(self, lane: Lane, supervisors: Supervisors, signers: Signers) -> None:
        self._lane = lane
        self._supervisors = supervisors
        self._signers = signers

    async def confirm_clock(
        self,
        by: str,
        day: str,
        pin: str | None = None,
        connection: StaffConnection | None = None,
    ) -> Mapping[str, object]:
        """An operator has looked at another clock: it is `day` (YYYY-MM-DD) at the exam's sites, as
        the unit's clock has it. UsageError where it has another day, or nobody may rely on it."""
        lane = self._lane
        signer = await self._signers.clock_confirmer(by, pin, connection)
        now, who = lane.adapters.clock.now(), signer.id
        shown, given = local_day(now.at, lane.zone), day_of(day)
        if not now.trusted:
            raise misfit(
                "The clock is not trusted: give it a time source first, then confirm the date.",
                "时钟未校准：请先接入时间源，再确认日期。",
            )
        if given != shown:
            raise misfit(
                f"The unit's clock shows {shown}, not {given}: put it right first, or look again.",
                f"设备时钟显示 {shown}，不是 {given}：请先校准时钟或重新核对。",
            )
        refused = await lane.note(CONFIRMED, {"by": who, "date": given.isoformat()})
        if refused is not None:
            lane.put(refused)
            raise out_of_service()
        clock = self._supervisors.clock
        clock.hear(Word(TimeSource.OPERATOR, now.at, now.mono_ns))
        return {"ok": True, "date": given.isoformat(), **clock.status}

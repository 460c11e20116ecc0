"""The site's report of a paper: its numbers, and the chief examiner's signature under them."""

from collections.abc import Mapping

from gate.core import events
from gate.core.staff_list import Role
from gate.errors import GateBug, Refused
from gate.ports import StaffConnection
from gate.service.lane import Lane
from gate.service.signers import Signers
from gate.service.site_report import report_of


class ReportDesk:
    """On one lane."""

    def __init__(self, lane: Lane, signers: Signers) -> None:
        self._lane = lane
        self._signers = signers

    async def report(self, paper: str) -> Mapping[str, object]:
        """The site's numbers of a paper, as this gate knows them. NoSuchEntry, StorageRefused."""
        return await report_of(self._lane, self._signers.roster, paper)

    async def sign_report(
        self, paper: str, by: str, pin: str | None, connection: StaffConnection | None
    ) -> Mapping[str, object]:
        """The chief examiner signs the numbers of now: the journal's entry. Refused for others."""
        who = await self._signers.signed(by, pin, connection)
        if self._signers.pins.staff and who.role is not Role.CHIEF:
            raise Refused("The chief examiner signs the report.", "场次报告须由主考签字。")
        numbers = await self.report(paper)
        now = self._lane.adapters.clock.now()
        event = await self._lane.ask(events.ReportSigned(numbers, who.id, now))
        if event is None:
            raise GateBug("A report was answered without a record.")
        return {"ok": True, **event}

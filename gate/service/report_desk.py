"""The site's report of a paper: its numbers, and the chief examiner's signature under them."""

import base64
from collections.abc import Mapping

from gate.core import events
from gate.core.records import JournalEvent
from gate.core.report_sheet import report_sheet
from gate.core.site_report import SiteReport, digest_of
from gate.core.staff_list import Role, member
from gate.errors import GateBug, Refused, UsageError
from gate.ports import StaffConnection
from gate.service.lane import Lane
from gate.service.signers import Signers
from gate.service.site_report import report_of

SIGNED = ("已签字并记录。", "Signed and recorded.")
SIGNED_ALREADY = ("已签字，未重复记录。", "Signed already: nothing was recorded twice.")


class ReportDesk:
    """On one lane."""

    def __init__(self, lane: Lane, signers: Signers) -> None:
        self._lane = lane
        self._signers = signers

    async def report(self, paper: str) -> Mapping[str, object]:
        """The site's numbers of a paper, as this gate knows them, and who has signed which.
        NoSuchEntry, StorageRefused."""
        report = await self._report(paper)
        return {**report.numbers, "digest": digest_of(report.numbers), "signed": _signature(report)}

    async def printed_report(self, paper: str, connection: StaffConnection) -> Mapping[str, object]:
        """The report as `pdf` in base64. NoSuchEntry, StorageRefused; Refused where the roster has
        staff and none has signed in."""
        lane, roster = self._lane, self._signers.roster
        self._signers.may_see_names(connection)
        report = await self._report(paper)
        signer = None if report.signed is None else member(roster.staff, str(report.signed["by"]))
        sheet = report_sheet(
            roster.exam,
            report,
            signer="" if signer is None else signer.name,
            gate=lane.adapters.id,
            now=lane.adapters.clock.now().at,
        )
        pdf = await lane.adapters.sheets.site_report(sheet)
        return {"ok": True, "pdf": base64.b64encode(pdf).decode("ascii")}

    async def sign_report(
        self,
        paper: str,
        by: str,
        pin: str | None,
        connection: StaffConnection | None,
        digest: str | None = None,
    ) -> Mapping[str, object]:
        """The chief examiner signs the numbers of now: the journal's entry. Refused for others;
        UsageError where `digest` is of other numbers."""
        who = await self._signers.signed(by, pin, connection)
        if self._signers.pins.staff and who.role is not Role.CHIEF:
            raise Refused("The chief examiner signs the report.", "场次报告须由主考签字。")
        report = await self._report(paper)
        if digest is not None and digest != digest_of(report.numbers):
            raise UsageError(
                "The numbers have changed since they were shown: look at them again, then sign.",
                "数据在显示后已变化：请重新核对后签字。",
            )
        if report.signed is not None and report.signed["by"] == who.id and report.is_signed_so:
            return _answer(report.signed, SIGNED_ALREADY)
        now = self._lane.adapters.clock.now()
        event = await self._lane.ask(events.ReportSigned(report.numbers, who.id, now))
        if event is None:
            raise GateBug("A report was answered without a record.")
        return _answer(event, SIGNED)

    async def _report(self, paper: str) -> SiteReport:
        return await report_of(self._lane, self._signers.roster, paper)


def _answer(event: JournalEvent, told: tuple[str, str]) -> Mapping[str, object]:
    zh, en = told
    return {"ok": True, **event, "zh": zh, "en": en}


def _signature(report: SiteReport) -> Mapping[str, object] | None:
    """`same`: whether the numbers are still those that were signed."""
    signed = report.signed
    if signed is None:
        return None
    return {"by": signed["by"], "at": signed["at"], "id": signed["id"], "same": report.is_signed_so}

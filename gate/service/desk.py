"""The Desk: what staff may ask of a running gate, checked before it reaches the lane.

Each group of requests has a part of its own; the desk puts them together.
"""

from collections.abc import AsyncIterator, Mapping

from gate.ports import DeskStatus
from gate.service.cases_desk import CasesDesk
from gate.service.clock_desk import ClockDesk
from gate.service.desk_status import desk_status
from gate.service.lane import Lane
from gate.service.papers_desk import PapersDesk
from gate.service.report_desk import ReportDesk
from gate.service.rooms_desk import RoomsDesk
from gate.service.screen_desk import ScreenDesk
from gate.service.signers import Signers
from gate.service.supervisors import Supervisors
from gate.service.visit_desk import VisitDesk


class Desk:
    """Obeys the Desk port on one lane."""

    def __init__(self, lane: Lane, supervisors: Supervisors) -> None:
        self._lane = lane
        self._supervisors = supervisors
        signers = Signers(lane, supervisors)
        self.pins = signers.pins
        self.sign_in, self.resume, self.sign_out = signers.sign_in, signers.resume, signers.sign_out

        visit = VisitDesk(lane, signers)
        self.type, self.decline = visit.type, visit.decline
        self.excuse, self.acknowledge = visit.excuse, visit.acknowledge

        papers = PapersDesk(lane, signers)
        self.papers, self.papers_of = papers.papers, papers.asked_of

        cases = CasesDesk(lane, signers, papers)
        self.case, self.cases, self.settle = cases.case, cases.cases, cases.settle
        self.sign, self.correct = cases.sign, cases.correct

        rooms = RoomsDesk(lane, signers)
        self.rooms, self.find = rooms.rooms, rooms.find
        self.sheet, self.reassign = rooms.sheet, rooms.reassign

        report = ReportDesk(lane, signers)
        self.report, self.printed_report = report.report, report.printed_report
        self.sign_report = report.sign_report

        self.confirm_clock = ClockDesk(lane, supervisors, signers).confirm_clock

        self._screens = ScreenDesk(lane)
        self.screen, self.follow_screen = self._screens.screen, self._screens.follow
        lane.subscribe(self._publish_status)
        supervisors.commands.subscribe(self._publish_status)
        self.read_message = supervisors.commands.read
        lane.adapters.matcher.use_screen(lambda: self._screens.is_followed, self._publish_status)

    def _publish_status(self) -> None:
        broadcast = self._lane.recorder.broadcast
        if broadcast.is_followed:
            broadcast.publish({"status": self.status()})
        self._screens.changed()

    def status(self) -> DeskStatus:
        """A snapshot for people and programs; names nobody."""
        return desk_status(self._lane, self._supervisors, self.pins)

    def follow(self) -> AsyncIterator[Mapping[str, object]]:
        """Status at once, then every published line, until the client leaves."""
        return self._lane.recorder.broadcast.follow({"status": self.status()})

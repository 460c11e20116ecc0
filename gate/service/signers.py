"""Who asks: the person behind an id and a PIN, and who may see names."""

from gate.core.staff_and_fault_transitions import out_of_service
from gate.core.staff_list import Role, StaffMember
from gate.ports import Roster, StaffConnection
from gate.service.lane import Lane
from gate.service.staff_pins import StaffPins
from gate.service.staff_words import name_of
from gate.service.supervisors import Supervisors


class Signers:
    """Of one lane, by the staff of the roster at hand."""

    def __init__(self, lane: Lane, supervisors: Supervisors) -> None:
        self._lane = lane
        self._supervisors = supervisors
        self.pins = StaffPins(lambda: supervisors.rosters.at_hand, lane.adapters.clock.now)

    async def signed(
        self, by: str, pin: str | None, connection: StaffConnection | None
    ) -> StaffMember:
        """Who signs: somebody of the roster's staff, by id and PIN. Where the roster has no staff,
        an invigilator of the name `by`. Refused; StorageRefused while no roster can say who may."""
        rosters = self._supervisors.rosters
        if self.pins.staff:
            return await self.pins.check(by, pin, connection)
        if rosters.at_hand is None and self._lane.adapters.rosters.holds:
            raise out_of_service()
        return self.named(by)

    async def case_signer(
        self, by: str, pin: str | None, connection: StaffConnection | None
    ) -> StaffMember:
        """Who signs a case. Refused; StorageRefused where the cases want people of a list that is
        not at hand: without it nobody can tell one person from two."""
        who = await self.signed(by, pin, connection)
        if self._lane.state.has_staff and not self.pins.staff:
            raise out_of_service()
        return who

    async def clock_confirmer(
        self, by: str, pin: str | None, connection: StaffConnection | None
    ) -> StaffMember:
        """Who confirms the date. A name will do before there is a roster: none is opened without a
        date. Refused, UsageError."""
        if self._supervisors.rosters.at_hand is None:
            return self.named(by)
        return await self.signed(by, pin, connection)

    def named(self, by: str) -> StaffMember:
        """An invigilator of that name; nobody has shown a PIN. UsageError for an empty one."""
        site = self._lane.adapters.site
        return StaffMember(name_of(by), "", Role.INVIGILATOR, site, pin_hash="")

    def may_see_names(self, connection: StaffConnection) -> None:
        """Refused where the roster has staff and none of them has signed in."""
        if self.pins.staff:
            self.pins.signed_in(connection)

    @property
    def roster(self) -> Roster:
        """The one in use. StorageRefused where there is none."""
        roster = self._lane.roster
        if roster is None:
            raise out_of_service()
        return roster

    async def sign_in(
        self, by: str, pin: str | None, connection: StaffConnection
    ) -> dict[str, object]:
        """Signs `connection` in: {"ok", "id", "name", "role", "token"}. Refused, UsageError."""
        token = await self.pins.sign_in(by, pin, connection)
        who = self.pins.signed_in(connection)
        return {"ok": True, "id": who.id, "name": who.name, "role": who.role.value, "token": token}

    def resume(self, token: str, connection: StaffConnection) -> None:
        """Signs `connection` in by a token. Refused for one that has ended."""
        self.pins.resume(token, connection)

    def sign_out(self, token: str | None, connection: StaffConnection) -> dict[str, object]:
        """Ends the sign-in of `connection`, and of the token."""
        self.pins.sign_out(token, connection)
        return {"ok": True}

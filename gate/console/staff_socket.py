"""staff.sock: JSON lines from an invigilator's keypad, console or script to the Desk.

Requests are those of `staff_requests`; anything else is answered with what fits.
"""

from collections.abc import AsyncIterator

from gate.console.staff_requests import request_of
from gate.platform.json_lines import Answer, Message
from gate.ports import Desk, StaffConnection


class StaffSocket:
    """The handler of one staff socket."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def answer(
        self, message: Message, connection: StaffConnection
    ) -> Answer | AsyncIterator[Answer]:
        """One request's answer; a stream for `follow`. GateError says what is wrong with it."""
        request = request_of(message)
        request.sign_by_token(self._desk, connection)
        return await request.perform(self._desk, connection)

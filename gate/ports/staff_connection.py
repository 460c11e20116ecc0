"""The client of the staff socket that a request came by."""

from typing import Protocol


class StaffConnection(Protocol):
    """One client, as long as it is connected.

    `signed_in`: the staff id in whose name it asks, None before that.
    """

    signed_in: str | None

    @property
    def id(self) -> int:
        """No other connection of this process has it, nor will have."""

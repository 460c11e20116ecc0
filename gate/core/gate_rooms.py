"""Which rooms one gate serves: those of gate.toml, or what staff said since."""

from collections.abc import Iterable
from dataclasses import dataclass

from gate.core.rooms_and_seats import place_form


@dataclass(frozen=True, slots=True)
class Reassignment:
    """Staff gave the gate other rooms. `exam`: for which exam. `configured`: what gate.toml said
    then. A gate.toml that was changed since is the newer word."""

    rooms: tuple[str, ...]
    exam: str | None
    configured: tuple[str, ...]


def rooms_now(
    configured: tuple[str, ...], said: Reassignment | None, exam: str | None
) -> tuple[str, ...]:
    """The rooms that count now; empty: every room of the site."""
    if said is not None and said.exam == exam and said.configured == configured:
        return said.rooms
    return configured


def serves(rooms: Iterable[str], room: str) -> bool:
    """Whether a gate of `rooms` lets in to `room`."""
    forms = {place_form(r) for r in rooms}
    return not forms or place_form(room) in forms

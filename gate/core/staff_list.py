"""Who may sign at a site's gates: the staff of a roster. Pure; PINs are here as hashes only."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from gate.core.signer_names import signature_form


class Role(StrEnum):
    """What somebody is at the site."""

    INVIGILATOR = "invigilator"
    CHIEF = "chief"


@dataclass(frozen=True, slots=True)
class StaffMember:
    """One of the staff.

    `id`: what they type and what records carry. `pin_hash`: argon2id, in the form of the PHC.
    """

    id: str
    name: str = field(repr=False)  # a log line must not carry a name
    role: Role
    site: str
    pin_hash: str = field(repr=False)


def member(staff: Iterable[StaffMember], by: str) -> StaffMember | None:
    """Whose id `by` is, whatever the keyboard made of its case; None where it is nobody's."""
    wanted = signature_form(by)
    return next((m for m in staff if wanted and signature_form(m.id) == wanted), None)

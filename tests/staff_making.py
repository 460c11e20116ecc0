"""Staff for tests: invented people, their PINs and real hashes of them."""

from functools import cache

from gate.core.staff_list import Role, StaffMember
from gate.roster.pin_hashes import hash_pin

PINS = {"li": "735201", "wang": "902846", "zhao": "648375", "chief": "417093"}
"""Of whom `member` makes."""

_hashed = cache(hash_pin)


def member(who: str, site: str = "wh-hs-01") -> StaffMember:
    """Somebody of `PINS`; `chief` is the chief examiner."""
    role = Role.CHIEF if who == "chief" else Role.INVIGILATOR
    return StaffMember(who, f"老师{who}", role, site, _hashed(PINS[who]))


def everybody() -> tuple[StaffMember, ...]:
    return tuple(member(who) for who in PINS)

"""The staff of a site as a roster file holds them, sealed as one."""

import json
from collections.abc import Iterable

from gate.core.staff_list import Role, StaffMember

STAFF_KEY = b"staff"
_PAD_BYTES = 4096


def encode_staff(staff: Iterable[StaffMember]) -> bytes:
    """JSON, padded with blanks: the length of what is sealed tells nothing of names."""
    rows = [
        {"id": m.id, "name": m.name, "role": m.role, "site": m.site, "pin": m.pin_hash}
        for m in staff
    ]
    plain = json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode()
    return plain.ljust(-(-len(plain) // _PAD_BYTES) * _PAD_BYTES)


def decode_staff(plain: bytes) -> tuple[StaffMember, ...]:
    """What `encode_staff` took."""
    return tuple(
        StaffMember(row["id"], row["name"], Role(row["role"]), row["site"], row["pin"])
        for row in json.loads(plain)
    )

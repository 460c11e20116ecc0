"""Which gates the office knows: one JSON file each, beside the folder handed to the unit."""

import base64
import binascii
import json
from dataclasses import dataclass, replace
from pathlib import Path

from gate.errors import InputDamaged
from gate.platform.durable_files import write_file
from gate.platform.json_values import decode_json
from gate.platform.regular_file import read_regular
from office.home import Home

_BYTES_MAX = 1 << 20


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an office knows of one gate.

    `signing`: Ed25519 public key of its batch heads. `sealing`: X25519 public key that rosters are
    sealed to. `exams`: those that a roster was sealed to it for; none yet: any. `revoked`: why it
    was struck off, None while it is trusted.
    """

    gate: str
    site: str
    signing: bytes
    sealing: bytes
    exams: tuple[str, ...] = ()
    revoked: str | None = None


def write_enrolment(home: Home, enrolment: Enrolment) -> None:
    """Writes the enrolment durably."""
    body = {
        "gate": enrolment.gate,
        "site": enrolment.site,
        "signing": base64.b64encode(enrolment.signing).decode("ascii"),
        "sealing": base64.b64encode(enrolment.sealing).decode("ascii"),
        "exams": list(enrolment.exams),
        "revoked": enrolment.revoked,
    }
    write_file(home.enrolment(enrolment.gate), json.dumps(body, indent=1).encode() + b"\n", 0o644)


def read_enrolment(path: Path) -> Enrolment:
    """InputDamaged."""
    try:
        body = decode_json(read_regular(path, _BYTES_MAX))
        signing, sealing = (
            base64.b64decode(body[name], validate=True) for name in ("signing", "sealing")
        )
        if len(signing) != 32 or len(sealing) != 32:
            raise ValueError("a key is not 32 bytes")
        exams, revoked = tuple(map(str, body.get("exams", ()))), body.get("revoked")
        why = None if revoked is None else str(revoked)
        return Enrolment(str(body["gate"]), str(body["site"]), signing, sealing, exams, why)
    except (OSError, ValueError, KeyError, TypeError, binascii.Error) as e:
        raise InputDamaged(
            f"{path} is no enrolment of a gate ({e}): restore it from the backup, or remove it and "
            "run exam-office keys again for this gate.",
            f"{path} 不是有效的闸机登记文件：请恢复备份，或删除后重新运行 exam-office keys。",
            path=str(path),
        ) from e


def assign(home: Home, gate: str, exam: str) -> None:
    """From now on `gate` may speak under `exam`, and no longer under one it has no roster of."""
    known = read_enrolment(home.enrolment(gate))
    if exam not in known.exams:
        write_enrolment(home, replace(known, exams=(*known.exams, exam)))


def revoke(home: Home, gate: str, why: str) -> None:
    """From now on nothing that `gate` signs is taken, and no roster is sealed to it."""
    write_enrolment(home, replace(read_enrolment(home.enrolment(gate)), revoked=why))


def known_gates(home: Home) -> dict[str, Enrolment]:
    """Every gate by its id, those struck off too. InputDamaged."""
    found = [read_enrolment(path) for path in sorted(home.gates.glob("*.json"))]
    return {e.gate: e for e in found}


def enrolments(home: Home) -> dict[str, Enrolment]:
    """Every enrolled gate by its id, without those struck off. InputDamaged."""
    return {gate: e for gate, e in known_gates(home).items() if e.revoked is None}

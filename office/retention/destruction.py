"""Destroying an exam's personal data so that a kill or a power cut never changes the end.

The order, each step on the disk before the next:

    1. office/destroying.json: the intent, every file and the certificate that will be signed
    2. keys: the index key overwritten and unlinked, each manifest without its sealed keys
    3. published rosters, then what was handed in: overwritten, then unlinked
    4. office/destructions/<exam>_<n>.json: the signed certificate
    5. the intent is renamed, overwritten and unlinked: it names files, and a ticket photo is named
       by its ticket. A name of its own tells one that is half overwritten from one to be finished

Every later `shred` finishes an intent that it finds. A manifest keeps the exam's description, since
the audit decides by it. The office signs that part anew.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from nacl.signing import SigningKey
from pydantic import ValidationError

from gate.errors import StorageDamaged
from gate.platform.durable_files import file_sha256, sync_folder, write_file
from gate.roster.manifest import sign
from gate.roster.repository import read_record
from gate.roster.shredding import shred_file
from office.home import Home
from office.retention.certificate import (
    Certificate,
    Destroyed,
    Value,
    certificate_path,
    sign_certificate,
)
from office.retention.kept_files import HANDED_IN, SEALED_KEYS, KeptFile, read_manifest

_INTENT_BYTES_MAX = 1 << 30
_BARE, _ENDED = ".without-keys", ".ended"


class Item(Value):
    """A file that is to go; `what` as in the certificate, `path` absolute."""

    what: str
    path: str


class Intent(Value):
    """What is to be destroyed. `folders`: those handed in, to be removed once they are empty."""

    certificate: Certificate
    files: tuple[Item, ...]
    folders: tuple[str, ...]


def counted(files: Sequence[KeptFile]) -> tuple[Destroyed, ...]:
    """What a certificate says of `files`, kind by kind. OSError."""
    found: dict[str, list[Path]] = {}
    for file in files:
        found.setdefault(file.what, []).append(file.path)
    return tuple(_counted(what, paths) for what, paths in found.items())


def _counted(what: str, paths: list[Path]) -> Destroyed:
    digests = sorted(file_sha256(path) for path in paths)
    return Destroyed(
        what=what,
        files=len(paths),
        bytes=sum(path.stat().st_size for path in paths),
        digest=hashlib.sha256("".join(f"{d}\n" for d in digests).encode()).hexdigest(),
        sha256=() if what == HANDED_IN else tuple(digests),
    )


def carry_out(
    home: Home,
    certificate: Certificate,
    files: Sequence[KeptFile],
    folders: Sequence[Path],
    key: SigningKey,
) -> None:
    """All five steps. OSError, StorageDamaged; whatever was begun is finished by `finish`."""
    intent = Intent(
        certificate=certificate,
        files=tuple(Item(what=f.what, path=str(f.path.resolve())) for f in files),
        folders=tuple(map(str, folders)),
    )
    write_file(home.destroying, intent.model_dump_json().encode() + b"\n", 0o600)
    _destroy(home, intent, key)


def finish(home: Home, key: SigningKey) -> Certificate | None:
    """What an earlier process began and did not end. OSError, StorageDamaged."""
    shred_file(_ended(home))
    content = read_record(home.destroying, _INTENT_BYTES_MAX)
    if content is None:
        return None
    try:
        intent = Intent.model_validate_json(content)
    except ValidationError as e:
        raise StorageDamaged(
            f"{home.destroying} is damaged, so a destruction that was begun cannot be finished: "
            "remove it and say exam-office shred again.",
            f"{home.destroying} 已损坏，销毁未完成：请删除该文件并重新运行 exam-office shred。",
            path=str(home.destroying),
        ) from e
    _destroy(home, intent, key)
    return intent.certificate


def _destroy(home: Home, intent: Intent, key: SigningKey) -> None:
    """Steps 2 to 5. May be repeated from any point."""
    touched: set[Path] = set()
    for item in intent.files:
        path = Path(item.path)
        if item.what == SEALED_KEYS:
            _take_keys_out(path, key)
        else:
            shred_file(path)
        touched.add(path.parent)
    for folder in touched:
        if folder.is_dir():
            sync_folder(folder)
    for name in intent.folders:
        folder = Path(name)
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
            sync_folder(folder.parent)
    done = intent.certificate
    signed = sign_certificate(done, key)
    write_file(certificate_path(home, done.exam, done.number), signed, 0o644)
    home.destroying.replace(_ended(home))
    sync_folder(home.office)
    shred_file(_ended(home))
    sync_folder(home.office)


def _ended(home: Home) -> Path:
    return home.destroying.with_name(f"{home.destroying.name}{_ENDED}")


def _take_keys_out(path: Path, key: SigningKey) -> None:
    """The signed manifest without sealed keys in its place. The copy without keys is on the disk
    before the one with keys is overwritten."""
    bare = path.with_name(f"{path.name}{_BARE}")
    if not bare.exists():
        manifest = read_manifest(path, bytes(key.verify_key))
        if not manifest.keys:
            return
        write_file(bare, sign(replace(manifest, keys={}), bytes(key)), 0o600)
    shred_file(path)
    bare.replace(path)
    sync_folder(path.parent)

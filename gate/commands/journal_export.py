"""exam-gate journal export --signed, and verify of what it wrote."""

import os
import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gate.core.json_types import JsonObject
from gate.errors import GateError, InputDamaged, InputRejected, Refused, StorageRefused, UsageError
from gate.platform.durable_files import sync_folder
from gate.platform.regular_file import open_regular, read_regular
from gate.platform.remedies import of_system

if TYPE_CHECKING:
    from gate.config.settings import Settings
    from gate.store.reading import JournalReading
    from gate.sync.signed_export import Extent

_ENROLLED = "gate-enrolled.json"
"""The office's word for this unit's key, beside the signing key it is about."""
_EXAM_SOUGHT = 2000
"""So far back the exam's name is looked for in the events."""


def write_signed(
    found: "JournalReading", settings: "Settings", out: Path | None, first: int
) -> None:
    """Events from `first` on into `out`, a file or a folder, or to the screen. Tells the count on
    standard error. StorageRefused, InputDamaged (a key)."""
    from nacl.signing import SigningKey

    from gate.roster.keys import read_key
    from gate.store.opening_checks import newer
    from gate.sync.signed_export import SUFFIX, written

    if found.gate != settings.unit.id:
        raise Refused(
            f"This journal belongs to gate {found.gate}: only that unit's key may sign it.",
            f"该日志属于闸机 {found.gate}：只能由该闸机签名导出。",
        )
    extent = _extent(found, settings, first)
    key = SigningKey(read_key(settings.keys.signing, "this unit's signing key"))
    at = datetime.now().astimezone().isoformat(timespec="milliseconds")
    known = newer(found.receipt, found.mark)
    lines = written(
        extent,
        found.events(extent.first),
        at=at,
        key=key,
        enrolled=_enrolled(settings),
        receipt=known.given if known is not None else "",
    )
    if out is not None and out.is_dir():
        out = out / f"{extent.gate}_{extent.epoch}_{extent.first}-{extent.last}{SUFFIX}"
    write_out(lines, out)
    count, place = extent.last - extent.first + 1, out or "standard output"
    span = f"{extent.first} to {extent.last}" if count else "none yet"
    print(f"exported: {count} events ({span}) to {place} 已导出", file=sys.stderr)


def write_signed_pieces(folder: Path, settings: "Settings", out: Path | None) -> None:
    """What was salvaged of a journal that was put aside, into the folder `out`: a file for each
    unbroken piece. UsageError, and what `write_signed` raises."""
    from gate.store.reading import salvaged_pieces
    from gate.store.store_errors import damaged

    if out is None or not out.is_dir():
        raise UsageError(
            "What was salvaged may be several pieces: name a folder with --out.",
            "恢复的记录可能分为多段：请用 --out 指定文件夹。",
        )
    try:
        for found in salvaged_pieces(folder):
            write_signed(found, settings, out, next(found.events())["seq"])
    except (OSError, ValueError) as e:
        if isinstance(e, GateError):  # several of ours are OSErrors too
            raise
        raise damaged(folder, str(e)) from e


def _extent(found: "JournalReading", settings: "Settings", first: int) -> "Extent":
    from gate.core.journal_entries import GENESIS
    from gate.sync.signed_export import Extent, empty_extent

    exam = _exam(found)
    if not found.last:
        return empty_extent(found.gate, settings.unit.site, exam, found.epoch)
    if first > found.last:
        raise UsageError(
            f"The journal ends at event {found.last}: there is none from {first} on.",
            f"日志止于第 {found.last} 条，没有第 {first} 条。",
        )
    prev = GENESIS if first == 1 else next(found.events(first, first))["prev"]
    return Extent(
        found.gate, settings.unit.site, exam, found.epoch, first, found.last, prev, found.head
    )


def _exam(found: "JournalReading") -> str:
    """Of the newest event that names one; a unit that never had a roster has none."""
    name = ""
    for event in found.events(max(1, found.last - _EXAM_SOUGHT)):
        roster = str(event.get("roster") or "")
        name = str(event.get("exam") or roster.partition("/")[0] or name)
    return name


def _enrolled(settings: "Settings") -> JsonObject | None:
    from gate.sync.enrolled_key import read_enrolled
    from gate.sync.envelope import MAX_BYTES

    path = settings.keys.signing.with_name(_ENROLLED)
    try:
        return read_enrolled(read_regular(path, MAX_BYTES))
    except FileNotFoundError:  # a unit enrolled by an older office: its key is known there
        return None
    except (OSError, InputRejected) as e:
        raise InputDamaged(
            f"{path} is damaged ({e}): copy it again from the office's folder of this unit.",
            f"{path} 已损坏：请从考试中心重新复制。",
            path=str(path),
        ) from e


def write_out(lines: Iterable[bytes], out: Path | None) -> None:
    """Into the file `out`, whole or not there, and on the stick when this returns; without one, or
    for `-`, to the screen. StorageRefused."""
    if out is None or str(out) == "-":
        sys.stdout.buffer.writelines(lines)
        sys.stdout.flush()
        return
    part = out.with_name(f".{out.name}.part")
    try:
        with part.open("wb") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
        part.replace(out)
        sync_folder(out.parent)
    except OSError as e:
        part.unlink(missing_ok=True)
        if isinstance(e, GateError):  # several of ours are OSErrors too
            raise
        raise StorageRefused(
            f"{out} cannot be written ({e.strerror}): name another place with --out.",
            f"{out} 无法写入（{e.strerror}）：请用 --out 指定其他位置。",
        ) from e


def is_database(path: Path) -> bool:
    """Whether `path` is a journal itself and no export of one."""
    try:
        with open_regular(path) as file:
            return file.read(16) == b"SQLite format 3\x00"
    except OSError as e:
        raise InputDamaged(
            f"{path} cannot be read ({e.strerror}): name an export or a journal.",
            f"无法读取 {path}（{e.strerror}）：请指定导出文件或日志。",
            path=str(path),
        ) from e


def verify_files(files: list[Path], config: Path, office: Path | None, as_json: bool) -> int:
    """Print what is found in exported files, compared with each other; the exit code. `office`: its
    public key; else the one that `config` names, where there is such a unit here."""
    from gate.roster.keys import read_key
    from gate.sync.export_files import Copies, inspected, report

    place = office or _office_key_of(config)
    public = None if place is None else read_key(place, "the office's public key")
    copies = Copies()
    found = [(path, inspected(path, copies, office_public=public)) for path in files]
    print(report(found, as_json))
    return 0 if all(one.is_whole for _, one in found) else 1


def _office_key_of(config: Path) -> Path | None:
    from gate.config.settings import load

    return load(config).keys.office if config.exists() else None


def take_receipt(file: Path, config: Path) -> int:
    """Judge the receipt in `file` by this unit's own journal and lay it where the running gate, or
    its next start, takes it in. InputDamaged, SignatureRefused, Refused."""
    from gate.config.settings import load
    from gate.platform.durable_files import write_file
    from gate.ports import Head
    from gate.roster.keys import read_key
    from gate.store.reading import reading
    from gate.sync.receipts import judge
    from gate.sync.wire import decode_receipt
    from gate.wiring import inbox_of

    settings = load(config)
    raw = _bytes_of(file)
    office = read_key(settings.keys.office, "the office's public key")
    try:
        receipt = decode_receipt(raw, office)
    except Refused:
        raise
    except InputRejected as e:
        raise InputDamaged(
            f"{file} is no receipt ({e}): name the .receipt file from the office.",
            f"{file} 不是回执：请指定考试中心的 .receipt 文件。",
            path=str(file),
        ) from e
    with reading(settings.paths.state / "journal.sqlite") as found:
        ours = _hash_at(found, receipt.high)
        head = Head(found.epoch, found.last, found.head)
        judge(receipt, known=found.receipt, gate=settings.unit.id, head=head, ours=ours)
        last = found.last
    try:
        write_file(inbox_of(settings), raw, 0o600)
    except OSError as e:
        remedy = of_system(e)
        raise StorageRefused(
            f"{inbox_of(settings)} cannot be written ({e.strerror}): {remedy.en}.",
            f"无法写入 {inbox_of(settings)}（{e.strerror}）：{remedy.zh}。",
        ) from e
    said = f"The office has events 1 to {receipt.high} of {last}"
    print(f"{said}; the gate takes this in by itself. 考试中心已收到前 {receipt.high} 条。")
    return 0 if receipt.high == last else 1


def _bytes_of(file: Path) -> bytes:
    from gate.sync.envelope import MAX_BYTES

    try:
        with open_regular(file) as opened:
            return opened.read(MAX_BYTES + 1).strip()
    except OSError as e:
        raise InputDamaged(
            f"{file} cannot be read ({e.strerror}): name the .receipt file from the office.",
            f"无法读取 {file}（{e.strerror}）：请指定考试中心的 .receipt 文件。",
            path=str(file),
        ) from e


def _hash_at(found: "JournalReading", seq: int) -> str | None:
    from gate.core.journal_entries import GENESIS

    if seq == 0:
        return GENESIS
    return next((str(e["hash"]) for e in found.events(seq, seq)), None)

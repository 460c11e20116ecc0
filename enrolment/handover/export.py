"""candidates.csv and photos/, as `exam-office roster build` takes them."""

import csv
import io
from pathlib import Path

from enrolment.core.review_transitions import data_of
from enrolment.core.status import Status
from enrolment.errors import NotSeated
from enrolment.handover.registered import registered
from enrolment.store.applications import Applications
from gate.errors import InputDamaged, StorageRefused
from gate.platform.durable_files import write_file

COLUMNS = ("ticket", "id_number", "name", "site", "paper", "room", "seat")
_KINDS = {b"\xff\xd8\xff": "jpg", b"\x89PNG\r\n\x1a\n": "png"}


def export(store: Applications, out: Path) -> tuple[int, int]:
    """Writes the list and the photos; candidates and rows. NotSeated, InputDamaged, StorageRefused.

    The list is written last: where it stands, the photos do too.
    """
    unseated = sum(1 for _ in registered(store, Status.REGISTERED))
    if unseated:
        raise NotSeated(
            f"{unseated} registered candidate(s) have no seat: exam-enrol seat first.",
            f"有 {unseated} 名已报名考生尚未编排考场：请先运行 exam-enrol seat。",
            count=unseated,
        )
    text, people, rows = io.StringIO(), 0, 0
    table = csv.writer(text)
    table.writerow(COLUMNS)
    for person in registered(store, Status.SEATED):
        photo = store.media.get(store.round_id, person.photo)
        _write(out / "photos" / f"{person.ticket}.{_kind(photo)}", photo)
        data = data_of(person)
        who = (person.ticket, data.number, data.name)
        table.writerows([*who, s.site, s.paper, s.room, s.seat] for s in person.seats)
        people, rows = people + 1, rows + len(person.seats)
    _write(out / "candidates.csv", text.getvalue().encode())
    return people, rows


def _write(path: Path, content: bytes) -> None:
    try:
        write_file(path, content, 0o600)
    except OSError as e:
        raise StorageRefused(
            f"{path} cannot be written ({e.strerror}).", f"{path} 无法写入。"
        ) from e


def _kind(photo: bytes) -> str:
    for magic, kind in _KINDS.items():
        if photo.startswith(magic):
            return kind
    raise InputDamaged(
        "A stored photo is neither JPEG nor PNG: ask the candidate for another one.",
        "有已存相片不是 JPEG 或 PNG：请考生重新上传。",
    )

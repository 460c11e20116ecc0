"""A folder of a site's own recordings: ticket photo and live frames of each person.

`DIR/PERSON/ticket.jpg` (or .jpeg, .png) and `DIR/PERSON/live/*.jpg`, frames in the order of their
names. Numbers in a name count as numbers: `frame-2` comes before `frame-10`. What does not fit is
told in one line each, and the others are measured.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gate.calibration.odd_file import OddFile
from gate.calibration.picture_folder import in_order, is_picture
from gate.errors import InputDamaged

TICKET, LIVE = "ticket", "live"


@dataclass(frozen=True, slots=True)
class RecordedPerson:
    """Files of one person; `frames` in the order of the recording."""

    name: str
    ticket: Path
    frames: tuple[Path, ...]


def read_live_folder(folder: Path) -> tuple[tuple[RecordedPerson, ...], tuple[OddFile, ...]]:
    """The people who have both, and what was passed over. InputDamaged for no such folder."""
    try:
        entries = in_order(folder)
    except OSError as e:
        raise InputDamaged(
            f"The folder {folder} cannot be read ({e.strerror}): name one with "
            "PERSON/ticket.jpg and PERSON/live/*.jpg.",
            f"无法读取文件夹 {folder}：请指定含有 姓名/ticket.jpg 与 姓名/live/*.jpg 的目录。",
            path=str(folder),
        ) from e
    people: list[RecordedPerson] = []
    odd: list[OddFile] = []
    for entry in entries:
        found = _person(entry)
        odd += (f for f in found if isinstance(f, OddFile))
        people += (f for f in found if isinstance(f, RecordedPerson))
    return tuple(people), tuple(odd)


def _person(folder: Path) -> list[RecordedPerson | OddFile]:
    if not folder.is_dir():
        return [OddFile(folder.name, "is no folder of a person", "不是个人文件夹")]
    try:
        tickets = [p for p in in_order(folder) if is_picture(p) and p.stem.lower() == TICKET]
        live = folder / LIVE
        inside = in_order(live) if live.is_dir() else []
    except OSError as e:
        return [OddFile(folder.name, f"cannot be read ({e.strerror})", "无法读取")]
    odd: list[RecordedPerson | OddFile] = [*_not_frames(folder, inside)]
    frames = tuple(p for p in inside if is_picture(p) and p.is_file())
    if not tickets:
        return [*odd, OddFile(folder.name, "has no ticket.jpg", "缺少 ticket.jpg")]
    if len(tickets) > 1:
        names = ", ".join(p.name for p in tickets)
        said = f"has {len(tickets)} ticket photos ({names}): keep one"
        return [*odd, OddFile(folder.name, said, f"有 {len(tickets)} 张准考证相片：请只留一张")]
    if not frames:
        said = "has no live frames: put pictures into live/"
        return [*odd, OddFile(folder.name, said, "没有现场图像：请放入 live/")]
    return [*odd, RecordedPerson(folder.name, tickets[0], frames)]


def _not_frames(person: Path, inside: list[Path]) -> Iterator[OddFile]:
    for path in inside:
        if not (is_picture(path) and path.is_file()):
            where = f"{person.name}/{LIVE}/{path.name}"
            yield OddFile(where, "is no JPEG or PNG file", "不是 JPEG 或 PNG 文件")

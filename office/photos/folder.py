"""Which files of a folder are ticket photos, and whose each is."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gate.errors import InputDamaged
from office.rosters.photo_names import ENDINGS, picture_files, stem_of, without_copy_marks


@dataclass(frozen=True, slots=True)
class PhotoFile:
    """A photo file in a folder.

    `name`: path below the folder, with / on every system; `size_bytes` and `mtime_ns` tell whether
    it is still the file that was judged.
    """

    name: str
    size_bytes: int
    mtime_ns: int


def photo_files(folder: Path) -> list[PhotoFile]:
    """Every file that is called a picture, in the order of their names. InputDamaged where there is
    no such folder, or no photo in it."""
    found = list(_photos(folder))
    if not found:
        raise InputDamaged(
            f"{folder} holds no photo: name the folder of TICKET.jpg files.",
            f"{folder} 中没有相片：请指定存放 准考证号.jpg 的文件夹。",
            path=str(folder),
        )
    return found


def number_of(name: str) -> str:
    """The number that a file is called by, in capitals; copies of one photo have the same one."""
    return without_copy_marks(stem_of(Path(name).name)[0])


def _photos(folder: Path) -> Iterator[PhotoFile]:
    for path in picture_files(folder):
        if path.suffix.strip().lower() in ENDINGS:
            name = path.relative_to(folder).as_posix()
            try:
                known = path.stat()
                yield PhotoFile(name, known.st_size, known.st_mtime_ns)
            except OSError:  # a link that leads nowhere: reading it gives the reason
                yield PhotoFile(name, 0, 0)

"""A folder of a site's recordings of people and of attacks shown: what is in it.

`DIR/{live,print,replay,mask}/RECORDING/*.jpg`: one folder for each presentation, frames in the
order of their names. What does not fit is told in one line each, and the others are used.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gate.calibration.odd_file import OddFile
from gate.calibration.picture_folder import in_order, is_picture
from gate.errors import InputDamaged

LIVE = "live"
ATTACKS = ("print", "replay", "mask")
KINDS = (LIVE, *ATTACKS)


@dataclass(frozen=True, slots=True)
class Recording:
    """One presentation before the camera. `kind`: one of `KINDS`."""

    kind: str
    name: str
    frames: tuple[Path, ...]

    @property
    def where(self) -> str:
        """Its place below the folder."""
        return f"{self.kind}/{self.name}"


def read_attack_folder(folder: Path) -> tuple[tuple[Recording, ...], tuple[OddFile, ...]]:
    """The recordings that hold pictures, and what was passed over. InputDamaged for no folder."""
    try:
        entries = in_order(folder)
    except OSError as e:
        raise InputDamaged(
            f"The folder {folder} cannot be read ({e.strerror}): name one with the folders live, "
            "print, replay or mask.",
            f"无法读取文件夹 {folder}：请指定含 live、print、replay 或 mask 的目录。",
            path=str(folder),
        ) from e
    recordings: list[Recording] = []
    odd: list[OddFile] = []
    for entry in entries:
        if entry.name not in KINDS or not entry.is_dir():
            odd.append(
                OddFile(entry.name, "is none of live, print, replay, mask", "不是规定的目录")
            )
            continue
        found = list(_of_kind(entry))
        recordings += (f for f in found if isinstance(f, Recording))
        odd += (f for f in found if isinstance(f, OddFile))
    return tuple(recordings), tuple(odd)


def _of_kind(folder: Path) -> Iterator[Recording | OddFile]:
    try:
        entries = in_order(folder)
    except OSError as e:
        yield OddFile(folder.name, f"cannot be read ({e.strerror})", "无法读取")
        return
    for entry in entries:
        where = f"{folder.name}/{entry.name}"
        if not entry.is_dir():
            yield OddFile(where, "is no folder: one for each recording is", "不是录像目录")
            continue
        try:
            frames = in_order(entry)
        except OSError as e:
            yield OddFile(where, f"cannot be read ({e.strerror})", "无法读取")
            continue
        pictures = tuple(p for p in frames if is_picture(p) and p.is_file())
        for other in (p for p in frames if p not in pictures):
            yield OddFile(f"{where}/{other.name}", "is no .jpg, .jpeg or .png file", "不是图片")
        if pictures:
            yield Recording(folder.name, entry.name, pictures)
        else:
            yield OddFile(where, "holds no pictures", "没有图片")

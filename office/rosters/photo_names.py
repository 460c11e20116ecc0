"""Which photo file belongs to which candidate, by the name of the file.

A file is claimed by the ticket or the ID number in its name. The candidate's own name may stand
beside it. Doubled endings and the marks of a copy do not count. Two files for one candidate are
none: nobody here can know which of them is right.
"""

import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from gate.core.card import normalise_number
from gate.errors import InputDamaged
from office.rosters import cells

ENDINGS = frozenset(
    ".jpg .jpeg .jpe .jfif .png .heic .heif .hif .webp .bmp .dib .tif .tiff".split()  # noqa: SIM905
)
"""What a photo may be called; what it is, its content says."""

_SYSTEM = frozenset({"thumbs.db", "desktop.ini", "ehthumbs.db", "__macosx"})
_COPY = re.compile(
    r"\s*(?:\(\d{1,3}\)|[-_ ]+\s*(?:副本|拷贝|複本|复制|copy)(?:\s*\(?\d{0,3}\)?)?|副本|复件)$",
    re.IGNORECASE,
)
_COPY_BEFORE = re.compile(r"^(?:副本|复件|copy of)\s*(?:\(\d{1,3}\))?\s*[-_]?\s*", re.IGNORECASE)
_TOKEN = re.compile(r"[A-Z0-9]+(?:-[A-Z0-9]+)*")
_JOINTS = re.compile(r"[\s_\-+,.、()\[\]【】《》&#]+")


class PhotoOwner(Protocol):
    """`office.rosters.candidate_references.Person`."""

    @property
    def ticket(self) -> str:
        """The ticket number."""

    @property
    def number(self) -> str:
        """The ID number."""

    @property
    def name(self) -> str:
        """The candidate's name."""


@dataclass(frozen=True, slots=True)
class Unclaimed:
    """A file that is nobody's photo. `file`: below the folder, printable."""

    file: str
    reason: str
    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class Claims:
    """Which file is whose photo.

    `photos`: ticket (upper case) to the one file. `several`: ticket to more than one.
    """

    photos: dict[str, Path] = field(default_factory=dict)
    several: dict[str, tuple[Path, ...]] = field(default_factory=dict)
    unclaimed: tuple[Unclaimed, ...] = ()


def claim(folder: Path, people: Iterable[PhotoOwner]) -> Claims:
    """Every file in `folder` and below it, claimed or named; hidden files and those that systems
    leave are passed over. InputDamaged where there is no such folder."""
    known = _Known(people)
    found: dict[str, list[Path]] = defaultdict(list)
    unclaimed = []
    for path in picture_files(folder):
        owner = known.owner(path)
        if isinstance(owner, str):
            found[owner].append(path)
        else:
            unclaimed.append(Unclaimed(printable(path.relative_to(folder)), *owner))
    return Claims(
        {ticket: paths[0] for ticket, paths in found.items() if len(paths) == 1},
        {ticket: tuple(paths) for ticket, paths in found.items() if len(paths) > 1},
        tuple(unclaimed),
    )


def printable(path: Path) -> str:
    """A file's name as it may go to a terminal or a list."""
    return "".join(c if c.isprintable() else "\ufffd" for c in str(path))


_NO_PICTURE = ("ending", "is not called a picture", "扩展名不是图片")
_NOBODY = (
    "nobody",
    "names no ticket and no ID number of a row that was taken",
    "名称与已接受的准考证号、身份证号不符",
)
_TWO = ("two-candidates", "names two candidates", "名称对应两名考生")


class _Known:
    """Tickets and numbers of the list. A key that two people share is nobody's."""

    def __init__(self, people: Iterable[PhotoOwner]) -> None:
        self._names: dict[str, str] = {}
        self._owners: dict[str, set[str]] = defaultdict(set)
        for person in people:
            ticket = person.ticket.upper()
            self._names[ticket] = cells.same_name(person.name)
            self._owners[ticket].add(ticket)
            self._owners[person.number].add(ticket)

    def owner(self, path: Path) -> str | tuple[str, str, str]:
        """The ticket, or why it is nobody's."""
        stem, ending = stem_of(path.name)
        if not ending:
            return _NO_PICTURE
        for name in dict.fromkeys((stem, without_copy_marks(stem))):
            owners = self._owners_of(name)
            if owners:
                return owners.pop() if len(owners) == 1 else _TWO
        return _NOBODY

    def _owners_of(self, stem: str) -> set[str]:
        """By the whole name, or by a part of it where the rest is the candidate's own name."""
        whole = self._of(stem)
        if whole:
            return set(whole)
        tokens = _TOKEN.findall(stem)
        owners = {owner for token in tokens for owner in self._of(token)}
        return {owner for owner in owners if self._rest_is_own(stem, tokens, owner)}

    def _of(self, token: str) -> set[str]:
        """A ticket whatever its case; a number of 15 digits too."""
        found = self._owners.get(token, set()) or self._owners.get(normalise_number(token), set())
        return found or self._owners.get("".join(token.split()), set())

    def _rest_is_own(self, stem: str, tokens: Sequence[str], owner: str) -> bool:
        rest = stem
        for token in tokens:
            if owner in self._of(token):
                rest = rest.replace(token, " ", 1)
        bare = cells.same_name(_JOINTS.sub("", rest))
        return bare in ("", _JOINTS.sub("", self._names[owner]))


def stem_of(name: str) -> tuple[str, str]:
    """The name as it is compared, without any of its picture endings, and the last ending.

    An ending that is none of a picture is empty. `A001.jpg.JPG` is A001.
    """
    stem, last = unicodedata.normalize("NFKC", cells.visible(name)).strip(), ""
    while True:
        before, ending = os.path.splitext(stem)
        if ending.strip().lower() not in ENDINGS:
            return stem.upper(), last
        stem, last = before.strip(), last or ending.strip().lower()


def without_copy_marks(stem: str) -> str:
    """`A001 (1)`, `A001 - 副本 (2)`, `A001 - COPY` and `COPY OF A001` are A001."""
    before = None
    while before != stem:
        before = stem
        stem = _COPY_BEFORE.sub("", _COPY.sub("", stem)).strip()
        stem = stem_of(stem)[0]
    return stem


def picture_files(folder: Path) -> Iterator[Path]:
    """In the order of their names. Links to folders are not followed: they may lead in a ring.
    InputDamaged where a folder cannot be read."""
    if not folder.is_dir():
        raise InputDamaged(
            f"No folder {folder}: name the folder of ticket photos.",
            f"找不到相片文件夹 {folder}：请指定准考证相片所在文件夹。",
            path=str(folder),
        )
    for place, folders, names in os.walk(folder, onerror=_unreadable):
        folders[:] = sorted(name for name in folders if not _is_systems(name))
        for name in sorted(names):
            if not _is_systems(name):
                yield Path(place, name)


def _is_systems(name: str) -> bool:
    return name.startswith(".") or name.lower() in _SYSTEM


def _unreadable(error: OSError) -> None:
    raise InputDamaged(
        f"{error.filename} cannot be read ({error.strerror}): give this user leave to read it.",
        f"{error.filename} 无法读取：请授予读取权限。",
        path=str(error.filename),
    ) from error

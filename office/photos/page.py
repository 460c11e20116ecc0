"""The report to work through: what must be handed in again, and the pairs, with thumbnails.

Pages of `ENTRIES_A_PAGE` entries, each a file that stands alone: pictures inside, nothing that
runs, nothing loaded. Every entry has a check box, so Tab and Space are enough.
"""

import base64
import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from PIL import Image

from gate.errors import PhotoRejected
from gate.models.photo_file import decode_photo
from office.photos.judged_photo import AlikePair, JudgedPhoto
from office.photos.lists import PAIR_WORDS
from office.rosters.photo_names import printable
from office.rosters.photos import read_photo_file

ENTRIES_A_PAGE = 200
ENTRIES_MAX = 10_000
"""The weightiest that the pages show: more than people work through, and 150 MB. The lists hold
every photo."""

THUMBNAIL_PX = (120, 160)
FIRST_PAGE = "report.html"

Thumbnail = Callable[[str], str]
"""A file's name to a data: address, or an empty text where there is no picture."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts for the head of each page; `pairs_listed`: of both kinds, at most. `not_judged`: what
    this check does not look at, as (name, English, Chinese)."""

    photos: int
    good: int
    look: int
    correct: int
    unusable: int
    same_face: int
    look_alike: int
    pairs_listed: int
    not_judged: tuple[tuple[str, str, str], ...]

    @property
    def accepted(self) -> bool:
        """Whether nothing has to be handed in again or to be found out."""
        return not (self.correct or self.unusable or self.same_face)

    @property
    def pairs_not_listed(self) -> int:
        """Pairs that are counted only."""
        return self.same_face + self.look_alike - self.pairs_listed


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the report: a photo with its findings, or a pair.

    `pictures`: (name as shown, relative address, data: address). `sentences`: (en, zh).
    """

    kind: str
    pictures: tuple[tuple[str, str, str], ...]
    sentences: tuple[tuple[str, str], ...]
    similarity: str = ""


def thumbnails(folder: Path) -> Thumbnail:
    """Thumbnails of the files in `folder`. A file that ended its reader is not asked for."""

    def of(name: str) -> str:
        try:
            picture = Image.fromarray(decode_photo(read_photo_file(folder / name)))
        except PhotoRejected:
            return ""
        picture.thumbnail(THUMBNAIL_PX)
        target = io.BytesIO()
        picture.save(target, "JPEG", quality=75)
        return "data:image/jpeg;base64," + base64.b64encode(target.getvalue()).decode()

    return of


def pages(
    summary: Summary,
    photos: Sequence[JudgedPhoto],
    pairs: Sequence[AlikePair],
    address: str,
    thumbnail: Thumbnail,
) -> Iterator[tuple[str, str]]:
    """File name and text of each page; at least one. `address`: of the folder of photos, as seen
    from the report."""
    rank = {"unusable": 0, "correct": 1, "look": 2}
    wrong = sorted(
        (p for p in photos if p.verdict in rank), key=lambda p: (rank[p.verdict], p.file)
    )
    items: list[JudgedPhoto | AlikePair] = [
        *(p for p in pairs if p.kind == "same-face"),
        *wrong,
        *(p for p in pairs if p.kind == "look-alike"),
    ]
    left_out = max(0, len(items) - ENTRIES_MAX)
    items = items[:ENTRIES_MAX]
    count = max(1, -(-len(items) // ENTRIES_A_PAGE))
    names = [FIRST_PAGE if n == 0 else f"report-{n + 1}.html" for n in range(count)]
    environment = _environment()
    style = environment.get_template("report.css").render()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    for n, name in enumerate(names):
        shown = items[n * ENTRIES_A_PAGE : (n + 1) * ENTRIES_A_PAGE]
        yield (
            name,
            environment.get_template("report.html").render(
                summary=summary,
                entries=[_entry(item, address, thumbnail) for item in shown],
                first=n * ENTRIES_A_PAGE + 1,
                total=len(items),
                left_out=left_out,
                names=names,
                page=n,
                style=Markup(style),
                digest=digest,
            ),
        )


def _entry(item: JudgedPhoto | AlikePair, address: str, thumbnail: Thumbnail) -> Entry:
    if isinstance(item, AlikePair):
        both = tuple(_picture(name, address, thumbnail) for name in (item.first, item.second))
        return Entry(item.kind, both, (PAIR_WORDS[item.kind],), f"{item.similarity:.2f}")
    crashed = any(f.reason == "crashed" for f in item.findings)
    one = _picture(item.file, address, (lambda _: "") if crashed else thumbnail)
    return Entry(item.verdict, (one,), tuple((f.en, f.zh) for f in item.findings))


def _picture(name: str, address: str, thumbnail: Thumbnail) -> tuple[str, str, str]:
    href = quote(f"{address}/{name}".encode("utf-8", "surrogateescape"))
    return printable(Path(name)), href, thumbnail(name)


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("office.photos"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

"""Where the portal keeps things, as options that every verb has."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gate.errors import InputDamaged
from gate.platform.regular_file import read_regular
from gate.platform.user_paths import place_of_user

if TYPE_CHECKING:
    from enrolment.store.applications import Applications

DATABASE, MEDIA = "EXAM_ENROL_DATABASE", "EXAM_ENROL_MEDIA"
_TEXT_BYTES_MAX = 4 << 20

Database = Annotated[
    str | None,
    typer.Option("--database", metavar="URL", help=f"sqlite:///FILE; else {DATABASE}."),
]
Media = Annotated[
    Path | None,
    typer.Option("--media", metavar="DIR", help=f"Keys and sealed pictures; else {MEDIA}."),
]
RoundId = Annotated[str, typer.Argument(metavar="ROUND", help="The round's id.")]


def opened(database: str | None, media: Path | None, round_id: str) -> "Applications":
    """The applications of a round. UsageError, StorageRefused."""
    from enrolment.store.applications import Applications
    from enrolment.store.opening import open_database
    from enrolment.store.sealed_media import SealedMedia

    folder = media or place_of_user(MEDIA, "exam-enrol-media", "--media")
    url = database or os.environ.get(DATABASE) or "sqlite:///exam-enrol.sqlite"
    return Applications(open_database(url), SealedMedia(folder), round_id)


def text_of(path: Path) -> str:
    """The text of a description. InputDamaged."""
    try:
        return read_regular(path, _TEXT_BYTES_MAX).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as e:
        raise InputDamaged(
            f"{path} cannot be read ({e}): name the description, in UTF-8.",
            f"{path} 无法读取：请指定 UTF-8 编码的描述文件。",
            path=str(path),
        ) from e

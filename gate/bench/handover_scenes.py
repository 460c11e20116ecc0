"""What the trials of `exam-gate bench handover` show the camera: people, and who takes their place.

Photographs become frames of 640 x 480. Everything is drawn from a seed: the same trial twice is the
same pixels twice.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

from gate.calibration.picture_folder import is_picture
from gate.errors import InputDamaged
from gate.models.photo_file import decode_photo
from gate.models.still_pictures import StillPictures
from gate.ports import Picture

SIZE = (640, 480)
GREY = (120, 120, 120)
PEOPLE_MAX = 72


@dataclass(frozen=True, slots=True, eq=False)
class Actor:
    """One person. `live`: a portrait as high as the frame; `face`: x, y, width, height in it."""

    name: str
    ticket: bytes
    live: Image.Image
    face: tuple[float, float, float, float]


def read_people(folder: Path) -> dict[str, list[Path]]:
    """Everybody with two pictures or more, the first PEOPLE_MAX: `PERSON/*.jpg`, or `PERSON_*.jpg`
    side by side. InputDamaged for fewer than two people."""
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob("*")):
        if is_picture(path):
            inside = path.parent != folder
            name = path.parent.name if inside else re.split("[-_]", path.stem)[0]
            found.setdefault(name, []).append(path)
    people = {name: paths for name, paths in found.items() if len(paths) >= 2}
    if len(people) < 2:
        raise InputDamaged(
            f"{folder} has no two people with two pictures each: name them PERSON_1.jpg, "
            "PERSON_2.jpg, or put them into a folder a person.",
            f"{folder} 中不足两人（每人两张相片）：请命名为 姓名_1.jpg、姓名_2.jpg，"
            "或每人一个文件夹。",
            path=str(folder),
        )
    return dict(list(people.items())[:PEOPLE_MAX])


def cast(people: dict[str, list[Path]], stills: StillPictures) -> list[Actor]:
    """The first picture is the ticket photo, the last is who stands there. A person who shows
    no face is left out."""
    actors = []
    for name, paths in people.items():
        live = Image.fromarray(decode_photo(paths[-1].read_bytes()))
        live = live.resize((round(live.width * SIZE[1] / live.height), SIZE[1]))
        face = stills.most_central_face(np.asarray(live))
        if face is not None:
            x, y, width, height = (float(n) for n in face.box)
            actors.append(Actor(name, paths[0].read_bytes(), live, (x, y, width, height)))
    return actors


def _tilted(actor: Actor) -> Image.Image:
    x, y, width, height = actor.face
    middle = (x + width / 2, y + height / 2)
    return actor.live.rotate(45, Image.Resampling.BILINEAR, center=middle, fillcolor=GREY)


def _dark(actor: Actor) -> Image.Image:
    return ImageEnhance.Brightness(actor.live).enhance(0.15)


def _overexposed(actor: Actor) -> Image.Image:
    return Image.fromarray(
        np.clip(np.asarray(actor.live, np.float32) * 2.5 + 60, 0, 255).astype("u1")
    )


def _mask_held_up(actor: Actor) -> Image.Image:
    """From below the eyes down."""
    x, y, width, height = actor.face
    covered = actor.live.copy()
    box = (round(x), round(y + 0.45 * height), round(x + width), round(y + 1.05 * height))
    covered.paste((205, 215, 225), box)
    return covered


def _all_covered(actor: Actor) -> Image.Image:
    x, y, width, height = actor.face
    covered = actor.live.copy()
    covered.paste((70, 60, 60), (round(x), round(y), round(x + width), round(y + height)))
    return covered


def _blurred(actor: Actor) -> Image.Image:
    return actor.live.filter(ImageFilter.GaussianBlur(6))


def _from_the_side(actor: Actor) -> Image.Image:
    return actor.live.resize((round(actor.live.width * 0.3), actor.live.height))


def _backlit(actor: Actor) -> Image.Image:
    bright = Image.new("RGB", actor.live.size, (255, 255, 255))
    x, y, width, height = actor.face
    area = (
        max(0, round(x - width / 3)),
        max(0, round(y - height / 3)),
        min(actor.live.width, round(x + 1.33 * width)),
        actor.live.height,
    )
    bright.paste(ImageEnhance.Brightness(actor.live).enhance(0.2).crop(area), area[:2])
    return bright


def _far(actor: Actor) -> Image.Image:
    return actor.live.resize((actor.live.width // 4, actor.live.height // 4))


def _plain(actor: Actor) -> Image.Image:
    return actor.live


KINDS: dict[str, Callable[[Actor], Image.Image] | None] = {
    "tilted": _tilted,
    "dark": _dark,
    "mask held up": _mask_held_up,
    "all covered": _all_covered,
    "blurred": _blurred,
    "from the side": _from_the_side,
    "backlit": _backlit,
    "overexposed": _overexposed,
    "far": _far,
    "well seen": _plain,
    "nobody": None,
}
"""How the one looks who takes the place; None: the place is empty."""


NOISE = np.random.default_rng(1).normal(0, 2, (SIZE[1], SIZE[0], 1)).astype(np.float32)


@cache
def _drawn(actor: Actor, kind: str) -> Image.Image | None:
    draw = KINDS[kind]
    return None if draw is None else draw(actor)


def frame(actor: Actor, kind: str, chance: np.random.Generator) -> Picture:
    """One frame: a person stands a little differently each time, and the sensor has noise."""
    canvas = Image.new("RGB", SIZE, GREY)
    dx, dy = (int(n) for n in chance.integers(-4, 5, 2))
    shown = _drawn(actor, kind)
    if shown is not None:
        canvas.paste(shown, ((SIZE[0] - shown.width) // 2 + dx, SIZE[1] - shown.height + 8 + dy))
    noise = np.roll(NOISE, int(chance.integers(0, SIZE[1])), axis=0)
    pixels: Picture = np.clip(np.asarray(canvas, np.float32) + noise, 0, 255).astype(np.uint8)
    return pixels

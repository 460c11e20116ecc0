"""Photographs composed into what a camera at the gate would see. Every frame is made once."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from gate.errors import InputDamaged
from gate.ports import Picture

APPROACH = (0.3, 0.45, 0.6, 0.75, 0.9)
"""How large a person is, of the frame's height, in the first frames; then 1."""
SWAY = ((0, 0), (1, 0), (2, 1), (1, 1))
"""Pixels right and down: a person who stands still is never two times the same frame."""
HELD = 100
"""Frames for which one photograph is shown before the next one of the same person. At 10 frames a
second that is 10 s, longer than an attempt. Photographs of different years may end a face track. A
change between a match and the frame that confirms it would be another person to the gate."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """Frames in their order; after the last one it goes on from `repeat_from`."""

    frames: tuple[Picture, ...]
    repeat_from: int

    def picture(self, step: int) -> Picture:
        """The picture of step `step`, from 0. The end of the scene repeats from `repeat_from`."""
        if step < len(self.frames):
            return self.frames[step]
        again = len(self.frames) - self.repeat_from
        return self.frames[self.repeat_from + (step - self.repeat_from) % again]


def doorway(width: int, height: int, picture: Path | None) -> Picture:
    """What is seen when nobody is there: `picture` cropped to size, else a plain wall."""
    if picture is not None:
        return _frozen(ImageOps.fit(_photograph(picture, height), (width, height)))
    wall = np.linspace(170, 120, height, dtype=np.float32)[:, None, None]
    return _read_only(np.broadcast_to(wall, (height, width, 3)).astype(np.uint8))


def empty(background: Picture) -> Scene:
    """A scene of the background alone."""
    return Scene((background,), 0)


def scene_of(people: Sequence[Sequence[Path]], background: Picture) -> Scene:
    """Everybody walks up together and then stands there. InputDamaged for a bad photograph."""
    height, width, _ = background.shape
    slot = width // len(people)
    portraits = [[_portrait(p, slot, height) for p in pictures] for pictures in people]

    def frame(turn: int, scale: float, shift: tuple[int, int]) -> Picture:
        canvas = Image.fromarray(background)
        for place, pictures in enumerate(portraits):
            _stand(canvas, pictures[turn % len(pictures)], place * slot + slot // 2, scale, shift)
        return _frozen(canvas)

    turns = max(len(pictures) for pictures in portraits)
    walking = [frame(0, scale, (0, 0)) for scale in APPROACH]
    swaying = [[frame(turn, 1.0, shift) for shift in SWAY] for turn in range(turns)]
    standing = [shown[held % len(SWAY)] for shown in swaying for held in range(HELD)]
    return Scene((*walking, *standing), len(walking))


def frames_of(pictures: Sequence[Path], width: int, height: int) -> Scene:
    """Each picture is a whole frame, cropped to size; the last one stays. InputDamaged for a bad
    one."""
    frames = [
        _frozen(ImageOps.fit(_photograph(path, height), (width, height))) for path in pictures
    ]
    return Scene(tuple(frames), len(frames) - 1)


def exposed(picture: Picture, stops: float) -> Picture:
    """The same scene with 2 ** `stops` times as much light. What is brighter than white burns out.
    sRGB values, (height, width, 3) uint8 each."""
    light = np.where(_GREYS <= 0.04045, _GREYS / 12.92, ((_GREYS + 0.055) / 1.055) ** 2.4)
    held = np.clip(light * 2.0**stops, 0, 1)
    curved = np.where(held <= 0.0031308, 12.92 * held, 1.055 * held ** (1 / 2.4) - 0.055)
    return _read_only(np.rint(255 * curved).astype(np.uint8)[picture])


_GREYS = np.arange(256) / 255


def _stand(
    canvas: Image.Image, portrait: Image.Image, centre: int, scale: float, shift: tuple[int, int]
) -> None:
    """Paste with the feet on the lower edge."""
    size = (max(1, round(portrait.width * scale)), max(1, round(portrait.height * scale)))
    near = portrait.resize(size, Image.Resampling.BILINEAR) if scale != 1 else portrait
    x = centre - near.width // 2 + shift[0]
    canvas.paste(near, (x, canvas.height - near.height + shift[1]))


def _portrait(path: Path, slot: int, height: int) -> Image.Image:
    """As high as the frame; sides that do not fit into the slot are cut off evenly."""
    picture = _photograph(path, height)
    width = max(1, round(picture.width * height / picture.height))
    picture = picture.resize((width, height), Image.Resampling.LANCZOS)
    spare = max(0, width - slot) // 2
    return picture.crop((spare, 0, width - spare, height)) if spare else picture


def _photograph(path: Path, height: int) -> Image.Image:
    """Upright RGB. `height`: no more pixels are decoded than this needs."""
    try:
        with Image.open(path) as opened:
            opened.draft("RGB", (height, height))
            return ImageOps.exif_transpose(opened).convert("RGB")
    except (OSError, SyntaxError, ValueError, struct.error, Image.DecompressionBombError) as e:
        raise InputDamaged(
            f"{path} cannot be shown as a picture ({type(e).__name__}): name a whole JPEG or PNG.",
            f"无法读取图片 {path}：请提供完整的 JPEG 或 PNG 文件。",
            path=str(path),
        ) from e


def _frozen(image: Image.Image) -> Picture:
    return _read_only(np.asarray(image, dtype=np.uint8))


def _read_only(pixels: Picture) -> Picture:
    pixels.flags.writeable = False
    return pixels

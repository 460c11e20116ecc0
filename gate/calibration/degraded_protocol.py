"""Live frames against ticket photos on bad days: which conditions, and who stands for them.

`exam-gate calibrate DIR --degraded`. One picture of a person is the ticket photo, as offices have
them: small, and compressed once more. Another one becomes frames of 640x480, worse in one respect
at a time. So a person is compared across two photographs, never with the same one.
"""

import io
import random
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from gate.calibration.degraded_frames import Degradation
from gate.calibration.face_set import FaceSet
from gate.core.reasons import Advice
from gate.errors import InputRejected
from gate.ports import Picture
from gate.ports.values import Box

FRAMES = 2
"""Frames of one person in one condition; they differ in noise and by some pixels of size."""

STRAY_EXCUSED = 0.25
"""Stray light above which nobody asks for a match, only for the right advice."""


@dataclass(frozen=True, slots=True)
class TicketSize:
    """A ticket photo as an office has it: width and height in pixels, and JPEG quality."""

    width: int
    height: int
    jpeg: int

    @property
    def name(self) -> str:
        """As a report says it."""
        return f"{self.width}x{self.height}, JPEG {self.jpeg}"

    def of(self, picture: Picture) -> bytes:
        """A JPEG of the middle of `picture`, (height, width, 3) uint8 RGB."""
        image = Image.fromarray(picture)
        scale = min(image.width / self.width, image.height / self.height)
        across, down = self.width * scale, self.height * scale
        left, top = max(0.0, image.width - across) / 2, max(0.0, image.height - down) / 2
        box = (left, top, min(left + across, image.width), min(top + down, image.height))
        small = image.resize((self.width, self.height), Image.Resampling.LANCZOS, box=box)
        made = io.BytesIO()
        small.save(made, "JPEG", quality=self.jpeg)
        return made.getvalue()


TICKETS = (
    TicketSize(295, 413, 70),
    TicketSize(295, 413, 80),
    TicketSize(295, 413, 60),
    TicketSize(144, 192, 75),
    TicketSize(102, 126, 75),
)
"""The first is the one that conditions are measured with."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One way in which frames are worse. `right`: the advice that helps, of a frame that is turned
    away; () where none is expected."""

    name: str
    zh: str
    how: Degradation
    right: tuple[str, ...] = ()

    @property
    def excused(self) -> bool:
        """Whether only the advice counts."""
        return self.how.backlight is not None and self.how.stray > STRAY_EXCUSED


_DARK = (str(Advice.MORE_LIGHT),)
_STILL = (str(Advice.HOLD_STILL),)
_CLOSER = (str(Advice.COME_CLOSER),)
_WINDOW = (str(Advice.LESS_LIGHT), "turn-from-window")
_UPRIGHT = (str(Advice.LOOK_STRAIGHT),)

CONDITIONS = (
    Condition("sound", "正常", Degradation()),
    *(
        Condition(f"face {px} px", f"人脸 {px} 像素", Degradation(face_px=px), _CLOSER)
        for px in (160, 100, 85, 70)
    ),
    *(
        Condition(f"noise {n}", f"噪声 {n}", Degradation(noise=n), (*_DARK, *_STILL))
        for n in (6, 12)
    ),
    *(
        Condition(f"out of focus {s} px", f"失焦 {s} 像素", Degradation(gaussian_px=s), _STILL)
        for s in (1.5, 3)
    ),
    *(
        Condition(f"motion {s} px", f"运动模糊 {s} 像素", Degradation(motion_px=s), _STILL)
        for s in (7, 13)
    ),
    *(
        Condition(f"roll {deg} degrees", f"侧倾 {deg} 度", Degradation(roll_deg=deg), _UPRIGHT)
        for deg in (10, 20)
    ),
    *(
        Condition(f"light x{x}", f"亮度 x{x}", Degradation(light=x), _DARK)
        for x in (0.3, 0.1, 0.04)
    ),
    *(
        Condition(
            f"backlight, stray {stray:.0%}",
            f"逆光，杂散光 {stray:.0%}",
            Degradation(backlight=0.4, stray=stray),
            _WINDOW,
        )
        for stray in (0.05, 0.15, 0.25, 0.35, 0.5)
    ),
    Condition(
        "face 85 px, noise 6, motion 5 px",
        "人脸 85 像素，噪声 6，运动 5 像素",
        Degradation(face_px=85, noise=6, motion_px=5),
        (*_CLOSER, *_STILL),
    ),
)


@dataclass(frozen=True, slots=True)
class StandIn:
    """One person of the set: a picture for the ticket photo, another one for the frames."""

    name: str
    ticket: Path
    live: Path


def drawn(faces: FaceSet, people: int, seed: int) -> tuple[list[StandIn], list[Path]]:
    """`people` by lot with two pictures at least, and the first picture of everybody else, for a
    cohort. InputRejected for fewer than two."""
    by_person: dict[str, list[Path]] = {}
    for person, path in faces.pictures:
        by_person.setdefault(person, []).append(path)
    lot = random.Random(seed)
    names = [n for n, paths in by_person.items() if len(paths) >= 2]
    if len(names) < 2:
        raise InputRejected(
            f"{len(names)} people have two pictures: two are needed, one for the ticket photo and "
            "one for the frames.",
            f"仅 {len(names)} 人有两张以上照片：至少需要两人。",
            people=len(names),
        )
    chosen = lot.sample(names, min(people, len(names)))
    stands = [StandIn(n, *lot.sample(by_person[n], 2)) for n in chosen]
    others = [paths[0] for n, paths in by_person.items() if n not in set(chosen)]
    return stands, lot.sample(others, len(others))


def varied(how: Degradation, number: int) -> Degradation:
    """The same condition in another frame of the same visit: one more pixel of face, and a
    movement in another direction."""
    return replace(
        how, face_px=how.face_px + number, motion_deg=(how.motion_deg + 50.0 * number) % 180
    )


def portrait(picture: Picture, box: Box) -> Picture:
    """The picture cut as a ticket photo: a face in the middle that fills more than half
    of the width."""
    x, y, width, height = (float(n) for n in box)
    across = 1.8 * width
    down = across * 413 / 295
    left, top = x + width / 2 - across / 2, y + height / 2 - 0.45 * down
    box_cut = (left, top, left + across, top + down)
    size = (max(1, round(across)), max(1, round(down)))
    image = Image.fromarray(picture)
    cut = image.transform(size, Image.Transform.EXTENT, box_cut, Image.Resampling.BICUBIC)
    return np.asarray(cut)

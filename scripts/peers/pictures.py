"""The pictures that every peer sees, as 640x480 frames, and the pairs among them."""

from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from PIL import Image

from demo.pictures import cache_folder, fetch
from gate.models.photo_file import decode_photo

FRAME = (640, 480)


@dataclass(frozen=True, slots=True, eq=False)
class PictureSet:
    """`frames`: n x 480 x 640 x 3; `pairs`: places of two pictures and whether one person."""

    name: str
    frames: np.ndarray
    pairs: list[tuple[int, int, bool]]


def demo_set() -> PictureSet:
    """The demo's photographs, every pair; a picture's name begins with the person's."""
    found = fetch(cache_folder())
    people = [name.split("-")[0] for name in found]
    pairs = [(a, b, people[a] == people[b]) for a, b in combinations(range(len(people)), 2)]
    frames = np.stack([framed(path) for path in found.values()])
    return PictureSet("photographs of the demo", frames, pairs)


def listed_set(folder: Path, most: int) -> PictureSet:
    """The first `most` pairs of pairs.txt, as many of one person as of two. InputDamaged."""
    from gate.calibration.face_set import read_face_set
    from gate.calibration.lfw_pairs import read_pairs

    faces = read_face_set(folder)
    listed = read_pairs(folder / "pairs.txt", faces)
    chosen = np.concatenate([np.flatnonzero(listed.same == s)[: most // 2] for s in (True, False)])
    one, other = listed.one[chosen], listed.other[chosen]
    used, places = np.unique(np.concatenate([one, other]), return_inverse=True)
    half = len(chosen)
    pairs = [
        (int(places[n]), int(places[half + n]), bool(listed.same[chosen[n]])) for n in range(half)
    ]
    frames = np.stack([framed(faces.pictures[n][1]) for n in used])
    return PictureSet(folder.name, frames, pairs)


def framed(path: Path) -> np.ndarray:
    """The picture as large as a frame takes it, the rest grey."""
    image = Image.fromarray(decode_photo(path.read_bytes()))
    scale = min(FRAME[0] / image.width, FRAME[1] / image.height)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    image = image.resize(size, Image.Resampling.BICUBIC)
    frame = Image.new("RGB", FRAME, (96, 96, 96))
    frame.paste(image, ((FRAME[0] - size[0]) // 2, (FRAME[1] - size[1]) // 2))
    return np.asarray(frame)

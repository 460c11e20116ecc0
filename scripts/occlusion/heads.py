"""Heads of a folder of people's pictures, aligned, with room around them to move and paint in."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from gate.calibration.face_set import read_face_set
from gate.models.alignment import align_head
from gate.models.photo_file import decode_photo
from gate.models.still_pictures import StillPictures

SCALE = 2
"""Painting and moving happen at twice the network's resolution."""

MARGIN = 16
"""Pixels of the network's picture round the head, for shifts and turns."""


@dataclass(frozen=True, slots=True, eq=False)
class Heads:
    """Heads cut from the pictures of a set.

    `pixels`: (n, side, side, 3) uint8. `people`: (n,) int64, who each is. `digests`: (n,), first 16
    hex digits of each file's SHA-256. `known.txt` names pictures by them without naming anybody.
    """

    pixels: npt.NDArray[np.uint8]
    people: npt.NDArray[np.int64]
    digests: npt.NDArray[np.str_]


def read_heads(pictures: Path, models: Path, cache: Path) -> Heads:
    """The most central face of each picture; kept in `cache` (an .npz), for it takes minutes."""
    if not cache.exists():
        heads = _extracted(pictures, models)
        np.savez(cache, pixels=heads.pixels, people=heads.people, digests=heads.digests)
    with np.load(cache) as kept:
        return Heads(kept["pixels"], kept["people"], kept["digests"])


def _extracted(pictures: Path, models: Path) -> Heads:
    stills, faces = StillPictures(models), read_face_set(pictures)
    pixels, people, digests = [], [], []
    for (_, path), person in zip(faces.pictures, faces.people, strict=True):
        data = path.read_bytes()
        picture = decode_photo(data)
        face = stills.most_central_face(picture)
        if face is not None:
            pixels.append(align_head(picture, face.landmarks, SCALE, MARGIN))
            people.append(person)
            digests.append(hashlib.sha256(data).hexdigest()[:16])
    return Heads(np.stack(pixels), np.array(people), np.array(digests))

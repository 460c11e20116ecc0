"""A still picture (ticket photo, benchmark picture) to one face and its templates.

Small pictures are enlarged before detection. YuNet places landmarks to a fraction of its cells, so
on a larger face they are finer. Finer landmarks give the recogniser better input.
"""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image

from gate.models.alignment import align
from gate.models.augmented_template import turned_template
from gate.models.detector import Detector
from gate.models.landmarks import refine
from gate.models.live_detection import LiveDetector
from gate.models.network_files import model_path
from gate.models.occlusion import OcclusionNetwork
from gate.models.picture_arrays import check_picture
from gate.models.recogniser import Recogniser
from gate.ports import Face, Occlusion, Picture, Template

STILL_DETECTOR = "yunet-544x544"
RECOGNISER = "sface"
OCCLUSION = "occlusion"
LONG_SIDE = 400


class StillPictures:
    """Detector for still pictures and recogniser. One owner."""

    def __init__(self, models_folder: Path, threads: int = 1) -> None:
        """ModelDamaged."""
        self._detector = Detector(model_path(models_folder, STILL_DETECTOR), threads)
        self._recogniser = Recogniser(model_path(models_folder, RECOGNISER), threads)
        self._occlusion = OcclusionNetwork(model_path(models_folder, OCCLUSION))
        self._folder, self._threads = models_folder, threads

    @cached_property
    def _finder(self) -> LiveDetector:
        return LiveDetector(self._folder, self._threads)

    def faces(self, picture: Picture) -> list[Face]:
        """Every face, best score first, in pixels of `picture`. InputRejected."""
        check_picture(picture)
        enlarged, scale = _enlarged(picture)
        return [_scaled(f, scale) for f in self._detector.detect(enlarged)]

    def most_central_face(self, picture: Picture) -> Face | None:
        """The face nearest to the middle of the picture, from one look."""
        return _most_central(picture, self.faces(picture))

    def live_face(self, picture: Picture) -> Face | None:
        """The same as the gate finds it in a live frame: by two looks, each at less."""
        enlarged, scale = _enlarged(picture)
        face = _most_central(enlarged, self._finder.glance(enlarged))
        return None if face is None else _scaled(self._finder.closer(enlarged, face), scale)

    def refined(self, picture: Picture, face: Face) -> Face:
        """The same face with finer landmarks."""
        return refine(self._finder.near, picture, face)

    def chip(self, picture: Picture, face: Face) -> Picture:
        """The aligned face, (112, 112, 3) uint8."""
        return align(picture, face.landmarks)

    def occlusion(self, picture: Picture, face: Face) -> Occlusion:
        """What covers the face."""
        return self._occlusion.of(picture, face.landmarks)

    def single_view(self, chip: Picture) -> tuple[Template, float]:
        """One view, as the gate embeds a live frame at first, and its feature norm."""
        return self._recogniser.embed_with_feature_norm(chip)

    def augmented(self, picture: Picture, refined: Face) -> Template:
        """As ticket photos are embedded, and live frames when the first look left it open."""
        return turned_template(self._recogniser, picture, refined)


def _most_central(picture: Picture, faces: Sequence[Face]) -> Face | None:
    middle = np.array([picture.shape[1], picture.shape[0]]) / 2
    return min(
        faces,
        key=lambda f: float(np.linalg.norm(f.box[:2] + f.box[2:] / 2 - middle)),
        default=None,
    )


def _enlarged(picture: Picture) -> tuple[Picture, float]:
    long_side = max(picture.shape[:2])
    if long_side >= LONG_SIDE:
        return picture, 1.0
    scale = LONG_SIDE / long_side
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    image = Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC)
    return np.asarray(image), scale


def _scaled(face: Face, scale: float) -> Face:
    """Back to the picture it came from; landmarks count from pixel centres."""
    if scale == 1.0:
        return face
    return Face(face.box / scale, (face.landmarks + 0.5) / scale - 0.5, face.score)

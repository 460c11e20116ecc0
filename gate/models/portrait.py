"""A ticket photo to a template, or the reason why not."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gate.errors import PhotoRejected
from gate.models.photo_file import decode_photo
from gate.models.quality import LIVE, assess, covers
from gate.models.still_pictures import StillPictures
from gate.ports import Quality, Template

EYES_PX_MIN = 24.0
"""Below it the photo is too small; 90 px are wanted (ISO/IEC 19794-5)."""

FEATURE_NORM_MIN = 8.5
"""A photo in which the recogniser sees less of a face lies on its side, stands upside down or shows
none; of LFW's pictures, taken anywhere, one in two thousand."""

SECOND_FACE_MIN = 0.75
SECOND_FACE_SIZE = 0.4
"""A second face counts when it is as sure as this and at least so large beside the first: a
pattern on a shirt is not a person."""

_WORDS = {
    "no-face": ("shows no face: hand in a portrait", "未检测到人脸：请提供正面相片"),
    "several-faces": (
        "shows several faces: hand in one of the candidate alone",
        "检测到多张人脸：请提供单人相片",
    ),
    "too-small": ("shows too small a face: hand in a larger picture", "人脸过小：请提供更大的相片"),
    "occluded": (
        "shows a face that is covered ({what}): hand in one that shows the whole face",
        "中的脸部被遮挡（{what}）：请提供露出整张脸的相片",
    ),
}

_COVERED_BY = {
    "mask": ("mask, scarf or hand over nose and mouth", "口罩等遮住口鼻"),
    "hat": ("hat over the forehead", "帽子等遮住额头"),
    "sunglasses": ("sunglasses", "墨镜等遮住眼睛"),
    "fringe": ("hair over the eyes", "头发遮住眼睛"),
}


@dataclass(frozen=True, slots=True, eq=False)
class AcceptedPortrait:
    """`size`: width and height of the photo as it stands upright; `face_count`: 1, or more where
    the others are too small or unsure to count."""

    template: Template
    quality: Quality
    face_count: int
    size: tuple[int, int]


class PortraitJudge:
    """Owns a detector and a recogniser: one thread at a time."""

    def __init__(self, models_folder: Path, threads: int = 1) -> None:
        """ModelDamaged."""
        self._stills = StillPictures(models_folder, threads)

    def enrol(self, jpeg: bytes) -> AcceptedPortrait:
        """PhotoRejected with `reason` damaged, too-large, no-face, several-faces, too-small or
        occluded; then `covered_by` says by what."""
        picture = decode_photo(jpeg)
        faces = self._stills.faces(picture)
        if not faces:
            raise rejected("no-face")
        main = max(faces, key=lambda f: float(f.box[2] * f.box[3]))
        size = float(main.box[3])
        others = [f for f in faces if f is not main and f.score >= SECOND_FACE_MIN]
        if any(float(f.box[3]) >= SECOND_FACE_SIZE * size for f in others):
            raise rejected("several-faces")
        main = self._stills.refined(picture, main)
        chip = self._stills.chip(picture, main)
        quality = assess(chip, main, self._stills.occlusion(picture, main))
        if quality.eyes_px < EYES_PX_MIN:
            raise rejected("too-small")
        if self._stills.single_view(chip)[1] < FEATURE_NORM_MIN:  # upside down is no cover
            raise rejected("no-face")
        if covered_by := covers(quality, LIVE):
            raise occluded(covered_by)
        template = self._stills.augmented(picture, main)
        return AcceptedPortrait(template, quality, len(faces), (picture.shape[1], picture.shape[0]))


def rejected(reason: str) -> PhotoRejected:
    """The error for one reason, in words."""
    en, zh = _WORDS[reason]
    return PhotoRejected(f"The photo {en}.", f"相片{zh}。", reason=reason)


def occluded(covered_by: Sequence[str]) -> PhotoRejected:
    """`covered_by`: mask, hat, sunglasses, fringe."""
    en, zh = _WORDS["occluded"]
    what, what_zh = zip(*(_COVERED_BY[name] for name in covered_by), strict=True)
    return PhotoRejected(
        f"The photo {en.format(what=', '.join(what))}.",
        f"相片{zh.format(what='，'.join(what_zh))}。",
        reason="occluded",
        covered_by=tuple(covered_by),
    )

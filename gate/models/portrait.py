"""The one judgement of a ticket photo: its template, and what is wrong with it.

`exam-office photos check` shows every finding. `exam-office roster build` asks the same judgement
and leaves out the photos that no template can be made of. Bounds and their error rates:
docs/ticket-photos.md.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gate.core.reasons import Advice
from gate.errors import InputRejected, PhotoRejected
from gate.models import background
from gate.models.eyes_open import closed_eyes
from gate.models.person_mask import PersonMask
from gate.models.photo_file import decode_photo, is_animated
from gate.models.portrait_findings import UNUSABLE, PortraitFinding, finding, occluded
from gate.models.quality import LIVE, Bounds, assess, beyond, covers
from gate.models.screen_pattern import pattern_strength
from gate.models.still_pictures import StillPictures
from gate.ports import Face, Picture, Quality, Template
from gate.ports.values import Landmarks

EYES_PX_MIN = 24.0
"""Below it the photo is too small; 90 px are wanted (ISO/IEC 19794-5)."""

FEATURE_NORM_MIN = 8.5
"""A photo in which the recogniser sees less of a face lies on its side, stands upside down or shows
none. Of LFW's pictures, taken anywhere, it is one in two thousand."""

SECOND_FACE_MIN = 0.75
SECOND_FACE_SIZE = 0.4
"""A second face counts when it is as sure as this and at least so large beside the first. A pattern
on a shirt is not a person."""

PORTRAIT = Bounds(yaw_max=0.3, sharpness=40.0, darkest=45.0, brightest=205.0, burnt=0.2)
"""What is asked of a photo that can be taken again. What each bound finds and what it costs stands
in docs/ticket-photos.md."""

ROLL_MAX_DEG = 8.0
"""Degrees of the line through the eyes; the landmarks say three quarters of the true turn."""

EYES_CLOSED_MIN = 0.4
"""From this on of 0 to 1 the eyes are taken for closed."""

PATTERN_MAX = 5.0
"""Above it the picture may be one of a screen."""

_CORRECTABLE = {
    Advice.LOOK_STRAIGHT: "pose",
    Advice.HOLD_STILL: "blurred",
    Advice.MORE_LIGHT: "too-dark",
    Advice.LESS_LIGHT: "too-bright",
}


@dataclass(frozen=True, slots=True, eq=False)
class JudgedPortrait:
    """A ticket photo that was judged.

    `template`: of a single view, to find one face in two photos; a roster's is augmented.
    `template`, `quality`: None where no face could be judged. `size`: width and height of the
    upright photo in pixels, (0, 0) where it cannot be read. `face_count`: 1, or more where the
    others are too small or unsure to count. `findings`: what is wrong, the weightiest first.
    """

    template: Template | None
    quality: Quality | None
    face_count: int
    size: tuple[int, int]
    findings: tuple[PortraitFinding, ...]

    @property
    def usable(self) -> bool:
        """Whether the photo can be a candidate's reference, however much it should be better."""
        return self.template is not None


@dataclass(frozen=True, slots=True, eq=False)
class AcceptedPortrait:
    """The reference of a roster. `template`: augmented; other fields as in `JudgedPortrait`."""

    template: Template
    quality: Quality
    face_count: int
    size: tuple[int, int]


class PortraitJudge:
    """Owns a detector and a recogniser: one thread at a time."""

    def __init__(self, models_folder: Path, threads: int = 1, asked: str = "any") -> None:
        """`asked`: the background, of `gate.models.background.KINDS`; all but `any` need the person
        mask. ModelDamaged."""
        self._stills = StillPictures(models_folder, threads)
        self._asked = asked
        self._person = None if asked == "any" else PersonMask(models_folder)

    def enrol(self, jpeg: bytes) -> AcceptedPortrait:
        """PhotoRejected with `reason` damaged, too-large, no-face, several-faces, too-small or
        occluded; then `covered_by` says by what."""
        judged, seen = self._judgement(jpeg)
        if seen is None or judged.quality is None:
            raise _rejected(next(f for f in judged.findings if f.reason in UNUSABLE))
        try:
            refined = seen.refined or self._stills.refined(seen.picture, seen.face)
            template = self._stills.augmented(seen.picture, refined)
        except InputRejected as e:  # landmarks that fall together
            raise _rejected(finding("no-face")) from e
        return AcceptedPortrait(template, judged.quality, judged.face_count, judged.size)

    def judge(self, photo: bytes) -> JudgedPortrait:
        """The judgement of one ticket photo.

        `photo`: the bytes of a file of any format that `decode_photo` reads, or of none.
        """
        return self._judgement(photo)[0]

    def judge_picture(self, picture: Picture) -> JudgedPortrait:
        """The same of a photo that was decoded elsewhere: upright, (height, width, 3) uint8."""
        return self._judgement_of(picture, [])[0]

    def _judgement(self, photo: bytes) -> tuple[JudgedPortrait, "_Usable | None"]:
        try:
            picture = decode_photo(photo)
        except PhotoRejected as e:
            unreadable = PortraitFinding(str(e.reason), e.en, e.zh)
            return JudgedPortrait(None, None, 0, (0, 0), (unreadable,)), None
        return self._judgement_of(picture, [finding("animated")] if is_animated(photo) else [])

    def _judgement_of(
        self, picture: Picture, also: list[PortraitFinding]
    ) -> tuple[JudgedPortrait, "_Usable | None"]:
        if _is_patterned(picture):  # it may be why no face is found
            also.append(finding("recapture"))
        try:
            return self._judged(picture, also)
        except InputRejected:  # landmarks that fall together
            size = (picture.shape[1], picture.shape[0])
            return JudgedPortrait(None, None, 0, size, (finding("no-face"), *also)), None

    def _judged(
        self, picture: Picture, found: list[PortraitFinding]
    ) -> tuple[JudgedPortrait, "_Usable | None"]:
        size = (picture.shape[1], picture.shape[0])
        faces = self._stills.faces(picture)

        def unusable(
            why: PortraitFinding, quality: Quality | None = None
        ) -> tuple[JudgedPortrait, None]:
            return JudgedPortrait(None, quality, len(faces), size, (why, *found)), None

        if not faces:
            return unusable(finding("no-face"))
        main = max(faces, key=lambda f: float(f.box[2] * f.box[3]))
        if _has_rival(main, faces):
            return unusable(finding("several-faces"))
        refined = None
        look = self._look(picture, main)
        if look.findings:  # half of a pixel may decide: finer landmarks have the last word
            refined = self._stills.refined(picture, main)
            look = self._look(picture, refined)
        if look.template is None:
            return unusable(look.findings[0], look.quality)
        found = [*look.findings, *self._behind(picture, main), *found]
        judged = JudgedPortrait(look.template, look.quality, len(faces), size, tuple(found))
        return judged, _Usable(picture, main, refined)

    def _look(self, picture: Picture, face: Face) -> "_Look":
        chip = self._stills.chip(picture, face)
        quality = assess(chip, face, self._stills.occlusion(picture, face))
        if quality.eyes_px < EYES_PX_MIN:
            return _Look(quality, None, (finding("too-small"),))
        template, feature_norm = self._stills.single_view(chip)
        if feature_norm < FEATURE_NORM_MIN:  # upside down is no cover
            return _Look(quality, None, (finding("no-face"),))
        if covered_by := covers(quality, LIVE):
            return _Look(quality, None, (occluded(covered_by),))
        shut = closed_eyes(picture, face.landmarks) > EYES_CLOSED_MIN
        return _Look(
            quality,
            template,
            (*_correctable(quality, face.landmarks), *([finding("eyes-closed")] if shut else [])),
        )

    def _behind(self, picture: Picture, face: Face) -> list[PortraitFinding]:
        if self._person is None:
            return []
        seen = background.measure(picture, self._person.of(picture), face.box)
        if seen is None or background.is_as_asked(seen, self._asked):
            return []
        return [finding(f"background-{self._asked}")]


@dataclass(frozen=True, slots=True, eq=False)
class _Usable:
    """What an augmented template is made of. `face`: from one look; `refined`: the same with finer
    landmarks, where somebody wanted them already."""

    picture: Picture
    face: Face
    refined: Face | None


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """What was seen of one face. `template` is None where the finding makes the photo unusable."""

    quality: Quality
    template: Template | None
    findings: tuple[PortraitFinding, ...]


def _rejected(why: PortraitFinding) -> PhotoRejected:
    facts = {"covered_by": why.covered_by} if why.covered_by else {}
    return PhotoRejected(why.en, why.zh, reason=why.reason, **facts)


def roll_deg(landmarks: Landmarks) -> float:
    """How far the line through the eyes is turned, 0 to 180 degrees."""
    x, y = (float(n) for n in landmarks[1] - landmarks[0])
    return abs(math.degrees(math.atan2(y, x)))


def _has_rival(main: Face, faces: Sequence[Face]) -> bool:
    size = float(main.box[3])
    others = [f for f in faces if f is not main and f.score >= SECOND_FACE_MIN]
    return any(float(f.box[3]) >= SECOND_FACE_SIZE * size for f in others)


def _is_patterned(picture: Picture) -> bool:
    strength = pattern_strength(picture)
    return strength is not None and strength > PATTERN_MAX


def _correctable(quality: Quality, landmarks: Landmarks) -> list[PortraitFinding]:
    missed = {_CORRECTABLE[a] for a in beyond(quality, PORTRAIT) if a in _CORRECTABLE}
    if roll_deg(landmarks) > ROLL_MAX_DEG:
        missed.add("pose")
    if "too-dark" in missed:  # sharpness falls with the light
        missed.discard("blurred")
    return [finding(reason) for reason in _CORRECTABLE.values() if reason in missed]

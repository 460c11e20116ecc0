"""The checks of uploads by networks: the port `UploadChecks` on what is at hand."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from enrolment.checks.card_fields import card_fields
from enrolment.checks.card_photo import card_look, card_reasons
from enrolment.checks.decoding import Video, decode_picture, decode_video
from enrolment.checks.faces import Faces
from enrolment.checks.spoken_digits import DigitListener, digits_reasons
from enrolment.checks.text_reading import TextReader
from enrolment.checks.ticket_photo import photo_reasons
from enrolment.checks.video import FrameLook, video_reasons, video_template
from enrolment.core.personal_data import PersonalData
from enrolment.core.reasons import CandidateReason
from enrolment.errors import MediaRejected
from enrolment.services.ports import Judgement
from gate.models.liveness.layers import LayerInput
from gate.models.liveness.network import NetworkLayer
from gate.models.portrait import PortraitJudge
from gate.ports import Picture, Template

FRAMES_LOOKED_AT = 8
"""Spread evenly over a recording; each costs about 40 ms."""

_R = CandidateReason


class NetworkChecks:
    """Owns every network of the checks: one thread at a time. Each is read when first needed."""

    def __init__(self, models: Path) -> None:
        """`models`: what exam-gate models build and exam-enrol models filled."""
        self._models = models

    def card(self, picture: bytes, data: PersonalData) -> Judgement:
        """As the port says. ModelDamaged, NetworkMissing."""
        try:
            seen = decode_picture(picture)
        except MediaRejected:
            return Judgement((_R.CARD_UNREADABLE,))
        read = card_fields(self._text.lines(seen))
        portrait = self._faces.of_card(seen)
        reasons = card_reasons(card_look(seen), read, data, has_portrait=portrait is not None)
        shown = {"name": read.name, "number": read.number, "birth": read.birth, "sex": read.sex}
        return Judgement(reasons, {k: v for k, v in shown.items() if v})

    def video(self, video: bytes, digits: str, card: bytes) -> Judgement:
        """As the port says. ModelDamaged, NetworkMissing."""
        try:
            seen = decode_video(video)
        except MediaRejected:
            return Judgement((_R.NO_FACE,))
        pictures = video_reasons(seen.duration_s, self._looks(seen), self._card_face(card))
        if pictures:
            return Judgement(pictures)
        strings = self._listener.strings(seen.sound) if seen.sound.size else []
        return Judgement(digits_reasons(seen.sound, strings, digits))

    def photo(self, picture: bytes, card: bytes, video: bytes) -> Judgement:
        """As the port says. ModelDamaged, NetworkMissing."""
        try:
            seen = decode_picture(picture)
        except MediaRejected:
            return Judgement((_R.NO_FACE,))
        judged = self._portraits.judge_picture(seen)
        others = (self._card_face(card), self._video_face(video))
        return Judgement(photo_reasons(judged.findings, judged.template, others))

    def _looks(self, video: Video) -> Sequence[FrameLook]:
        step = max(1, len(video.frames) // FRAMES_LOOKED_AT)
        return [
            self._look(frame, at)
            for frame, at in zip(video.frames[::step], video.times_s[::step], strict=True)
        ]

    def _look(self, frame: Picture, at_s: float) -> FrameLook:
        found = self._faces.found(frame)
        seen = self._faces.seen(frame, found[0]) if found else None
        if seen is None:
            return FrameLook(0)
        given = LayerInput(frame, seen.face.box, seen.face.landmarks, at_s)
        live = self._liveness.score(given)
        return FrameLook(len(found), seen.template, seen.feature_norm, live)

    def _card_face(self, card: bytes) -> Template | None:
        if not card:
            return None
        seen = self._faces.of_card(decode_picture(card))
        return None if seen is None else seen.template

    def _video_face(self, video: bytes) -> Template | None:
        return video_template(self._looks(decode_video(video))) if video else None

    @cached_property
    def _faces(self) -> Faces:
        return Faces(self._models)

    @cached_property
    def _text(self) -> TextReader:
        return TextReader(self._models)

    @cached_property
    def _listener(self) -> DigitListener:
        return DigitListener(self._models)

    @cached_property
    def _liveness(self) -> NetworkLayer:
        return NetworkLayer(self._models)

    @cached_property
    def _portraits(self) -> PortraitJudge:
        return PortraitJudge(self._models, asked="blue")

"""One frame to what it shows: finder, alignment, quality and recogniser in a row."""

from pathlib import Path

import numpy as np

from gate.core.reasons import Advice
from gate.errors import InputRejected
from gate.models.alignment import align
from gate.models.careful import LargeDetector, careful_template
from gate.models.files import model_path, models_label
from gate.models.finder import NEAR, WHOLE, Finder
from gate.models.quality import advice, assess, with_strength
from gate.models.recogniser import Recogniser
from gate.models.ring import (
    Sighting,
    View,
    is_crowded,
    nearest,
    with_probe,
    with_second_thoughts,
    with_sighting,
)
from gate.ports import Face, Frame, Picture, Probe, Quality

STILL, RECOGNISER = "yunet-544x544", "sface"
LABEL = models_label(WHOLE, NEAR, STILL, RECOGNISER)

FEW = 3
"""Probes that a track is given at once; then one every PROBE_EVERY_NS keeps them fresh."""
PROBE_EVERY_NS = 250_000_000


class Eyes:
    """Owns the interpreters: one thread. While nobody is there only the first look is taken."""

    def __init__(self, models: Path, threads: int) -> None:
        """ModelDamaged."""
        self._finder = Finder(models, threads)
        self._still = LargeDetector(model_path(models, STILL), threads)  # careful is measured so
        self._recogniser = Recogniser(model_path(models, RECOGNISER), threads)

    def look(self, frame: Frame, view: View, eager: bool, careful: bool = False) -> View:
        """`view` with this frame in it. `eager`: a face is being judged, so every good frame
        becomes a probe; `careful`: one like a ticket photo's, the quick ones left it open.
        InputRejected for a frame that is no RGB picture."""
        if not eager:
            self._still.rest()
        faces = self._finder.glance(frame.pixels)
        face = nearest(faces)
        if face is None:
            return with_sighting(view, Sighting(frame.mono_ns, face=False), None)
        face = self._finder.closer(frame.pixels, face)
        chip, quality, wrong = self._portrait(frame.pixels, face)
        sighting = Sighting(
            frame.mono_ns, True, is_crowded(faces), wrong, quality.score if quality else None
        )
        view = with_sighting(view, sighting, face)
        if wrong is not None or quality is None or not (eager or wants_probe(view, frame.mono_ns)):
            return view
        template, strength = self._recogniser.embed_with_strength(chip)
        quality = with_strength(quality, strength)
        wrong = advice(quality)
        if wrong is not None:
            return with_second_thoughts(view, wrong, quality.score)
        if careful:
            template = careful_template(self._still.awake(), self._recogniser, frame.pixels, face)
        probe = Probe(template, frame.mono_ns, face, quality, view.track, careful=careful)
        return with_probe(view, probe)

    def _portrait(
        self, pixels: Picture, face: Face
    ) -> tuple[Picture, Quality | None, Advice | None]:
        try:
            chip = align(pixels, face.landmarks)
        except InputRejected:
            return np.empty((0, 0, 3), np.uint8), None, Advice.LOOK_STRAIGHT
        quality = assess(chip, face)
        return chip, quality, advice(quality)


def is_somebody_there(view: View) -> bool:
    """Whether the last frame had a face: then the next one is looked at closely at once."""
    return bool(view.sightings) and view.sightings[-1].face


def wants_probe(view: View, now_ns: int) -> bool:
    """A track needs a few probes soon, then only fresh ones: nobody's card is there yet."""
    return len(view.probes) < FEW or now_ns - view.probes[-1].mono_ns >= PROBE_EVERY_NS

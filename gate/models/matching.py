"""From templates to a result: fusion, roster-normalised score, threshold by target false match
rate.

numpy only. Templates are unit vectors, so a dot product is the cosine. The normalisation is the
symmetric adaptive s-norm (Matejka et al., Interspeech 2017): `1/2 [(s - mean_ref) / dev_ref + (s -
mean_probe) / dev_probe]`. Means and deviations are over the `TOP` highest cosines to a cohort of
`COHORT` unlabelled templates of the same exam.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from gate.core.json_types import JsonFields
from gate.core.match_decision import ScoreBounds, passes
from gate.errors import InputRejected
from gate.models import raw_floor
from gate.models.calibration_table import kind_in_file, read_table
from gate.ports import Quality, Reference, Template
from gate.ports.values import TemplateKind, TemplateRows

COHORT = 200
TOP = 100
SAME_PERSON = 0.999
"""A cohort row this close to a template is that template itself and is left out."""

SNORM = f"snorm-{COHORT}/{TOP}"
RAW = raw_floor.RAW
RAW_STRICT = "raw-strict"
STRICTER = 10
"""Without a cohort the raw score must meet a false match rate so many times lower. The reason: raw
thresholds measured on LFW gave 7 times the rate on its East Asian part."""

CALIBRATION = Path(__file__).with_name("calibration.toml")
MODEL = "sface"


def fuse(templates: Sequence[Template]) -> Template:
    """The unit vector of the templates' sum. InputRejected for none."""
    if not len(templates):
        raise InputRejected("There is no face to fuse: take a picture.", "没有可融合的人脸样本。")
    total = np.sum(np.asarray(templates, np.float32), axis=0, dtype=np.float32)
    length = float(np.linalg.norm(total))
    fused: Template = (total / max(length, 1e-12)).astype(np.float32)
    return fused


def cohort_statistics(
    template: Template, cohort: TemplateRows, top: int = TOP
) -> tuple[float, float]:
    """Mean and deviation of the `top` highest cosines to the cohort."""
    scores = cohort @ template
    scores = scores[scores < SAME_PERSON]
    if len(scores) > top:
        scores = np.partition(scores, len(scores) - top)[-top:]
    scores = scores.astype(np.float64)
    return float(scores.mean()), max(float(scores.std()), 1e-6)


def s_norm(reference: Reference, probe: Template) -> float | None:
    """The normalised score; None where the reference has no cohort of `COHORT` rows.

    A row of the cohort that is the candidate's own reference is left out on both sides. For the
    right person it would be far above the others and lower the score.
    """
    cohort, mean, deviation = reference.cohort, reference.mean, reference.deviation
    if cohort is None or mean is None or deviation is None or len(cohort) < COHORT:
        return None
    score = float(reference.template @ probe)
    others = cohort[cohort @ reference.template < SAME_PERSON]
    probe_mean, probe_deviation = cohort_statistics(probe, others)
    return 0.5 * ((score - mean) / deviation + (score - probe_mean) / probe_deviation)


def has_cohort(reference: Reference) -> bool:
    """Whether scores of this reference can be normalised."""
    cohort = reference.cohort
    return reference.mean is not None and cohort is not None and len(cohort) >= COHORT


@dataclass(frozen=True, slots=True)
class ThresholdCurve:
    """Thresholds of one kind of score. `points`: (FMR, threshold), highest FMR first. `pairs`:
    impostor pairs they rest on. `floors`: (FMR, raw cosine to be reached beside), none for the raw
    score itself."""

    frames: int
    normalisation: str
    pairs: int
    points: tuple[tuple[float, float], ...]
    floors: tuple[tuple[float, float], ...] = ()

    def threshold(self, fmr: float) -> float:
        """Between two measured rates, linear in the logarithm. InputRejected outside them."""
        self._require_measured(fmr)
        return raw_floor.between_rates(self.points, fmr)

    def floor(self, fmr: float) -> float:
        """The same of the floors. InputRejected, also where there are none."""
        if not self.floors:
            raise _unmeasured(self.frames, f"{self.normalisation} floor")
        self._require_measured(fmr)
        return raw_floor.between_rates(self.floors, fmr)

    def _require_measured(self, fmr: float) -> None:
        highest, lowest = self.points[0][0], self.points[-1][0]
        tolerance = 1e-9
        if not lowest * (1 - tolerance) <= fmr <= highest * (1 + tolerance):
            raise InputRejected(
                f"A false match rate of {fmr:g} was not measured for {self.normalisation}, "
                f"{self.frames} frame(s): choose one from {lowest:g} to {highest:g}.",
                f"误识率 {fmr:g} 不在已校准范围内：请选择 {lowest:g} 至 {highest:g}。",
                fmr=fmr,
                lowest=lowest,
                highest=highest,
            )


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The calibration table for one model and kind of probe. `feature_norm_least`: shorter than
    nearly all that the thresholds were measured on; 0 where the table does not say."""

    model: str
    kind: TemplateKind
    curves: tuple[ThresholdCurve, ...]
    feature_norm_least: float = 0.0

    @classmethod
    def load(
        cls, path: Path = CALIBRATION, model: str = MODEL, kind: TemplateKind = TemplateKind.SINGLE
    ) -> Self:
        """The table that ships with this version. InputRejected if it lacks the model or kind,
        ModelDamaged if it was measured with other networks than the pinned ones."""
        table = read_table(path)
        curves = [
            _curve(t) for t in table["curve"] if t["model"] == model and kind_in_file(t) is kind
        ]
        if not curves:
            raise InputRejected(
                f"{path.name} has no thresholds for {model}, {kind} probes: run exam-gate "
                "calibrate.",
                f"{path.name} 中没有 {model} 的阈值：请运行 exam-gate calibrate。",
            )
        least = table.get("calibration", {}).get("feature_norm_least", 0.0)
        return cls(model, kind, tuple(curves), float(least))

    def holds_for(self, quality: Quality) -> bool:
        """Whether a probe of this quality is like those that the thresholds were measured on."""
        return (quality.feature_norm or 0.0) >= self.feature_norm_least

    def threshold(self, fmr: float, frames: int, normalisation: str) -> float:
        """What a score of `frames` fused frames must reach. A number of frames that was not
        measured takes the stricter of its neighbours; above the most, the most. InputRejected."""
        return max(c.threshold(fmr) for c in self._nearest(frames, normalisation))

    def floor(self, fmr: float, frames: int, normalisation: str) -> float:
        """What the raw cosine must reach beside the normalised score, chosen as the threshold is.
        InputRejected."""
        return max(c.floor(fmr) for c in self._nearest(frames, normalisation))

    def _nearest(self, frames: int, normalisation: str) -> list[ThresholdCurve]:
        """Those of the measured numbers of frames next to `frames`. InputRejected."""
        curves = self._measured(normalisation)
        counts = sorted(c.frames for c in curves)
        if frames < counts[0]:
            raise _unmeasured(frames, normalisation)
        below = max(n for n in counts if n <= frames)
        above = min((n for n in counts if n >= frames), default=counts[-1])
        return [c for c in curves if c.frames in (below, above)]

    def lowest(self, normalisation: str) -> float:
        """The least false match rate that every number of frames has a threshold for.
        InputRejected where there is none."""
        return max(c.points[-1][0] for c in self._measured(normalisation))

    def range(self, normalisation: str) -> tuple[float, float]:
        """The least and the greatest rate that every number of frames has a threshold for.
        InputRejected where there is none."""
        highest = min(c.points[0][0] for c in self._measured(normalisation))
        return self.lowest(normalisation), highest

    def _measured(self, normalisation: str) -> list[ThresholdCurve]:
        curves = [c for c in self.curves if c.normalisation == normalisation]
        if not curves:
            raise _unmeasured(1, normalisation)
        return curves


@dataclass(frozen=True, slots=True)
class Match:
    """A comparison with its score and threshold.

    `normalisation`: `snorm-200/100`, or `raw-strict` where there is no cohort; `threshold` is for
    the score that decides. `floor`: what the raw cosine has to reach too, None where it decides
    itself. `fmr`: the target that was asked for.
    """

    score: float
    normalised: float | None
    normalisation: str
    threshold: float
    fmr: float
    passed: bool
    floor: float | None = None


def compare(
    reference: Reference, probe: Template, frames: int, fmr: float, thresholds: Thresholds
) -> Match:
    """One verdict. `probe`: fused from `frames` frames of one face. InputRejected for an FMR
    outside the calibration."""
    score = float(reference.template @ probe)
    normalised = s_norm(reference, probe)
    if normalised is not None:
        kind, floor = SNORM, thresholds.floor(fmr, frames, SNORM)
        threshold = thresholds.threshold(fmr, frames, SNORM)
    else:
        kind, floor = RAW_STRICT, None
        threshold = thresholds.threshold(fmr / STRICTER, frames, RAW)
    passed = passes(score, normalised, ScoreBounds(threshold, floor))
    return Match(score, normalised, kind, threshold, fmr, passed, floor)


def lowest_rate(reference: Reference, thresholds: Thresholds) -> float:
    """The least rate that `compare` can be asked for with this reference. InputRejected."""
    if has_cohort(reference):
        return thresholds.lowest(SNORM)
    return thresholds.lowest(RAW) * STRICTER


def _unmeasured(frames: int, normalisation: str) -> InputRejected:
    return InputRejected(
        f"No thresholds for {frames} frame(s), {normalisation}: run exam-gate calibrate.",
        f"没有 {frames} 帧、{normalisation} 的阈值：请运行 exam-gate calibrate。",
    )


def _curve(table: JsonFields) -> ThresholdCurve:
    points, floors = (raw_floor.points_of(table.get(row, {})) for row in ("thresholds", "floors"))
    return ThresholdCurve(table["frames"], table["normalisation"], table["pairs"], points, floors)

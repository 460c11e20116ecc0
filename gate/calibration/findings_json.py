"""Curves and other findings as report.json has them: plain values, numbers of five digits."""

from dataclasses import asdict
from typing import TYPE_CHECKING

from gate.calibration.curves import Rate, RateCurve
from gate.calibration.intervals import Interval
from gate.calibration.threshold_margin import bound_of
from gate.core.json_types import JsonObject, JsonValue
from gate.models.calibration_table import MIRROR
from gate.ports.values import TemplateKind

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

SETTINGS = {TemplateKind.SINGLE: "quick", TemplateKind.AUGMENTED: "careful"}
"""What a report calls each kind of probe under `setting`."""


def curve_figures(curve: RateCurve) -> JsonObject:
    """The figures of a curve, ready for JSON."""
    kind = curve.kind
    return {
        "setting": SETTINGS[kind.template],
        "mirror": MIRROR[kind.template],
        "frames": kind.frames,
        "normalisation": kind.normalisation,
        "cohort": kind.cohort,
        "top": kind.top,
        "pairs": curve.pairs,
        "genuine": curve.genuine,
        "bound": bound_of(kind.frames),
        "rates": [_rate(r) for r in curve.rates],
        "det": [[_short(x) for x in point] for point in curve.det],
        "same_people": {
            "people": curve.steady_people,
            "fnmr": [[f, _short(n)] for f, n in curve.steady],
        },
    }


def figures(value: "DataclassInstance") -> JsonObject:
    """A dataclass of this package as JSON has it, numbers shortened to five digits."""
    shortened: JsonObject = _shortened(asdict(value))
    return shortened


def _rate(rate: Rate) -> JsonObject:
    found: JsonObject = {
        "fmr": rate.fmr,
        "threshold": round(rate.threshold, 5),
        "false_matches": rate.false_matches,
        "fnmr": None if rate.fnmr is None else round(rate.fnmr, 6),
    }
    if rate.table is not None:
        found["table"] = figures(rate.table)
    if rate.interval is not None:
        found["threshold_interval"] = _ends(rate.interval.threshold)
        if rate.fnmr is not None:
            found["fnmr_interval"] = _ends(rate.interval.fnmr)
    return found


def _ends(interval: Interval) -> list[float]:
    return [_short(interval.low), _short(interval.high)]


def _shortened(value: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        if set(value) == {"low", "high"}:
            return [_short(value["low"]), _short(value["high"])]
        return {k: _shortened(v) for k, v in value.items()}
    return _short(value) if isinstance(value, float) else value


def _short(value: float) -> float:
    return float(f"{value:.5g}")

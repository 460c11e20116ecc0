"""Trials of a second colour camera: sheets of all kinds and heads of all shapes before a pair."""

import multiprocessing
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np

from gate.bench.rendered_head import SheetProfile, Surface, head, random_shape, sheet
from gate.bench.stereo_pictures import (
    Camera,
    Light,
    Matrix,
    Pose,
    in_room,
    photograph,
    picture,
    seen_at,
    turned,
)
from gate.core.json_types import JsonObject
from gate.core.liveness import THRESHOLDS
from gate.models.liveness.camera_pair import CameraPair
from gate.models.liveness.layers import LayerInput
from gate.models.liveness.stereo import NOSE_CM, Protrusion, StereoLayer, stereo_score
from gate.ports import Picture
from gate.ports.values import Landmarks

FRAMES = 5
KINDS = ("flat", "rolled", "wavy", "creased", "pinched", "cone")
SIZE = (640, 480)
DISTANCES_CM = 40.0, 120.0


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """One frame of each camera, and where the landmarks of the first were found."""

    picture: Picture
    second: Picture
    landmarks: Landmarks


def profile_of(kind: str, chance: np.random.Generator) -> SheetProfile:
    """How a sheet of a kind is bent, in cm."""
    if kind == "rolled":
        radius = chance.choice((-1, 1)) * np.exp(chance.uniform(np.log(7), np.log(60)))
        return lambda x, _: (
            -np.sign(radius) * (abs(radius) - np.sqrt(np.clip(radius**2 - x**2, 1, None)))
        )
    if kind == "wavy":
        high, length, phase = chance.uniform(0.2, 1.0), chance.uniform(5, 20), chance.uniform(0, 6)
        return lambda x, _: high * np.sin(2 * np.pi * x / length + phase)
    if kind == "creased":
        slope, soft = chance.choice((-1, 1)) * chance.uniform(0.1, 0.9), chance.uniform(0.1, 0.6)
        return lambda x, _: -slope * (np.sqrt(x**2 + soft**2) - soft)
    if kind == "pinched":
        high, wide = chance.uniform(0.5, 2.5), chance.uniform(0.8, 2.0)
        return lambda x, _: high * np.exp(-(np.abs(x / wide) ** 2.2))
    if kind == "cone":
        radius, opens = chance.uniform(10, 30), chance.uniform(-0.4, 0.4)
        return lambda x, y: -(x**2) / (2 * np.clip(radius + opens * y, 4, None))
    return lambda x, _: np.zeros_like(x)


def surface_of(kind: str, chance: np.random.Generator) -> tuple[Surface, float]:
    """A head, or a sheet with the photograph of one; and how far the nose of a head stands out."""
    shape = random_shape(chance)
    model = head(shape, chance)
    if kind == "head":
        return model, shape.nose_protrusion
    printed = photograph(model, _light(chance))
    upright = kind in ("pinched", "creased") and chance.random() < 0.6
    direction = chance.normal(0, 0.1) if upright else chance.uniform(0, np.pi)
    profile = profile_of(kind, chance)
    return sheet(printed, profile, float(direction), chance.uniform(0.8, 1.25)), 0.0


def _light(chance: np.random.Generator) -> Light:
    towards = np.array([chance.uniform(-1, 1), chance.uniform(-1, 0.3), -1.0])
    return Light(towards / np.linalg.norm(towards), chance.uniform(0.3, 0.8))


def rig(chance: np.random.Generator) -> tuple[Camera, Camera, CameraPair]:
    """Two cameras, and what a calibration that is a little wrong says of them."""
    focal, second_focal = chance.uniform(560, 640), 0.0
    second_focal = focal * chance.uniform(0.97, 1.03)
    place = np.array([chance.uniform(5, 8), chance.uniform(-0.4, 0.4), chance.uniform(-0.4, 0.4)])
    angles = chance.normal(0, np.radians(1.0), 3)
    first = Camera(
        focal,
        SIZE,
        np.zeros(3),
        np.eye(3),
        chance.uniform(0.7, 1.2),
        chance.uniform(0, 0.05),
        chance.uniform(1.5, 4),
        chance.uniform(0.5, 0.9),
    )
    second = Camera(
        second_focal,
        SIZE,
        place,
        turned(*angles).T,
        chance.uniform(0.7, 1.2),
        chance.uniform(0, 0.05),
        chance.uniform(1.5, 4),
        chance.uniform(0.5, 0.9),
    )
    wrong = turned(*(angles + chance.normal(0, np.radians(0.05), 3))).T
    told = place * chance.normal(1, 0.02)
    pair = CameraPair(
        focal * chance.normal(1, 0.01),
        second_focal * chance.normal(1, 0.005),
        SIZE,
        SIZE,
        _axis_angle(wrong),
        (float(told[0]), float(told[1]), float(told[2])),
        0.3,
        200,
        "board",
    )
    return first, second, pair


def _axis_angle(turn: Matrix) -> tuple[float, float, float]:
    parts = (
        np.array([turn[2, 1] - turn[1, 2], turn[0, 2] - turn[2, 0], turn[1, 0] - turn[0, 1]]) / 2
    )
    sine = float(np.linalg.norm(parts))
    parts = parts * (np.arcsin(min(sine, 1.0)) / sine if sine > 1e-12 else 1.0)
    return float(parts[0]), float(parts[1]), float(parts[2])


def shots(kind: str, distance_cm: float, seed: int) -> tuple[list[Shot], CameraPair, float]:
    """FRAMES shots of one case, hand-held or alive: everything moves between and within them."""
    chance = np.random.default_rng(seed)
    surface, nose_cm = surface_of(kind, chance)
    first, second, pair = rig(chance)
    light = _light(chance)
    wall = (0.4 + 0.12 * chance.standard_normal((260, 340))).astype(np.float32)
    most = np.radians(20 if kind == "head" else 35)
    angles = chance.uniform(-most, most, 2)
    roll = chance.normal(0, np.radians(5))
    wide = 0.12 * distance_cm
    place = np.array([chance.uniform(-wide, wide), chance.uniform(-wide, wide) - 2, distance_cm])
    noise_px = chance.uniform(0.5, 1.0)
    found = []
    for _ in range(FRAMES):
        place = place + chance.normal(0, 0.5, 3)
        angles = np.clip(angles + chance.normal(0, np.radians(2.5), 2), -most, most)
        roll += chance.normal(0, np.radians(1))
        pose = Pose(place, turned(float(angles[0]), float(angles[1]), float(roll)))
        late_s = chance.uniform(-0.02, 0.02)
        later = Pose(
            place + late_s * chance.normal(0, 5, 3),
            turned(*(np.array([*angles, roll]) + late_s * chance.normal(0, np.radians(15), 3))),
        )
        seen = seen_at(in_room(surface.landmarks, pose), first)
        landmarks = (seen + chance.normal(0, noise_px, seen.shape)).astype(np.float32)
        found.append(
            Shot(
                picture(surface, pose, first, light, wall=wall, seed=int(chance.integers(1 << 30))),
                picture(
                    surface, later, second, light, wall=wall, seed=int(chance.integers(1 << 30))
                ),
                landmarks,
            )
        )
    return found, pair, nose_cm


@dataclass(frozen=True, slots=True)
class Judged:
    """How one case ended. `looks`: of each frame, None where it could not tell; `score`: the mean,
    None where no frame could; `judge_s`: CPU seconds a frame."""

    kind: str
    distance_cm: float
    nose_cm: float
    looks: tuple[Protrusion | None, ...]
    score: float | None
    judge_s: float

    @property
    def accepted(self) -> bool:
        """Whether the layer calls it living."""
        return self.score is not None and self.score >= THRESHOLDS["geometry"]


def judged(kind: str, seed: int) -> Judged:
    """One case at a distance of its own, judged by the layer that the gate runs."""
    distance_cm = float(np.random.default_rng([seed, 1]).uniform(*DISTANCES_CM))
    taken, pair, nose_cm = shots(kind, distance_cm, seed)
    layer = StereoLayer(pair)
    began_s = time.process_time()
    looks = tuple(layer.look(_seen(shot, n)) for n, shot in enumerate(taken))
    judge_s = (time.process_time() - began_s) / len(taken)
    scores = [stereo_score(look) for look in looks if look is not None]
    score = float(np.mean(scores)) if scores else None
    return Judged(kind, distance_cm, nose_cm, looks, score, judge_s)


def _seen(shot: Shot, number: int) -> LayerInput:
    low, high = shot.landmarks.min(axis=0), shot.landmarks.max(axis=0)
    box = np.concatenate([low, high - low]).astype(np.float32)
    return LayerInput(shot.picture, box, shot.landmarks, number / 10, shot.second)


def measure(
    planes: int, heads: int, seed: int, processes: int, show: Callable[[int, int], None]
) -> JsonObject:
    """`planes` sheets of every kind in turn, and `heads` heads. The same seed gives the same."""
    kinds = [KINDS[n % len(KINDS)] for n in range(planes)] + ["head"] * heads
    seeds = range(seed * 1_000_000, seed * 1_000_000 + len(kinds))
    ended: list[Judged] = []
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        for number, one in enumerate(pool.map(judged, kinds, seeds, chunksize=4)):
            ended.append(one)
            show(number + 1, len(kinds))
    return report(ended)


def report(ended: list[Judged]) -> JsonObject:
    """The figures, ready for JSON. `nose_cm`: mean of a case's frames; `by_shape`: without the rule
    on the size of faces."""
    sheets, heads = ([e for e in ended if (e.kind == "head") == h] for h in (False, True))
    return {
        "frames": FRAMES,
        "planes": {
            "cases": len(sheets),
            "accepted": sum(e.accepted for e in sheets),
            "accepted_by_shape": sum(_nose(e) >= NOSE_CM for e in sheets),
            "by_kind": {k: _row([e for e in sheets if e.kind == k]) for k in KINDS},
        },
        "heads": {
            "cases": len(heads),
            "refused": sum(not e.accepted for e in heads),
            "frames_without_a_score": sum(look is None for e in heads for look in e.looks),
            "by_distance_cm": {
                f"{low}-{low + 20}": _row([e for e in heads if low <= e.distance_cm < low + 20])
                for low in range(40, 120, 20)
            },
            "by_nose_cm": {
                f"{low / 10}-{low / 10 + 0.5:g}": _row(
                    [e for e in heads if low <= 10 * e.nose_cm < low + 5]
                )
                for low in range(12, 27, 5)
            },
        },
        "cpu_ms_a_frame": _round(float(np.median([1e3 * e.judge_s for e in ended]))),
    }


def _nose(one: Judged) -> float:
    found = [look.nose_cm for look in one.looks if look is not None]
    return float(np.mean(found)) if found else 0.0


def _row(cases: list[Judged]) -> JsonObject:
    noses = [_nose(e) for e in cases]
    at = np.percentile(noses, [0, 50, 100]) if noses else np.zeros(3)
    return {
        "cases": len(cases),
        "accepted": sum(e.accepted for e in cases),
        "nose_cm": dict(zip(("least", "median", "most"), map(_round, at), strict=True)),
    }


def _round(value: float) -> float:
    return round(float(value), 3)

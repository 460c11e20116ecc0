"""Trials of a second colour camera: sheets of all kinds and heads of all shapes before a pair."""

import itertools
import multiprocessing
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice

import numpy as np

from gate.bench.rendered_head import SheetProfile, Surface, head, random_shape, sheet
from gate.bench.second_camera_cases import EndedCases
from gate.bench.second_camera_report import KINDS, Judged, report
from gate.bench.stereo_pictures import (
    Camera,
    Light,
    Matrix,
    Pose,
    in_room,
    photograph,
    picture,
    room_seen,
    seen_at,
    turned,
)
from gate.core.json_types import JsonObject
from gate.core.liveness import FRAMES
from gate.models.liveness.camera_pair import CameraPair
from gate.models.liveness.layers import LayerInput
from gate.models.liveness.stereo import Protrusion, StereoLayer
from gate.platform.algebra_threads import one_algebra_thread
from gate.ports import Picture
from gate.ports.values import Landmarks

SHOTS_MAX = 16
"""Of one case at most: some three seconds of a gate's looks."""
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


def shots(kind: str, distance_cm: float, seed: int) -> tuple[Iterator[Shot], CameraPair, float]:
    """One case, hand-held or alive: everything moves between and within its shots, which go on
    without an end. The pair as it is calibrated; how far the nose of a head stands out, in cm."""
    chance = np.random.default_rng(seed)
    surface, nose_cm = surface_of(kind, chance)
    first, second, pair = rig(chance)
    most = np.radians(20 if kind == "head" else 35)
    return _moved(surface, (first, second), distance_cm, float(most), chance), pair, nose_cm


def _moved(
    surface: Surface,
    cameras: tuple[Camera, Camera],
    distance_cm: float,
    most: float,
    chance: np.random.Generator,
) -> Iterator[Shot]:
    """`most`: radians that the surface is turned or tilted."""
    light = _light(chance)
    wall = (0.4 + 0.12 * chance.standard_normal((260, 340))).astype(np.float32)
    rooms = [room_seen(camera, wall) for camera in cameras]
    angles = chance.uniform(-most, most, 2)
    roll = chance.normal(0, np.radians(5))
    wide = 0.12 * distance_cm
    place = np.array([chance.uniform(-wide, wide), chance.uniform(-wide, wide) - 2, distance_cm])
    noise_px = chance.uniform(0.5, 1.0)
    while True:
        place = place + chance.normal(0, 0.5, 3)
        angles = np.clip(angles + chance.normal(0, np.radians(2.5), 2), -most, most)
        roll += chance.normal(0, np.radians(1))
        pose = Pose(place, turned(float(angles[0]), float(angles[1]), float(roll)))
        late_s = chance.uniform(-0.02, 0.02)
        later = Pose(
            place + late_s * chance.normal(0, 5, 3),
            turned(*(np.array([*angles, roll]) + late_s * chance.normal(0, np.radians(15), 3))),
        )
        seen = seen_at(in_room(surface.landmarks, pose), cameras[0])
        landmarks = (seen + chance.normal(0, noise_px, seen.shape)).astype(np.float32)
        pictures = [
            picture(surface, at, camera, light, room=room, seed=int(chance.integers(1 << 30)))
            for at, camera, room in zip((pose, later), cameras, rooms, strict=True)
        ]
        yield Shot(pictures[0], pictures[1], landmarks)


class _Recorded(StereoLayer):
    """The layer that the gate runs; what each frame said alone is kept."""

    def __init__(self, pair: CameraPair) -> None:
        super().__init__(pair)
        self.looks: list[Protrusion | None] = []

    def look(self, seen: LayerInput) -> Protrusion | None:
        found = super().look(seen)
        self.looks.append(found)
        return found


def judged(kind: str, seed: int) -> Judged:
    """One case at a distance of its own, judged by the layer that the gate runs."""
    distance_cm = float(np.random.default_rng([seed, 1]).uniform(*DISTANCES_CM))
    taken, pair, nose_cm = shots(kind, distance_cm, seed)
    layer, scores, judge_s = _Recorded(pair), [], 0.0
    for number, shot in enumerate(islice(taken, SHOTS_MAX)):
        began_s = time.process_time()
        score = layer.score(_seen(shot, number))
        judge_s += time.process_time() - began_s
        scores += [] if score is None else [score]
        if len(scores) == FRAMES:
            break
    mean = sum(scores) / FRAMES if len(scores) == FRAMES else None
    looks = tuple(layer.looks)
    return Judged(kind, distance_cm, nose_cm, looks, mean, judge_s / len(looks))


def _seen(shot: Shot, number: int) -> LayerInput:
    low, high = shot.landmarks.min(axis=0), shot.landmarks.max(axis=0)
    box = np.concatenate([low, high - low]).astype(np.float32)
    return LayerInput(shot.picture, box, shot.landmarks, number / 10, shot.second)


def measure(
    planes: int,
    heads: int,
    seed: int,
    processes: int,
    *,
    ended: EndedCases | None,
    show: Callable[[int, int], None],
) -> JsonObject:
    """`planes` sheets of every kind in turn, and `heads` heads. The same seed gives the same.

    `ended`: what was judged before and is not judged again; it takes up the rest. OSError where
    that cannot be written.
    """
    kinds = [KINDS[n % len(KINDS)] for n in range(planes)] + ["head"] * heads
    cases = list(zip(kinds, itertools.count(seed * 1_000_000), strict=False))
    found = {case: ended[case] for case in cases if ended is not None and case in ended}
    left = [case for case in cases if case not in found]
    show(len(found), len(cases))
    one_algebra_thread()  # of each process that is started now
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        judging = pool.map(judged, [kind for kind, _ in left], [seed for _, seed in left])
        for case, one in zip(left, judging, strict=True):
            found[case] = one
            if ended is not None:
                ended.add(case[1], one)
            show(len(found), len(cases))
    return report([found[case] for case in cases])

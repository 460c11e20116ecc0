"""Two cameras' geometry from what both saw at once, by least squares.

A view is one board or one face, seen by both. First each view's place is found in the first
camera, from its known size. Then one geometry of the pair must explain where the second camera saw
all of them. A view that does not fit is left out; too many of those are another scene.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from gate.calibration.dot_board import homography
from gate.errors import CamerasSwapped, InputRejected, ScenesDiffer
from gate.models.liveness.camera_pair import (
    CameraPair,
    PerPoint,
    Points,
    pixels_of,
    rotation_matrix,
)

FACE_CM = np.array(
    [(-3.15, 0, 0), (3.15, 0, 0), (0, 3.5, -2.0), (-2.4, 6.7, -0.5), (2.4, 6.7, -0.5)]
)
"""The landmarks of a mean face, in cm: 6.3 between the eyes.

That is the mean in Zhuang and Bradtmiller 2005, within a millimetre or two. One person's may be 8%
off, and so is then the baseline; several people are better.
"""
VIEWS_MIN = {"board": 4, "faces": 20}
DEPTH_RATIO_MIN = 1.4
"""Of the farthest to the nearest view: what tells a turned camera from a distance."""
ERROR_MAX_PX = {"board": 1.5, "faces": 4.0}
SURE = 1.15
"""How much worse boards fit at a focal length that is a tenth off, where it can be told at all."""
KEPT_MIN = 0.6
"""Share of views that one geometry must explain."""
BASELINE_CM = 2.0, 30.0
TURN_MAX = math.radians(15)
"""Cameras that look so far apart do not see the same face from near to far."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One board or face. `shape_cm`: (n, 3), its points in a frame of its own; `first`, `second`:
    (n, 2), their pixels."""

    shape_cm: Points
    first: Points
    second: Points


def fit_pair(
    views: Sequence[View],
    scale: str,
    sizes: tuple[tuple[int, int], tuple[int, int]],
    focal_px: float,
    side: str,
) -> CameraPair:
    """The geometry of the pair. `scale`: `board` or `faces`; `sizes`: of both pictures.
    `focal_px`:
    of the first camera, refined where a board was tilted.
    `side`: `left` or `right`, where the
    second camera is mounted, as the cameras look.

    InputRejected: too few views, or all from one distance. ScenesDiffer: what the second camera saw
    is no view of the same. CamerasSwapped: it is mounted on the other side.
    """
    if len(views) < VIEWS_MIN[scale]:
        raise _too_few(len(views), VIEWS_MIN[scale])
    if scale == "board":
        focal_px = _focal(views, sizes[0], focal_px)
    placed = [_placed(view, focal_px, sizes[0]) for view in views]
    depths = [float(points[:, 2].mean()) for points in placed]
    if max(depths) < DEPTH_RATIO_MIN * min(depths):
        raise _one_distance(min(depths), max(depths))
    kept = list(range(len(views)))
    start = np.array([0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    for _ in range(4):
        start = _second_camera(
            [placed[n] for n in kept], [views[n].second for n in kept], focal_px, sizes[1], start
        )
        errors = np.array(
            [
                _error(placed[n], views[n].second, focal_px, sizes[1], start)
                for n in range(len(views))
            ]
        )
        good = errors <= max(3 * float(np.median(errors)), 0.3)
        kept = [n for n in range(len(views)) if good[n]] or kept
    error_px = float(np.sqrt(np.mean(errors[kept] ** 2)))
    turn = math.hypot(*start[:3])
    if error_px > ERROR_MAX_PX[scale] or len(kept) < KEPT_MIN * len(views) or turn > TURN_MAX:
        raise other_scene(len(kept), len(views), error_px)
    pair = CameraPair(
        focal_px,
        focal_px * math.exp(start[6]),
        *sizes,
        (float(start[0]), float(start[1]), float(start[2])),
        (float(start[3]), float(start[4]), float(start[5])),
        error_px,
        sum(len(views[n].first) for n in kept),
        scale,
    )
    check_side(pair, side)
    return pair


def check_side(pair: CameraPair, side: str) -> None:
    """CamerasSwapped where the second camera is on the other side than mounted.
    ScenesDiffer where
    no pair of cameras is so far apart, or beside one another at all."""
    across = pair.position_cm[0]
    if (
        not BASELINE_CM[0] <= pair.baseline_cm <= BASELINE_CM[1]
        or abs(across) < pair.baseline_cm / 2
    ):
        raise ScenesDiffer(
            f"The second camera comes out {pair.baseline_cm:.1f} cm away, not "
            f"{BASELINE_CM[0]:g} to {BASELINE_CM[1]:g} cm beside the first: mount both side by "
            "side and show the board again.",
            f"算得第二摄像头相距 {pair.baseline_cm:.1f} 厘米，应在左右方向相距 "
            f"{BASELINE_CM[0]:g} 至 {BASELINE_CM[1]:g} 厘米：请并排安装后重新标定。",
            baseline_cm=pair.baseline_cm,
            error_px=pair.error_px,
        )
    found = "right" if across > 0 else "left"
    if found != side:
        raise CamerasSwapped(
            f"The second camera is on the {found}, not on the {side}: exchange `device` of both "
            "cameras in gate.toml, or say --side " + found + ".",
            f"第二摄像头在{_ZH[found]}侧，而不是{_ZH[side]}侧：请在 gate.toml 中对调两个 device，"
            f"或使用 --side {found}。",
            side=side,
            found=found,
            baseline_cm=pair.baseline_cm,
        )


_ZH = {"left": "左", "right": "右"}


def other_scene(matched: int, compared: int, error_px: float | None) -> ScenesDiffer:
    """The error of cameras that do not see the same."""
    left = "" if error_px is None else f", {error_px:.1f} pixels off"
    return ScenesDiffer(
        f"The two cameras do not see the same scene ({matched} of {compared} pictures agree"
        f"{left}): point both at the place where people stand.",
        f"两个摄像头看到的不是同一场景（{compared} 组图像中 {matched} 组相符）："
        "请让两者都对准考生站立处。",
        matched=matched,
        compared=compared,
        error_px=error_px,
    )


def _too_few(found: int, wanted: int) -> InputRejected:
    return InputRejected(
        f"Both cameras saw the board or a face in {found} pictures, {wanted} are needed: show it "
        "longer, whole and in good light.",
        f"两个摄像头同时看到标定板或人脸的图像只有 {found} 组，至少需要 {wanted} 组："
        "请在光线良好处完整地多展示一会儿。",
        found=found,
        wanted=wanted,
    )


def _one_distance(nearest: float, farthest: float) -> InputRejected:
    return InputRejected(
        f"All pictures are from {nearest:.0f} to {farthest:.0f} cm: show it at 40 cm and again at "
        "a metre or so.",
        f"所有图像都在 {nearest:.0f} 至 {farthest:.0f} 厘米处："
        "请在约 40 厘米和约 1 米处各展示一次。",
        nearest_cm=nearest,
        farthest_cm=farthest,
    )


Residual = Callable[[PerPoint], PerPoint]


def _least_squares(residual: Residual, start: PerPoint, rounds: int = 25) -> PerPoint:
    """Levenberg and Marquardt with numeric slopes. Outliers count by their distance (Huber)."""
    at, damping = start.astype(np.float64), 1e-3
    rest = residual(at)
    for _ in range(rounds):
        steps = 1e-6 * np.maximum(np.abs(at), 1.0)
        slopes = np.stack(
            [
                (residual(at + step * unit) - rest) / step
                for step, unit in zip(steps, np.eye(len(at)), strict=True)
            ],
            axis=1,
        )
        bound = 2 * float(np.median(np.abs(rest))) + 1e-9
        weight = np.minimum(1, bound / np.maximum(np.abs(rest), 1e-12))
        normal = slopes.T @ (slopes * weight[:, None])
        pull = slopes.T @ (weight * rest)
        lift = damping * np.diag(np.maximum(np.diag(normal), 1e-9))
        tried = at - np.linalg.solve(normal + lift, pull)
        new = residual(tried)
        if np.isfinite(new).all() and (weight * new * new).sum() < (weight * rest * rest).sum():
            done = (new @ new) > (1 - 1e-7) * (rest @ rest)
            at, rest, damping = tried, new, damping / 10
            if done:
                break
        else:
            damping *= 10
            if damping > 1e6:
                break
    return at


def _moved(shape_cm: Points, pose: PerPoint) -> Points:
    moved: Points = shape_cm @ rotation_matrix(pose[:3]).T + pose[3:6]
    return moved


def _pose(view: View, focal_px: float, size: tuple[int, int]) -> PerPoint:
    """(6,): the view's turn and place in the first camera."""

    def residual(pose: PerPoint) -> PerPoint:
        points = _moved(view.shape_cm, pose)
        points[:, 2] = np.maximum(points[:, 2], 1.0)
        return (pixels_of(points, focal_px, size) - view.first).ravel()

    start = _pose_guess(view, focal_px, size)
    return _least_squares(residual, start)


def _pose_guess(view: View, focal_px: float, size: tuple[int, int]) -> PerPoint:
    flat = view.shape_cm[:, :2]
    centred = (view.first - (np.asarray(size) - 1) / 2) / focal_px
    if np.ptp(view.shape_cm[:, 2]) > 0 or len(flat) < 8:  # a face: square to the camera
        wide = np.linalg.norm(view.shape_cm[1] - view.shape_cm[0])
        depth = float(wide / np.linalg.norm(centred[1] - centred[0]))
        place = centred[:2].mean(axis=0) * depth
        return np.array([0, 0, 0, place[0], place[1], depth])
    matrix = homography(flat, centred)
    matrix = matrix / np.sqrt(np.linalg.norm(matrix[:, 0]) * np.linalg.norm(matrix[:, 1]))
    matrix = matrix * np.sign(matrix[2, 2])
    x, y = matrix[:, 0], matrix[:, 1]
    left, _, right = np.linalg.svd(np.stack([x, y, np.cross(x, y)], axis=1))
    turn = left @ np.diag([1, 1, np.linalg.det(left @ right)]) @ right
    return np.concatenate([_axis_of(turn), matrix[:, 2]])


def _axis_of(turn: Points) -> PerPoint:
    """An axis times an angle below half a turn, of a rotation matrix."""
    parts = np.array([turn[2, 1] - turn[1, 2], turn[0, 2] - turn[2, 0], turn[1, 0] - turn[0, 1]])
    length = float(np.linalg.norm(parts))
    angle = math.atan2(length, float(np.trace(turn)) - 1)
    return np.asarray(parts / max(length, 1e-12) * angle)


def _placed(view: View, focal_px: float, size: tuple[int, int]) -> Points:
    return _moved(view.shape_cm, _pose(view, focal_px, size))


def _focal(views: Sequence[View], size: tuple[int, int], given: float) -> float:
    """The focal length at which tilted boards fit best; the given one where none was tilted enough
    to tell."""

    def error(focal: float) -> float:
        total = 0.0
        for view in views:
            points = _placed(view, focal, size)
            total += float(((pixels_of(points, focal, size) - view.first) ** 2).mean())
        return total

    low, high = math.log(0.6 * given), math.log(1.7 * given)
    golden = (math.sqrt(5) - 1) / 2
    for _ in range(14):
        a, b = high - golden * (high - low), low + golden * (high - low)
        low, high = (low, b) if error(math.exp(a)) < error(math.exp(b)) else (a, high)
    found = math.exp((low + high) / 2)
    sure = error(1.1 * found) > SURE * error(found) and error(found / 1.1) > SURE * error(found)
    return found if sure else given


def _in_second(points: Points, focal_px: float, size: tuple[int, int], pair: PerPoint) -> Points:
    own = (points - pair[3:6]) @ rotation_matrix(pair[:3]).T
    own[:, 2] = np.maximum(own[:, 2], 1.0)
    return pixels_of(own, focal_px * math.exp(float(np.clip(pair[6], -1, 1))), size)


def _second_camera(
    placed: Sequence[Points],
    seen: Sequence[Points],
    focal_px: float,
    size: tuple[int, int],
    start: PerPoint,
) -> PerPoint:
    """(7,): turn, place, and logarithm of the ratio of focal lengths, of the second camera."""
    points, pixels = np.concatenate(placed), np.concatenate(seen)

    def residual(pair: PerPoint) -> PerPoint:
        known = np.array([2.0 * pair[6] / 0.02])  # a pair is bought of one kind, to 2% or so
        off = (_in_second(points, focal_px, size, pair) - pixels).ravel()
        return np.concatenate([off, known]) if len(points) < 100 else off

    return _least_squares(residual, start)


def _error(
    points: Points, seen: Points, focal_px: float, size: tuple[int, int], pair: PerPoint
) -> float:
    off = _in_second(points, focal_px, size, pair) - seen
    return float(np.sqrt((off**2).sum(axis=1).mean()))

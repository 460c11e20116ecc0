"""The site's file of a calibrated pair of cameras: JSON, read with a check of every field."""

import json
import math
from dataclasses import asdict
from pathlib import Path

from gate.core.json_types import JsonObject, JsonValue
from gate.errors import PairUnknown, StorageRefused
from gate.models.liveness.camera_pair import CameraPair
from gate.platform.durable_files import write_file
from gate.platform.regular_file import read_regular

VERSION = 1
BYTES_MAX = 1 << 14
COMMAND = "exam-gate camera pair"
LIMITS = {
    "focal_px": (100.0, 10_000.0),
    "second_focal_px": (100.0, 10_000.0),
    "error_px": (0.0, 100.0),
    "rotation": (-1.0, 1.0),
    "position_cm": (-100.0, 100.0),
}
"""Least and largest value of each number. What lies outside was not written by the command."""


def write_pair(path: Path, pair: CameraPair, kind: str, made_on: str) -> None:
    """Replaces the file at once, or leaves it as it was. `kind`: `nir` or `stereo`; `made_on`: the
    day, as 2027-05-12. StorageRefused."""
    content = {"version": VERSION, "kind": kind, "made_on": made_on, **asdict(pair)}
    data = (json.dumps(content, indent=1) + "\n").encode()
    try:
        write_file(path, data, 0o644)
    except OSError as e:
        raise StorageRefused(
            f"{path} cannot be written ({e.strerror}): run this with sudo, or name another --out.",
            f"无法写入 {path}（{e.strerror}）：请用 sudo 运行，或用 --out 指定其他文件。",
            path=str(path),
        ) from e


def read_pair(
    path: Path, kind: str, sizes: tuple[tuple[int, int], tuple[int, int]] | None = None
) -> CameraPair:
    """The pair of a site file. `sizes`: width and height of both cameras' pictures, as gate.toml
    has them. PairUnknown where there is none, it is damaged, or it was made for a second camera of
    another kind or for pictures of other sizes."""
    try:
        content = json.loads(read_regular(path, BYTES_MAX))
    except FileNotFoundError as e:
        raise PairUnknown(
            f"The pair of cameras is not calibrated ({path} is missing): run {COMMAND}.",
            f"双摄像头尚未标定（缺少 {path}）：请运行 {COMMAND}。",
            path=str(path),
        ) from e
    except (OSError, ValueError, RecursionError) as e:
        raise _unreadable(path, type(e).__name__) from e
    pair = _pair_of(content)
    if pair is None:
        raise _unreadable(path, "fields")
    if content.get("kind") != kind:
        raise PairUnknown(
            f"{path} was made for a second camera of kind {content.get('kind')}, not {kind}: run "
            f"{COMMAND} again.",
            f"{path} 对应的第二摄像头类型是 {content.get('kind')}，不是 {kind}："
            f"请重新运行 {COMMAND}。",
            path=str(path),
            kind=str(content.get("kind")),
        )
    if sizes is not None and sizes != (pair.size, pair.second_size):
        raise PairUnknown(
            f"{path} was made for pictures of {pair.size} and {pair.second_size} pixels, not "
            f"{sizes[0]} and {sizes[1]}: run {COMMAND} again.",
            f"{path} 标定时的图像尺寸为 {pair.size} 和 {pair.second_size}，现在是 {sizes[0]} 和 "
            f"{sizes[1]}：请重新运行 {COMMAND}。",
            path=str(path),
            sizes=sizes,
        )
    return pair


def _unreadable(path: Path, cause: str) -> PairUnknown:
    return PairUnknown(
        f"{path} is damaged ({cause}): run {COMMAND} again.",
        f"{path} 已损坏（{cause}）：请重新运行 {COMMAND}。",
        path=str(path),
        cause=cause,
    )


def _pair_of(content: JsonValue) -> CameraPair | None:
    """None unless every field is there and within its limits."""
    if not isinstance(content, dict) or content.get("version") != VERSION:
        return None
    try:
        pair = CameraPair(
            focal_px=_number(content, "focal_px"),
            second_focal_px=_number(content, "second_focal_px"),
            size=_size(content, "size"),
            second_size=_size(content, "second_size"),
            rotation=_three(content, "rotation"),
            position_cm=_three(content, "position_cm"),
            error_px=_number(content, "error_px"),
            points=_count(content["points"]),
            scale=str(content["scale"]),
        )
    except (KeyError, TypeError, ValueError):
        return None
    return pair if pair.baseline_cm > 0 else None


def _number(content: JsonObject, name: str) -> float:
    return _within(name, content[name])


def _within(name: str, value: JsonValue) -> float:
    low, high = LIMITS[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(name)
    if not math.isfinite(value) or not low <= value <= high:
        raise ValueError(name)
    return float(value)


def _three(content: JsonObject, name: str) -> tuple[float, float, float]:
    x, y, z = content[name]
    return _within(name, x), _within(name, y), _within(name, z)


def _size(content: JsonObject, name: str) -> tuple[int, int]:
    width, height = (_count(part) for part in content[name])
    return width, height


def _count(value: JsonValue) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 10**6:
        raise ValueError(value)
    return value

"""Groups of people named by a CSV file, groups that look alike, and rates inside each of them."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gate.calibration.curves import RateCurve
from gate.calibration.intervals import AtThreshold, at_threshold
from gate.calibration.scores import Scores
from gate.calibration.template_sets import ComparisonCounts, Labels, Mask, Side
from gate.errors import InputDamaged
from gate.ports.values import TemplateRows

ENCODINGS = ("utf-8-sig", "gb18030")
"""What spreadsheets in China write."""

UNKNOWN_SHOWN = 3
TURNS = 30
PEOPLE_MIN = 30
"""A group of fewer people says nothing about a rate."""


@dataclass(frozen=True, slots=True)
class GroupRate:
    """One group at a threshold that was set on everybody."""

    group: str
    fmr: float
    people: int
    pictures: int
    pairs: int
    false_matches: int
    genuine: int
    missed: int
    interval: AtThreshold


def read_groups(path: Path, persons: Sequence[str], stems: Sequence[str]) -> dict[str, Mask]:
    """Group name to its pictures. `persons`, `stems`: of each picture of the set. The file has
    the columns person or picture, and group; further columns are left alone. InputDamaged."""
    rows = _rows(path)
    key = "person" if rows and "person" in rows[0] else "picture"
    places: dict[str, list[int]] = {}
    for n, (person, stem) in enumerate(zip(persons, stems, strict=True)):
        names = {person} if key == "person" else {stem, f"{person}/{stem}"}
        for name in names:
            places.setdefault(name, []).append(n)
    groups: dict[str, Mask] = {}
    unknown = []
    for row in rows:
        name, group = row[key].strip(), row["group"].strip()
        if name not in places:
            unknown.append(name)
        elif group:
            groups.setdefault(group, np.zeros(len(persons), bool))[places[name]] = True
    if unknown:
        raise _unknown(path, key, unknown)
    if not groups:
        raise _damaged(path, "names no group", "未包含任何分组")
    return dict(sorted(groups.items()))


def alike(side: Side, count: int, seed: int) -> dict[str, Mask]:
    """Groups of people whose templates lie together (spherical k-means on each person's mean).

    They are look-alikes to the network itself, so a harder test than any natural group.
    """
    means = person_means(side)
    means = means - means.mean(axis=0)  # what all faces share would hide what sets them apart
    rng = np.random.default_rng(seed)
    centres = means[rng.choice(len(means), count, replace=False)]
    for _ in range(TURNS):
        nearest = (means @ centres.T).argmax(axis=1)
        sums = np.stack([means[nearest == k].sum(axis=0) for k in range(count)])
        centres = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)
    return _named("look-alikes {}", nearest, side)


def by_lot(side: Side, count: int, seed: int) -> dict[str, Mask]:
    """Groups of people by lot: the control, which shows what chance alone does."""
    people = len(np.unique(side.people))
    places = np.random.default_rng(seed).permutation(np.arange(people) % count)
    return _named("by lot {}", places, side)


def person_means(side: Side) -> TemplateRows:
    """Unit mean template of each person, in the order of their labels."""
    _, place = np.unique(side.people, return_inverse=True)
    sums = np.zeros((int(place.max()) + 1, side.templates.shape[1]), np.float32)
    np.add.at(sums, place, side.templates)
    means: TemplateRows = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)
    return means


def rates_by_group(
    groups: Mapping[str, Mask],
    side: Side,
    scores: Scores,
    curve: RateCurve,
    *,
    fmrs: Sequence[float],
    seed: int,
) -> list[GroupRate]:
    """FMR and FNMR inside each group at the thresholds that the gate takes from `curve`."""
    found = []
    for group, member in groups.items():
        own = _inside(scores, side, member)
        for rate in (r for r in curve.rates if r.fmr in fmrs):
            found.append(
                GroupRate(
                    group,
                    rate.fmr,
                    len(np.unique(side.people[member])),
                    int(member.sum()),
                    own.impostor_pairs,
                    own.passing(rate.used),
                    len(own.genuine),
                    own.missed(rate.used),
                    at_threshold(own, side.people, rate.used, seed),
                )
            )
    return found


def _inside(scores: Scores, side: Side, member: Mask) -> Scores:
    """The pairs with both pictures in the group."""
    genuine = member[scores.genuine_at].all(axis=1)
    impostors = member[scores.impostors_at].all(axis=1)
    part = side.taken(np.flatnonzero(member))
    counted = (
        ComparisonCounts.of(part) if scores.counts[0].unordered else ComparisonCounts.of(part, part)
    )
    times = len(scores.counts)
    return Scores(
        scores.genuine[genuine],
        scores.impostors[impostors],
        times * round(float(counted.impostor_pairs())),
        scores.genuine_at[genuine],
        scores.impostors_at[impostors],
        (counted,) * times,
    )


def _named(pattern: str, places: Labels, side: Side) -> dict[str, Mask]:
    labels: Labels = np.unique(side.people)
    named: dict[str, Mask] = {}
    for place in np.unique(places):
        named[pattern.format(int(place) + 1)] = np.isin(side.people, labels[places == place])
    return named


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        content = path.read_bytes()
    except OSError as e:
        raise _damaged(path, f"cannot be read ({e.strerror})", f"无法读取（{e.strerror}）") from e
    for encoding in ENCODINGS:
        try:
            reader = csv.DictReader(io.StringIO(content.decode(encoding), newline=""))
            rows = [row for row in reader if any(row.values())]
        except (UnicodeDecodeError, csv.Error):
            continue
        header = [str(name).strip().lower() for name in reader.fieldnames or ()]
        if "group" not in header or not {"person", "picture"} & set(header):
            raise _damaged(
                path,
                "needs the columns person,group or picture,group",
                "须有 person,group 或 picture,group 两列",
            )
        return [dict(zip(header, (v or "" for v in r.values()), strict=False)) for r in rows]
    raise _damaged(path, "is no CSV in UTF-8 or GB 18030", "不是 UTF-8 或 GB 18030 的 CSV")


def _damaged(path: Path, how: str, how_zh: str) -> InputDamaged:
    return InputDamaged(
        f"The groups file {path} {how}: correct it.", f"分组文件 {path} {how_zh}：请更正。"
    )


def _unknown(path: Path, key: str, names: Sequence[str]) -> InputDamaged:
    first = ", ".join(names[:UNKNOWN_SHOWN]) + (" ..." if len(names) > UNKNOWN_SHOWN else "")
    what = "person" if key == "person" else "picture"
    return InputDamaged(
        f"The groups file {path} names {len(names)} {what}(s) with no picture in the folder "
        f"({first}): correct the names.",
        f"分组文件 {path} 中有 {len(names)} 个名称在图片目录中不存在（{first}）：请更正。",
        unknown=tuple(names),
    )

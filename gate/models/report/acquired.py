"""The pictures of a set that show a face, and those that do not."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gate.models.evaluation import fold_accuracy, pair_scores
from gate.models.face_set import FaceSet, Pairs, Templates
from gate.models.sides import Mask, Side, subset


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """The pictures that show a face: plain and mirrored sides, `persons` and `stems` of each.
    `failed`: names of those that do not."""

    plain: Side
    mirrored: Side
    persons: tuple[str, ...]
    stems: tuple[str, ...]
    failed: tuple[str, ...]

    def side(self, mirror: bool) -> Side:
        return self.mirrored if mirror else self.plain


def names_of(faces: FaceSet) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Person and picture name of every picture of a set."""
    persons = tuple(person for person, _ in faces.pictures)
    return persons, tuple(path.stem for _, path in faces.pictures)


def acquired(faces: FaceSet, templates: Templates) -> Faces:
    """What was found. Rates are of the pictures that show a face (ISO/IEC 19795-1: failures to
    acquire are counted apart)."""
    persons, stems = names_of(faces)
    rows = np.flatnonzero(templates.usable)
    sides = []
    for mirror in (False, True):
        side = subset(templates.side(faces.people, mirror), rows)
        sides.append(Side(side.templates, side.people, side.usable))
    failed = [f"{persons[n]}/{stems[n]}" for n in np.flatnonzero(~templates.usable)]
    return Faces(
        *sides, tuple(persons[n] for n in rows), tuple(stems[n] for n in rows), tuple(failed)
    )


def of_acquired(groups: Mapping[str, Mask], templates: Templates) -> dict[str, Mask]:
    """Groups of the pictures that show a face; a group with none is dropped."""
    kept = {group: member[templates.usable] for group, member in groups.items()}
    return {group: member for group, member in kept.items() if member.any()}


def listed_accuracy(faces: FaceSet, templates: Templates, pairs: Pairs) -> dict[str, Any]:
    """LFW's protocol on the listed pairs, raw cosine; a picture without a face never matches."""
    rates = {}
    for name, mirror in (("plain", False), ("mirrored", True)):
        side = templates.side(faces.people, mirror)
        scores = pair_scores(subset(side, pairs.one), subset(side, pairs.other))
        rates[name] = round(fold_accuracy(scores, pairs.same, pairs.folds), 5)
    return {"pairs": len(pairs.one), "folds": int(pairs.folds.max()) + 1, "accuracy": rates}

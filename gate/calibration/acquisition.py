"""The pictures of a set that show a face, and those that do not."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gate.calibration.face_set import FaceSet, Templates
from gate.calibration.findings_json import SETTINGS
from gate.calibration.lfw_pairs import Pairs
from gate.calibration.protocols import fold_accuracy
from gate.calibration.scores import pair_scores
from gate.calibration.template_sets import Mask, Side, subset
from gate.core.json_types import JsonObject
from gate.ports.values import TemplateKind


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """The pictures of which both kinds of template were made: both sides, row for row, and
    `persons` and `stems` of each. `failed`: names of those without a face, `failed_single`: of
    those in which the detector of live frames alone found none."""

    single: Side
    augmented: Side
    persons: tuple[str, ...]
    stems: tuple[str, ...]
    failed: tuple[str, ...]
    failed_single: tuple[str, ...] = ()

    def probes(self, kind: TemplateKind) -> Side:
        """The side of the probes of `kind`."""
        return self.augmented if kind is TemplateKind.AUGMENTED else self.single


def names_of(faces: FaceSet) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Person and picture name of every picture of a set."""
    persons = tuple(person for person, _ in faces.pictures)
    return persons, tuple(path.stem for _, path in faces.pictures)


def acquired(faces: FaceSet, templates: Templates) -> Faces:
    """What was found. Rates are of the pictures that show a face (ISO/IEC 19795-1: failures to
    acquire are counted apart)."""
    persons, stems = names_of(faces)
    found = templates.side(faces.people, TemplateKind.AUGMENTED).usable
    both = found & templates.side(faces.people, TemplateKind.SINGLE).usable
    rows = np.flatnonzero(both)
    people, usable = faces.people[rows], np.ones(len(rows), bool)
    single, augmented = (
        Side(t[rows], people, usable) for t in (templates.single, templates.augmented)
    )
    return Faces(
        single,
        augmented,
        tuple(persons[n] for n in rows),
        tuple(stems[n] for n in rows),
        _named(persons, stems, ~found),
        _named(persons, stems, found & ~both),
    )


def _named(persons: tuple[str, ...], stems: tuple[str, ...], where: Mask) -> tuple[str, ...]:
    return tuple(f"{persons[n]}/{stems[n]}" for n in np.flatnonzero(where))


def of_acquired(
    groups: Mapping[str, Mask], faces: FaceSet, templates: Templates
) -> dict[str, Mask]:
    """Groups of the pictures that show a face; a group with none is dropped."""
    sides = (templates.side(faces.people, kind) for kind in TemplateKind)
    usable = np.logical_and(*(side.usable for side in sides))
    kept = {group: member[usable] for group, member in groups.items()}
    return {group: member for group, member in kept.items() if member.any()}


def listed_accuracy(faces: FaceSet, templates: Templates, pairs: Pairs) -> JsonObject:
    """LFW's protocol on the listed pairs, raw cosine, probes of either kind; a picture without
    a face never matches."""
    references = subset(templates.side(faces.people, TemplateKind.AUGMENTED), pairs.other)
    rates = {}
    for kind in TemplateKind:
        probes = subset(templates.side(faces.people, kind), pairs.one)
        accuracy = fold_accuracy(pair_scores(probes, references), pairs.same, pairs.folds)
        rates[SETTINGS[kind]] = round(accuracy, 5)
    return {"pairs": len(pairs.one), "folds": int(pairs.folds.max()) + 1, "accuracy": rates}

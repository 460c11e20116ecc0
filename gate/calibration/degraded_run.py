"""The work of exam-gate calibrate DIR --degraded: frames of bad days against ticket photos."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from gate.calibration.degraded_frames import degraded
from gate.calibration.degraded_protocol import (
    CONDITIONS,
    FRAMES,
    TICKETS,
    Condition,
    StandIn,
    drawn,
    portrait,
    varied,
)
from gate.calibration.exact_interval import exact_interval
from gate.calibration.face_set import read_face_set
from gate.calibration.live_attempts import SeenFrame, attempts, seen
from gate.calibration.live_figures import Show
from gate.calibration.live_run import FILE_MAX
from gate.calibration.live_scores import Cohort, Count, SeenPerson
from gate.calibration.machine import what_ran
from gate.calibration.quality_bins import ScoredProbe, by_quality
from gate.calibration.report.degraded_page import degraded_page
from gate.calibration.run import check_writable, setting_and_networks, write_files
from gate.core.exam import FacePolicy
from gate.core.json_types import JsonObject
from gate.core.reasons import Reason
from gate.errors import InputRejected, PhotoRejected
from gate.models.face_track import is_crowded
from gate.models.frame_analysis import FrameAnalysis
from gate.models.match_attempt import MatchTables
from gate.models.matching import COHORT, compare
from gate.models.photo_file import decode_photo
from gate.models.portrait import PortraitJudge
from gate.models.still_pictures import StillPictures
from gate.platform.printable_text import printable
from gate.platform.regular_file import read_regular
from gate.ports import Face, Picture, Template
from gate.ports.values import TemplateKind


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """One person: the picture for the frames with its face, and a template for each ticket size."""

    name: str
    picture: Picture
    face: Face
    tickets: tuple[Template | None, ...]


def run_degraded(
    folder: Path, out: Path, models: Path, *, seed: int, people: int, show: Show
) -> JsonObject:
    """Measure and write report.json and report.html. InputDamaged, InputRejected, ModelDamaged,
    StorageRefused."""
    begun = time.monotonic()
    stands, others = drawn(read_face_set(folder), people, seed)
    check_writable(out)
    judge, stills, analysis = PortraitJudge(models), StillPictures(models), FrameAnalysis(models, 1)
    placed = list[Placed]()
    for n, stand in enumerate(stands, start=1):
        one = _placed(stand, judge, stills)
        placed += [] if one is None else [one]
        show("people", n, len(stands))
    if not placed:
        raise InputRejected(
            f"Of {len(stands)} people by lot nobody has two pictures of one face: name another "
            "folder, or more people with --people.",
            f"抽取的 {len(stands)} 人中没有人具备两张单人相片：请另选目录或增加 --people。",
        )
    cohort = _cohort(others, judge, stills, show)
    report = _measured(placed, cohort, analysis, seed, show) | setting_and_networks()
    name = printable(folder.resolve().name)
    report["set"] = {
        "name": name,
        "people": len(placed),
        "left_out": len(stands) - len(placed),
        "cohort": len(cohort.templates),
        "frames_each": FRAMES,
        "target": FacePolicy().fmr,
    }
    report["made"] = what_ran(begun, seed, f"exam-gate calibrate {name} --degraded --seed {seed}")
    write_files(report, degraded_page(report), out)
    return report


def _measured(
    placed: Sequence[Placed], cohort: Cohort, analysis: FrameAnalysis, seed: int, show: Show
) -> JsonObject:
    tables, policy = MatchTables.load(), FacePolicy()
    rows, scored, tickets = list[JsonObject](), list[ScoredProbe](), list[JsonObject]()
    for n, condition in enumerate(CONDITIONS):
        show("conditions", n, len(CONDITIONS))
        people = [(p, _frames(p, condition, analysis, seed)) for p in placed]
        rows.append(_row(condition, people, cohort, policy, tables))
        scored += _scored(people, cohort, policy, tables)
        if condition.how == CONDITIONS[0].how:
            tickets = _by_ticket(people, cohort, policy, tables)
    show("conditions", len(CONDITIONS), len(CONDITIONS))
    return {"conditions": rows, "tickets": tickets, "quality": by_quality(scored)}


Shown = Sequence[tuple[Placed, list[SeenFrame]]]


def _frames(
    person: Placed, condition: Condition, analysis: FrameAnalysis, seed: int
) -> list[SeenFrame]:
    found = []
    for n in range(FRAMES):
        make = partial(degraded, person.picture, person.face, varied(condition.how, n), seed + n)
        found.append(seen(analysis, make))
    return found


def _row(
    condition: Condition,
    people: Shown,
    cohort: Cohort,
    policy: FacePolicy,
    tables: MatchTables,
) -> JsonObject:
    frames = [f for _, shown in people for f in shown]
    refused = [f.refused_as for f in frames if not f.accepted]
    single, whole = Count(), Count()
    for person, shown in people:
        one = _seen_person(person, shown)
        if one is None:
            continue
        own = cohort.reference(one, one.name)
        table = tables.of(TemplateKind.SINGLE)
        probes = [f.single.template for f in shown if f.accepted and f.single is not None]
        single.add([compare(own, p, 1, policy.fmr, table).passed for p in probes])
        ended = [e.judged for e in attempts(shown, own, policy, tables) if e.judged.frames]
        whole.add([j.reason is Reason.OK for j in ended])
    helped = sum(r in condition.right for r in refused)
    return {
        "name": condition.name,
        "zh": condition.zh,
        "excused": condition.excused,
        "frames": len(frames),
        "accepted": len(frames) - len(refused),
        "frame": single.fnmr(),
        "attempt": whole.fnmr(),
        "refused": dict(Counter(str(r) for r in refused).most_common()),
        "right": list(condition.right),
        "right_advice": helped,
        "right_interval": exact_interval(helped, len(refused)),
    }


def _scored(
    people: Shown, cohort: Cohort, policy: FacePolicy, tables: MatchTables
) -> list[ScoredProbe]:
    """Each accepted frame against its own ticket photo and against everybody else's."""
    table = tables.of(TemplateKind.SINGLE)
    everyone = [one for p, shown in people if (one := _seen_person(p, shown)) is not None]
    found = []
    for person in everyone:
        probes = [f.single for f in person.frames if f.accepted and f.single is not None]
        others = [cohort.reference(o, person.name) for o in everyone if o is not person]
        own = cohort.reference(person, person.name)
        for probe in probes:
            matched = [compare(r, probe.template, 1, policy.fmr, table).passed for r in others]
            passed = compare(own, probe.template, 1, policy.fmr, table).passed
            found.append(ScoredProbe(probe.quality, passed, sum(matched), len(matched)))
    return found


def _by_ticket(
    people: Shown, cohort: Cohort, policy: FacePolicy, tables: MatchTables
) -> list[JsonObject]:
    """Sound frames against ticket photos of each size."""
    table = tables.of(TemplateKind.SINGLE)
    rows = []
    for n, size in enumerate(TICKETS):
        count, unusable = Count(), 0
        for person, shown in people:
            one = _seen_person(person, shown, n)
            if one is None:
                unusable += 1
                continue
            own = cohort.reference(one, one.name)
            probes = [f.single.template for f in shown if f.accepted and f.single is not None]
            count.add([compare(own, p, 1, policy.fmr, table).passed for p in probes])
        rows.append({"name": size.name, "unusable": unusable, **count.fnmr()})
    return rows


def _seen_person(person: Placed, shown: Sequence[SeenFrame], size: int = 0) -> SeenPerson | None:
    template = person.tickets[size]
    return None if template is None else SeenPerson(person.name, template, tuple(shown))


def _placed(stand: StandIn, judge: PortraitJudge, stills: StillPictures) -> Placed | None:
    """None where either picture shows no face to work with. Also where a second person stands in
    the one for the frames: the gate rightly turns such frames away."""
    found = []
    for path in (stand.ticket, stand.live):
        try:
            picture = decode_photo(read_regular(path, FILE_MAX))
        except (PhotoRejected, OSError):
            return None
        face = stills.most_central_face(picture)
        if face is None:
            return None
        found.append((picture, face))
    if is_crowded(stills.faces(found[-1][0])):
        return None
    (ticket, ticket_face), (picture, face) = found
    cut = portrait(ticket, ticket_face.box)
    return Placed(stand.name, picture, face, tuple(_enrolled(judge, s.of(cut)) for s in TICKETS))


def _enrolled(judge: PortraitJudge, jpeg: bytes) -> Template | None:
    try:
        return judge.enrol(jpeg).template
    except PhotoRejected:
        return None


def _cohort(
    others: Sequence[Path], judge: PortraitJudge, stills: StillPictures, show: Show
) -> Cohort:
    """200 ticket photos of other people. Fewer: none, and the gate's strict raw score."""
    rows: list[Template] = []
    for path in others:
        show("cohort", len(rows), COHORT)
        if len(rows) == COHORT:
            break
        try:
            picture = decode_photo(read_regular(path, FILE_MAX))
            face = stills.most_central_face(picture)
        except (InputRejected, OSError):
            continue
        template = None
        if face is not None:
            template = _enrolled(judge, TICKETS[0].of(portrait(picture, face.box)))
        rows += [] if template is None else [template]
    stacked = np.stack(rows) if rows else np.zeros((0, 128), np.float32)
    return Cohort(stacked.astype(np.float32), ("",) * len(rows))

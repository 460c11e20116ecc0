"""The work of exam-gate calibrate: pictures in, report.html, report.json and the table out."""

import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gate.calibration.acquisition import acquired, listed_accuracy, names_of, of_acquired
from gate.calibration.against_table import evaluate
from gate.calibration.face_set import FaceSet, Templates, embed_set, read_face_set
from gate.calibration.findings import calibrate, setting
from gate.calibration.groups import read_groups
from gate.calibration.lfw_pairs import Pairs, read_pairs
from gate.calibration.machine import what_ran
from gate.calibration.report.against_page import evaluation_page
from gate.calibration.report.page import calibration_page
from gate.calibration.template_sets import Mask
from gate.core.json_types import JsonObject
from gate.errors import StorageRefused
from gate.models.calibration_table import TABLE, as_toml, read_table
from gate.models.live_detection import NEAR, WHOLE
from gate.models.network_files import load_manifest
from gate.models.still_pictures import RECOGNISER, STILL_DETECTOR, StillPictures
from gate.platform.durable_files import write_file

SHIPPED = "shipped"
BEYOND = 0.005
"""Share of a set's probes that is too rare for the thresholds to speak of."""
Show = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Job:
    """What the command was asked for."""

    folder: Path
    out: Path
    groups: Path | None
    pairs: bool | None
    against: str | None
    models: Path
    seed: int


def run(job: Job, show: Show) -> JsonObject:
    """Measure and write. Every input is read before the long part, so that a fault in a small
    file does not cost the hour. InputRejected, ModelDamaged, StorageRefused."""
    begun = time.monotonic()
    faces = read_face_set(job.folder)
    pairs = _pairs(job, faces)
    groups = {} if job.groups is None else read_groups(job.groups, *names_of(faces))
    against = None if job.against is None else read_table(_table(job.against))
    check_writable(job.out)
    stills, *helpers = (StillPictures(job.models) for _ in os.sched_getaffinity(0))
    templates = embed_set(faces, stills, lambda done, total: show("faces", done, total), helpers)
    report = measure(faces, templates, groups, against, seed=job.seed, show=show)
    report["listed"] = pairs and listed_accuracy(faces, templates, pairs)
    report["set"]["name"] = job.folder.resolve().name
    report["made"] = _made(job, begun)
    write(report, job.out)
    return report


def measure(
    faces: FaceSet,
    templates: Templates,
    groups: dict[str, Mask],
    against: JsonObject | None,
    *,
    seed: int,
    show: Show,
) -> JsonObject:
    """From templates to figures; without files, so that stored templates can be measured too."""
    found = acquired(faces, templates)
    named = of_acquired(groups, faces, templates)
    if against is None:
        figures = calibrate(found, named, seed, show)
    else:
        figures = evaluate(found, against, named, seed=seed, show=show)
    counts = np.unique(faces.people, return_counts=True)[1]
    return {
        **setting_and_networks(),
        "set": {
            "pictures": len(faces.pictures),
            "people": len(counts),
            "people_with_two": int((counts > 1).sum()),
            "failed": list(found.failed),
            "failed_quick": list(found.failed_single),
            "feature_norm_least": least_feature_norm(templates),
        },
        **figures,
    }


def least_feature_norm(templates: Templates) -> float | None:
    """The feature norm that `BEYOND` of the probes fall short of; None where there is no probe. A
    probe with less is unlike those that the thresholds were measured on."""
    norms = [q.feature_norm for q in templates.qualities if q is not None and q.feature_norm]
    return round(float(np.quantile(norms, BEYOND)), 2) if norms else None


def setting_and_networks() -> JsonObject:
    """What the gate runs in, and the SHA-256 of the networks that were measured."""
    names = (STILL_DETECTOR, WHOLE, NEAR, RECOGNISER)
    outputs = [load_manifest().output(name) for name in names]
    networks = [{"name": o.name, "sha256": o.sha256} for o in outputs]
    asked = setting()
    return {"model": asked["model"], "setting": asked, "networks": networks}


def write(report: JsonObject, out: Path) -> None:
    """The files of a report. A table only where thresholds were measured. StorageRefused."""
    if "verdict" in report:
        write_files(report, evaluation_page(report), out)
    else:
        write_files(report, calibration_page(report), out, {"calibration.toml": as_toml(report)})


def write_files(
    report: JsonObject, page: str, out: Path, also: Mapping[str, str] | None = None
) -> None:
    """report.json, report.html and others by name. StorageRefused."""
    text = json.dumps(report, ensure_ascii=False, separators=(",", ":"))
    try:
        for name, content in {"report.json": text, "report.html": page, **(also or {})}.items():
            write_file(out / name, content.encode(), 0o644)
    except OSError as e:
        raise _unwritable(out, e) from e


def check_writable(out: Path) -> None:
    """Before the long part, not after it. StorageRefused."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        probe = out / f".{os.getpid()}.tmp"
        probe.touch()
        probe.unlink()
    except OSError as e:
        raise _unwritable(out, e) from e


def _unwritable(out: Path, error: OSError) -> StorageRefused:
    return StorageRefused(
        f"The folder {out} cannot be written ({error.strerror}): name another with --out.",
        f"{out} 无法写入（{error.strerror}）：请用 --out 指定其他文件夹。",
    )


def _pairs(job: Job, faces: FaceSet) -> Pairs | None:
    listed = job.folder / "pairs.txt"
    wanted = listed.exists() if job.pairs is None else job.pairs
    return read_pairs(listed, faces) if wanted else None


def _table(name: str) -> Path:
    return TABLE if name == SHIPPED else Path(name)


def _made(job: Job, begun: float) -> JsonObject:
    options = [f"--seed {job.seed}"]
    options += [f"--groups {job.groups.name}"] if job.groups else []
    options += [f"--against {Path(job.against).name}"] if job.against else []
    name = job.folder.resolve().name
    return what_ran(begun, job.seed, f"exam-gate calibrate {name} {' '.join(options)}")

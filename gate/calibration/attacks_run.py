"""The work of exam-gate calibrate --attacks: recordings in, the site's weights or a refusal out."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gate.calibration.attack_fit import (
    APCER_MAX,
    BPCER_MAX,
    Fit,
    Levels,
    Presentation,
    fit_site,
)
from gate.calibration.attack_frames import SeenRecording, presentations, see
from gate.calibration.attack_recordings import ATTACKS, KINDS, LIVE, read_attack_folder
from gate.calibration.exact_interval import exact_interval
from gate.calibration.machine import what_ran
from gate.calibration.odd_file import OddFile
from gate.calibration.report.attacks_page import attacks_page
from gate.calibration.run import check_writable, write_files
from gate.core.json_types import JsonObject
from gate.core.liveness import FRAMES, THRESHOLDS
from gate.errors import InputDamaged, StorageRefused
from gate.models.liveness.site_calibration import FILE_NAME, site_file
from gate.platform.printable_text import printable

PEOPLE_MIN = 5
Show = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class AttacksJob:
    """What the command was asked for."""

    folder: Path
    out: Path
    models: Path


def run_attacks(job: AttacksJob, show: Show) -> JsonObject:
    """Measure; write the report, and `liveness.toml` where the site can be calibrated. InputDamaged
    (no folder, too few people, no attack), ModelDamaged, StorageRefused."""
    begun = time.monotonic()
    recordings, odd = read_attack_folder(job.folder)
    check_writable(job.out)
    seen, unusable = see(recordings, job.models, lambda done, total: show("frames", done, total))
    odd = (*odd, *unusable)
    fitted = presentations(seen)
    people = len({p.person for p in fitted if p.is_live})
    _require_enough(job.folder, fitted, people)
    fit = fit_site(fitted)
    report = _report(job, seen, fitted, fit, odd)
    report["people"] = people
    command = f"exam-gate calibrate --attacks {report['set']['name']}"
    report["made"] = what_ran(begun, 0, command)
    _write(job.out, report, fit)
    return report


def _require_enough(folder: Path, fitted: Sequence[Presentation], people: int) -> None:
    """InputDamaged."""
    live = sum(p.is_live for p in fitted)
    if people < PEOPLE_MIN:
        raise InputDamaged(
            f"{folder}/live shows {people} people in {live} recordings with a face: at least "
            f"{PEOPLE_MIN} different people are needed.",
            f"{folder}/live 的 {live} 段录像中只有 {people} 人：至少需要 {PEOPLE_MIN} 人。",
            people=people,
        )
    if live == len(fitted):
        raise InputDamaged(
            f"{folder} shows no attack with a face: record prints, screens or masks as they were "
            "shown to the gate, in print/, replay/ or mask/.",
            f"{folder} 中没有可用的攻击录像：请在 print/、replay/ 或 mask/ 中放入录像。",
        )


def _report(
    job: AttacksJob,
    seen: Sequence[SeenRecording],
    fitted: Sequence[Presentation],
    fit: Fit,
    odd: Sequence[OddFile],
) -> JsonObject:
    makers = np.array([_five(s.makers) for s in seen]) - THRESHOLDS["network"]
    site = _rates(fit.levels, fitted)
    allowed = {kind: BPCER_MAX if kind == LIVE else APCER_MAX for kind in KINDS}
    over = [r["kind"] for r in site if r["rate"] > allowed[r["kind"]]]
    living, attacks = _sides(fit.levels, fitted)
    return {
        "set": {
            "name": printable(job.folder.resolve().name),
            "recordings": len(seen),
            "frames": sum(len(s.logits) for s in seen),
        },
        "not_shown": [k for k in ATTACKS if k not in {p.kind for p in fitted}],
        "makers": _rates(makers, fitted),
        "site": site,
        "weights": list(fit.calibration.weights),
        "constant": fit.calibration.constant,
        "verdict": "overlap" if over else "calibrated",
        "overlapping": over,
        "gap": float(living.min() - attacks.max()),
        "allowed": {"bpcer": BPCER_MAX, "apcer": APCER_MAX},
        "odd": [{"where": printable(o.where), "en": o.en, "zh": o.zh} for o in odd],
    }


def _sides(levels: Levels, fitted: Sequence[Presentation]) -> tuple[Levels, Levels]:
    live = np.array([p.is_live for p in fitted])
    return levels[live], levels[~live]


def _rates(levels: Levels, fitted: Sequence[Presentation]) -> list[JsonObject]:
    """Of each kind that was shown: how many recordings were judged wrong at 0. `levels`: (n,)."""
    found: list[JsonObject] = []
    for kind in KINDS:
        values = [v for v, p in zip(levels, fitted, strict=True) if p.kind == kind]
        if values:
            wrong = sum((v >= 0) != (kind == LIVE) for v in values)
            found.append(
                {
                    "kind": kind,
                    "rate_name": "BPCER" if kind == LIVE else "APCER",
                    "wrong": int(wrong),
                    "recordings": len(values),
                    "rate": wrong / len(values),
                    "interval": list(exact_interval(int(wrong), len(values))),
                }
            )
    return found


def _five(scores: Sequence[float]) -> float:
    """The mean of as many as the gate averages, spread evenly."""
    count = min(FRAMES, len(scores))
    return float(np.mean([scores[round(n)] for n in np.linspace(0, len(scores) - 1, count)]))


def _write(out: Path, report: JsonObject, fit: Fit) -> None:
    """StorageRefused."""
    site = {}
    if report["verdict"] == "calibrated":
        site[FILE_NAME] = site_file(fit.calibration, _about(report))
    else:
        _remove(out / FILE_NAME)
    write_files(report, attacks_page(report), out, site)


def _remove(earlier: Path) -> None:
    """A site file of an earlier run does not hold any more. StorageRefused."""
    try:
        earlier.unlink(missing_ok=True)
    except OSError as e:
        raise StorageRefused(
            f"{earlier} is of an earlier run and cannot be removed ({e.strerror}): delete it.",
            f"{earlier} 属于之前的运行，无法删除（{e.strerror}）：请手动删除。",
            path=str(earlier),
        ) from e


def _about(report: JsonObject) -> str:
    lines = [
        "# The liveness pair at this site, by exam-gate calibrate --attacks.",
        "# Its place is the unit's state folder. Rates are of people who had no part in the fit.",
        f"# {report['made']['date']}, {report['people']} people, {report['set']['frames']} frames",
    ]
    for r in report["site"]:
        low, high = r["interval"]
        lines.append(
            f"# {r['rate_name']} {r['kind']}: {r['wrong']} of {r['recordings']}, "
            f"95% from {low:.1%} to {high:.1%}"
        )
    lines += [f"# {kind} was not shown: nothing is known of it" for kind in report["not_shown"]]
    return "\n".join(lines)

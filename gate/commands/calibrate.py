"""exam-gate calibrate: thresholds by false match rate from a set of faces."""

from pathlib import Path
from typing import Annotated

import typer

_Dir = Annotated[Path, typer.Argument(help="Folder of person folders (LFW's layout).")]
_Out = Annotated[Path | None, typer.Option(help="File to write; default: standard output.")]
_Models = Annotated[Path | None, typer.Option(help="Folder of the networks.")]
_Seed = Annotated[int, typer.Option(help="Draws of cohorts and fused probes.")]


def calibrate(
    folder: _Dir, out: _Out = None, models: _Models = None, seed: _Seed = 1, threads: int = 1
) -> None:
    """Thresholds at FMR 1e-2 to 1e-6 on the faces in DIR, by the gate's pipeline. 标定阈值。"""
    from gate.commands.progress import with_progress
    from gate.models.calibration import as_toml, measure
    from gate.models.face_set import embed_set, read_face_set
    from gate.models.files import default_folder
    from gate.models.matching import MODEL
    from gate.models.stills import Stills

    faces = read_face_set(folder)
    if out is not None:
        _check_writable(out)  # before the hours of work, not after
    stills = Stills(models or default_folder(), threads)
    with with_progress("embed") as show:
        templates = embed_set(faces, stills, show)
    curves = []
    for mirror in (False, True):
        curves += measure(templates.side(faces.people, mirror), mirror, seed)
    text = as_toml(curves, MODEL, _header(folder, faces.people.max() + 1, templates.usable, seed))
    if out is None:
        print(text, end="")
    else:
        out.write_text(text, encoding="utf-8")
        print(f"calibrate: {len(curves)} curves in {out}")


def _check_writable(out: Path) -> None:
    from gate.errors import StorageRefused

    try:
        out.open("a").close()
    except OSError as e:
        raise StorageRefused(
            f"{out} cannot be written ({e.strerror}): name another place with --out.",
            f"{out} 无法写入（{e.strerror}）：请用 --out 指定其他位置。",
        ) from e


def _header(folder: Path, people: int, usable: object, seed: int) -> str:
    import numpy as np

    from gate.models.stills import RECOGNISER, STILL_DETECTOR

    found = np.asarray(usable)
    return (
        f"Thresholds by false match rate, written by exam-gate calibrate {folder.name} "
        f"(seed {seed}).\n"
        f"{len(found)} pictures of {people} people, {int((~found).sum())} without a face; "
        f"{STILL_DETECTOR}, {RECOGNISER}.\n"
        "pairs: impostor pairs behind a curve; tar: share of genuine pairs accepted."
    )

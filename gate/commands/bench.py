"""exam-gate bench: accuracy on faces, speed of the pipeline, of the journal, of a card read."""

import json
from pathlib import Path
from typing import Annotated

import typer

from gate.core.json_types import JsonObject

app = typer.Typer(no_args_is_help=True, help="Accuracy and speed, measured. 实测。")

_Pairs = Annotated[Path, typer.Option(help="Person folders and pairs.txt in LFW's format.")]
_Json = Annotated[bool, typer.Option("--json", help="Only a JSON object on standard output.")]
_Models = Annotated[Path | None, typer.Option(help="Folder of the networks.")]
_Count = Annotated[int, typer.Option(min=2, help="How many are measured.")]
_Picture = Annotated[Path | None, typer.Option(help="A picture with a face.")]


@app.command("faces")
def faces(
    pairs: _Pairs,
    as_json: _Json = False,
    models: _Models = None,
    seed: int = 1,
) -> None:
    """Fold accuracy, true accept rates at false match rates and times of each setting, what
    several frames buy, quality bounds. 人脸准确率。"""
    from os import sched_getaffinity

    from gate.bench.faces import report
    from gate.calibration.face_set import embed_set, read_face_set
    from gate.calibration.lfw_pairs import read_pairs
    from gate.commands.progress import with_progress
    from gate.models.network_files import default_folder
    from gate.models.still_pictures import StillPictures

    face_set = read_face_set(pairs)
    listed = read_pairs(pairs / "pairs.txt", face_set)
    stills, *helpers = (StillPictures(models or default_folder()) for _ in sched_getaffinity(0))
    with with_progress("faces") as show:
        templates = embed_set(face_set, stills, show, helpers)
    result = report(face_set, listed, templates, seed)
    print(json.dumps(result) if as_json else _table(result))


def _table(result: JsonObject) -> str:
    lines = [
        f"{result['pictures']} pictures of {result['people']} people, "
        f"{result['failed_to_acquire']} without a face"
    ]
    for name, block in (("raw cosine", result), ("s-norm", result["snorm"])):
        if isinstance(block, dict):
            lines.append(f"{name}: accuracy {block['accuracy']:.4f}")
            for fmr, tar in block["tar"].items():
                if tar is not None:
                    threshold = block["threshold"][fmr]
                    lines.append(f"  FMR {fmr}: TAR {tar:.4f} at {threshold:.4f}")
    for name, block in result["settings"].items():
        tar = ", ".join(f"{r} {v:.4f}" for r, v in block["tar"].items() if v is not None)
        lines.append(f"{name}: accuracy {block['accuracy']:.4f}; TAR {tar}; {block['ms']} ms")
    for name, rows in result["frames"].items():
        for row in rows:
            misses = ", ".join(f"{r} {v:.2%}" for r, v in row["fnmr"].items())
            lines.append(f"{name}, {row['frames']} fused: FNMR {misses} ({row['people']} people)")
    if looks := result["looks"]:
        lines.append(
            f"an attempt of several looks at {looks['target']:g}: FMR {looks['fmr_of_all']:.1e}, "
            f"FNMR {looks['fnmr']:.2%}, at once {looks['at_once']:.1%}"
        )
    lines.append(f"milliseconds (median): {result['ms']}")
    lines.append("quality bound: share turned away; genuine missed at 1e-4 with, without")
    for bound, rates in result["quality"].items():
        lines.append(f"  {bound}: {' '.join(str(rate) for rate in rates.values())}")
    return "\n".join(lines)


@app.command("quality")
def quality(
    *,
    faces: Annotated[Path, typer.Option(help="A folder a person, four pictures or more each.")],
    as_json: _Json = False,
    models: _Models = None,
    frames: Annotated[int, typer.Option(min=90, help="How many frames are drawn.")] = 1080,
    seed: int = 1,
    ideal_min: Annotated[float, typer.Option(help="Of the ideal's gain at 10%.")] = 0.71,
) -> None:
    """Does quality predict a miss? Frames of a bad day against ticket pictures: what each measure
    leaves of the misses, and which advice is given. Exit 1 where the score gains less than
    `ideal_min` of what can be gained. 质量评分试验。"""
    from gate.calibration.face_set import read_face_set
    from gate.calibration.quality_rejection import figures, share_of_ideal
    from gate.calibration.quality_samples import SampleDrawer
    from gate.commands.progress import with_progress
    from gate.models.frame_analysis import FrameAnalysis
    from gate.models.matching import RAW, Thresholds
    from gate.models.network_files import default_folder
    from gate.models.still_pictures import StillPictures

    folder, face_set = models or default_folder(), read_face_set(faces)
    drawer = SampleDrawer(face_set, FrameAnalysis(folder, 1), StillPictures(folder))
    with with_progress("frames") as show:
        samples = list(drawer.samples(frames, seed, show))
    result = figures(samples, Thresholds.load().threshold(1e-4, 1, RAW))
    print(json.dumps(result) if as_json else "\n".join(_quality_lines(result)))
    if share_of_ideal(result) < ideal_min:
        raise typer.Exit(1)


def _quality_lines(result: JsonObject) -> list[str]:
    lines = [
        f"{result['frames']} frames of {result['people']} people, {result['without_a_face']} "
        f"without a face, {result['missed']:.1%} missed at {result['threshold']}",
        "missed after the worst 5, 10, 20% are turned away",
    ]
    lines += [
        f"  {name}: {' '.join(f'{rate:.1%}' for rate in rates)}"
        for name, rates in result["misses"].items()
    ]
    lines += [
        f"  by the bound of the other half of the people: {row['rejected']:.1%} turned away, "
        f"{row['missed']:.1%} missed"
        for row in result["halves"]
    ]
    for name, row in result["conditions"].items():
        advice = ", ".join(f"{word} {count}" for word, count in row["advice"].items())
        lines.append(
            f"{name}: {row['frames']} frames, {row['without_a_face']} without a face, "
            f"{row['compared']} compared, {row['missed']} of them missed, "
            f"{row['false_matches']} like somebody else; {advice or 'no advice'}"
        )
    return lines


@app.command("pipeline")
def pipeline(
    as_json: _Json = False,
    picture: _Picture = None,
    models: _Models = None,
    rounds: _Count = 100,
    ratio_max: float = 1.15,
) -> None:
    """Finder, alignment and recogniser on one 640x480 frame against the three bare networks, on
    one and two threads; resident memory. Exit 1 if medians and fastest rounds both lie above the
    largest ratio allowed. 流水线速度。"""
    from gate.bench.pipeline import as_frame, measure
    from gate.models.network_files import default_folder
    from gate.models.photo_file import decode_photo

    frame = as_frame(decode_photo(_bytes_of(picture or _astronaut())))
    folder = models or default_folder()
    runs = [measure(folder, frame, threads, rounds) for threads in (1, 2)]
    print(json.dumps({"runs": runs}) if as_json else "\n".join(map(_line, runs)))
    if any(min(run["ratio"], run["ratio_of_the_fastest_tenth"]) > ratio_max for run in runs):
        raise typer.Exit(1)


@app.command("handover")
def handover(
    faces: Annotated[Path, typer.Option(help="PERSON_1.jpg, PERSON_2.jpg; or person folders.")],
    as_json: _Json = False,
    models: _Models = None,
    trials: Annotated[int, typer.Option(min=2, help="How many handovers are tried.")] = 220,
    stranger_max_s: Annotated[float, typer.Option(help="From the card to REFER.")] = 6.0,
) -> None:
    """The owner looks, another takes the place, the card is laid: how often is the wrong one let
    in, what does a genuine person wait. Exit 1 if ever one is, or a stranger takes longer than
    allowed. 换人冒用试验。"""
    from gate.bench.handover import measure
    from gate.commands.progress import with_progress
    from gate.models.network_files import default_folder

    with with_progress("handover") as show:
        result = measure(faces, models or default_folder(), trials, show)
    print(json.dumps(result) if as_json else "\n".join(f"{k}: {v}" for k, v in result.items()))
    slowest = result["stranger_s"]
    if result["wrong"] or (slowest and slowest["max"] > stranger_max_s):
        raise typer.Exit(1)


@app.command("action")
def action(
    faces: Annotated[
        Path | None, typer.Option(help="A folder of portraits; frames are drawn with them too.")
    ] = None,
    *,
    as_json: _Json = False,
    models: _Models = None,
    trials: Annotated[
        int, typer.Option(min=2, help="Of each sort, and looks at photographs.")
    ] = 200,
    whole: Annotated[int, typer.Option(min=2, help="Drawn trials of each sort.")] = 60,
    seed: int = 1,
    heads_min: Annotated[float, typer.Option(help="Share of people to be accepted.")] = 0.95,
) -> None:
    """Photographs that are turned, bent or shaken, and recordings of another order, against the
    ordered action; people who do it sloppily. Exit 1 if ever an attack is accepted, or too few
    people are. 动作活体检测试验。"""
    from gate.bench.action import measure_drawn, measure_geometry
    from gate.commands.progress import with_progress
    from gate.models.network_files import default_folder

    result = {"geometry": measure_geometry(trials, seed)}
    if faces is not None:
        with with_progress("action") as show:
            result["drawn"] = measure_drawn(
                faces, models or default_folder(), trials, whole, seed=seed, show=show
            )
    print(json.dumps(result) if as_json else "\n".join(_action_lines(result)))
    attacks = [part[sort]["accepted"] for part in result.values() for sort in _ATTACK_SORTS]
    attacks += [
        part["looks_at_photographs"]["taken_for_a_turn"]
        for name, part in result.items()
        if name == "drawn"
    ]
    people = [part["heads"] for part in result.values()]
    if any(attacks) or any(p["accepted"] < heads_min * p["trials"] for p in people):
        raise typer.Exit(1)


_ATTACK_SORTS = ("photographs", "replays")


def _action_lines(result: dict[str, JsonObject]) -> list[str]:
    lines = []
    for part, figures in result.items():
        for sort, found in figures.items():
            shown = str(found)
            if isinstance(found, dict) and "trials" in found:
                shown = f"{found['accepted']} of {found['trials']} accepted; {found['endings']}"
            lines.append(f"{part}, {sort}: {shown}")
    return lines


@app.command("second-camera")
def second_camera(
    *,
    as_json: _Json = False,
    planes: Annotated[int, typer.Option(min=6, help="Sheets: flat, bent, folded, tilted.")] = 500,
    heads: Annotated[int, typer.Option(min=1, help="Heads of all shapes.")] = 500,
    seed: int = 1,
    processes: Annotated[int, typer.Option(min=1, max=64)] = 1,
    refused_max: Annotated[float, typer.Option(help="Share of heads that may be refused.")] = 0.01,
    cases: Annotated[
        Path | None,
        typer.Option(help="A file that takes up each case that ends; a later run goes on from it."),
    ] = None,
) -> None:
    """Rendered sheets and heads before a second colour camera, 40 to 120 cm away: how many sheets
    pass, how many heads do not. Exit 1 if ever a sheet does, or too many heads do not.
    双目活体试验。"""
    from gate.bench.second_camera import measure
    from gate.bench.second_camera_cases import EndedCases
    from gate.commands.progress import with_progress

    ended = None if cases is None else EndedCases(cases)
    with with_progress("second camera") as show:
        result = measure(planes, heads, seed, processes, ended=ended, show=show)
    print(json.dumps(result) if as_json else "\n".join(f"{k}: {v}" for k, v in result.items()))
    if result["planes"]["accepted"] or result["heads"]["refused"] > refused_max * heads:
        raise typer.Exit(1)


@app.command("near-infrared")
def near_infrared(
    faces: Annotated[Path, typer.Option(help="PERSON_1.jpg, PERSON_2.jpg; or person folders.")],
    *,
    as_json: _Json = False,
    models: _Models = None,
    cases: Annotated[int, typer.Option(min=1, help="Of each kind.")] = 72,
    seed: int = 1,
) -> None:
    """Faces, screens and prints before a near-infrared second camera whose frames are made from
    the physics, not photographed. Exit 1 if a screen or a dye print passes.
    近红外活体试验（图像按物理规律合成）。"""
    from gate.bench.near_infrared import STOPPED, measure
    from gate.commands.progress import with_progress
    from gate.models.network_files import default_folder

    with with_progress("near infrared") as show:
        result = measure(faces, models or default_folder(), cases, seed, show)
    print(json.dumps(result) if as_json else "\n".join(f"{k}: {v}" for k, v in result.items()))
    if any(result["kinds"][kind]["accepted"] for kind in STOPPED):
        raise typer.Exit(1)


@app.command("journal")
def journal(
    as_json: _Json = False,
    folder: Annotated[Path, typer.Option(help="A folder on the disk to measure.")] = Path(),
    appends: _Count = 1000,
    ratio_max: Annotated[float, typer.Option(help="Median append to median bare write.")] = 3.0,
    start_max_s: Annotated[float, typer.Option(help="Start with 100,000 events.")] = 2.0,
) -> None:
    """Append and commit against a bare 4 kB write and fdatasync, by turns; start, append and memory
    with 0, 10,000 and 100,000 events. Exit 1 above what is allowed. 日志速度。"""
    from gate.bench.journal import measure

    result = measure(folder, appends)
    print(json.dumps(result) if as_json else "\n".join(map(_grown_line, result["grown"])))
    if result["ratio_worst"] > ratio_max or result["start_worst_ms"] > 1e3 * start_max_s:
        raise typer.Exit(1)


def _grown_line(found: dict[str, float]) -> str:
    return (
        f"{found['events']:>7.0f} events: start {found['start_ms']:.0f} ms "
        f"(CPU: {found['start_cpu_ms']:.0f}), append "
        f"{found['append_median']:.3f} ms (95 %: {found['append_p95']:.3f}), bare "
        f"{found['bare_median']:.3f} ms, ratio {found['ratio']:.2f}; "
        f"resident {found['resident_mib']:.0f} MiB"
    )


@app.command("uplink")
def uplink(
    as_json: _Json = False,
    folder: Annotated[Path, typer.Option(help="A folder on the disk to measure.")] = Path(),
    events: Annotated[
        int | None, typer.Option(help="One backlog of so many events, not compared.")
    ] = None,
    ratio_max: float = 1.25,
    more_mb_max: float = 8.0,
) -> None:
    """CPU of a sent batch and resident memory with 100,000 unsent events against 7,000. Exit 1
    where they grow with the backlog. 积压发送开销。"""
    from gate.bench.uplink import alone, compare

    result = alone(folder, events) if events else compare(folder)
    print(json.dumps(result) if as_json else "\n".join(f"{k}: {v}" for k, v in result.items()))
    if not events and (result["cpu_ratio"] > ratio_max or result["rss_more_mb"] > more_mb_max):
        raise typer.Exit(1)


CARD_RATIO_MAX, CARD_EVENT_MAX_MS, CARD_POLLING_MAX_PERCENT = 1.05, 3.0, 1.0


@app.command("card")
def card(
    as_json: _Json = False,
    cards: _Count = 40,
    polling_s: Annotated[float, typer.Option(min=0.1, help="Of each look at the cost.")] = 20.0,
) -> None:
    """A whole read against the time of its bytes on the wire, last byte to event, and what looking
    for a card costs. Exit 1 above the largest values allowed. 读卡速度。"""
    from gate.bench.card_reader import measure

    result = measure(cards, polling_s)
    print(json.dumps(result) if as_json else "\n".join(f"{k}: {v}" for k, v in result.items()))
    reads = (result["wire"], result["module"])
    slow = any(
        r["ratio"] > CARD_RATIO_MAX or r["last_byte_to_event_ms"] > CARD_EVENT_MAX_MS for r in reads
    )
    busiest = max(result["polling"]["empty_percent"], result["polling"]["lying_percent"])
    if slow or busiest > CARD_POLLING_MAX_PERCENT:
        raise typer.Exit(1)


def _bytes_of(picture: Path) -> bytes:
    from gate.errors import InputDamaged

    try:
        return picture.read_bytes()
    except OSError as e:
        raise InputDamaged(
            f"{picture} cannot be read ({e.strerror}): name a JPEG or PNG with --picture.",
            f"无法读取 {picture}（{e.strerror}）：请用 --picture 指定 JPEG 或 PNG 图片。",
        ) from e


def _line(run: JsonObject) -> str:
    return (
        f"{run['runtime']}, {run['threads']} thread(s): whole {run['whole_ms']:.2f} ms, bare "
        f"{run['bare_ms']:.2f} ms, ratio {run['ratio']:.3f}, in the fastest tenth "
        f"{run['ratio_of_the_fastest_tenth']:.3f}; {run['ms']}; "
        f"resident {run['resident_mb']['now']:.0f} MiB"
    )


def _astronaut() -> Path:
    """Eileen Collins, as scikit-image ships her; found without importing the package."""
    from importlib.util import find_spec

    from gate.errors import UsageError

    spec = find_spec("skimage")
    place = Path(spec.origin).parent / "data" / "astronaut.png" if spec and spec.origin else None
    if place is None or not place.exists():
        raise UsageError(
            "A picture with a face is needed: name one with --picture, or install scikit-image.",
            "需要一张有人脸的图片：请用 --picture 指定，或安装 scikit-image。",
        )
    return place

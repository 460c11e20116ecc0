"""exam-gate rehearse: staff walk through, consenting, and nothing is stored but scores."""

import asyncio
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gate.config.settings import DEFAULT
from gate.core.json_types import JsonFields

if TYPE_CHECKING:
    from gate.calibration.live_attempts import SeenFrame
    from gate.calibration.live_scores import Cohort
    from gate.calibration.rehearsal import Rehearsal, Visit
    from gate.config.settings import Settings
    from gate.ports import Camera, Template
    from gate.roster.open_roster import InstalledRoster

_Config = Annotated[Path, typer.Option(help="The unit's gate.toml. 配置文件。")]
_Out = Annotated[Path, typer.Option(help="File of the scores; readable by this user only.")]
_Conditions = Annotated[str, typer.Option(help="In your words, such as 'morning, sun from left'.")]
_Simulate = Annotated[
    bool, typer.Option("--simulate", help="A simulated camera: type a picture's path at Enter.")
]

CONSENT = (
    "Person {n}: does this person agree that scores of their face are kept, and no picture? [y/N], "
    "or the number of who walks again. "
    "第 {n} 人：是否同意只记录人脸得分、不保存图像？或输入编号再走一次："
)
REFERENCE = (
    "Ticket number, or Enter to take a first picture as the reference. "
    "准考证号，或按回车拍摄参照相片："
)
FIRST = "Enter when the person looks into the camera (first picture). 请正视摄像头后按回车："
WALK = "Step away, come back, then Enter. 请离开后重新走近，再按回车："


def rehearse(
    *,
    out: _Out = Path("rehearsal.json"),
    config: _Config = DEFAULT,
    conditions: _Conditions = "",
    simulate: _Simulate = False,
) -> None:
    """Staff walk through with the gate stopped: this site's own scores and rates. No picture and no
    template is stored. 演练：测量本考点的得分与错误率。"""
    from gate.calibration.rehearsal import Rehearsal
    from gate.config.settings import load

    settings = load(config)
    _refuse_while_running(settings)
    roster = None if simulate else _roster(settings)
    rehearsal = Rehearsal(_cohort_of(roster), conditions)
    try:
        with _camera(settings, simulate=simulate) as (camera, pose):
            _walk(rehearsal, settings, roster, camera, pose)
    finally:  # a camera that fails must not cost the walks before
        if rehearsal.visits:
            figures = rehearsal.figures()
            _write(out, figures)
            _print(figures, out)
    if not rehearsal.visits:
        print("Nobody walked through: nothing is written. 无人参加：未写入文件。")


def _walk(
    rehearsal: "Rehearsal",
    settings: "Settings",
    roster: "InstalledRoster | None",
    camera: "Camera",
    pose: Callable[[str], None],
) -> None:
    """One person after another until nobody agrees any more, or the input ends."""
    from gate.calibration.rehearsal import walked_through
    from gate.models.frame_analysis import FrameAnalysis

    analysis = FrameAnalysis(settings.paths.models, settings.camera.threads)
    look = partial(walked_through, camera, analysis, _told)
    try:
        while visit := _begun(rehearsal, roster, look, pose):
            pose(_asked(WALK))
            rehearsal.visits.append(replace(visit, frames=look()))
            taken = rehearsal.visits[-1].frames
            print(f"\nPerson {visit.person}: {sum(f.accepted for f in taken)} of {len(taken)}")
    except EOFError:
        print()


def _begun(
    rehearsal: "Rehearsal",
    roster: "InstalledRoster | None",
    look: "Callable[[], tuple[SeenFrame, ...]]",
    pose: Callable[[str], None],
) -> "Visit | None":
    """The next visit with its reference, still without frames; None where nobody agrees. EOFError,
    CameraMissing, FrameTimeout, InputRejected."""
    from gate.calibration.rehearsal import Visit, reference_of

    number = 1 + max((v.person for v in rehearsal.visits), default=0)
    while True:
        answer = _asked(CONSENT.format(n=number)).lower()
        earlier = rehearsal.reference(int(answer)) if answer.isdecimal() else None
        if earlier is not None:
            return earlier
        if answer not in ("y", "yes", "是"):
            return None
        ticket = _asked(REFERENCE)
        if ticket:
            template = _of_ticket(roster, ticket)
        else:
            pose(_asked(FIRST))
            template = reference_of(look())
            if template is None:
                print("\nNo good first picture: once more. 参照相片不可用，请重试。")
        if template is not None:
            return Visit(number, "ticket" if ticket else "first-picture", template, ())


def _told(frame: "SeenFrame") -> None:
    """A dot for an accepted frame, else the advice."""
    print("." if frame.accepted else f" {frame.refused_as} ", end="", flush=True)


def _asked(question: str) -> str:
    """The answer, without blanks. EOFError at the end of the input."""
    print(question, end="", flush=True)
    answer = sys.stdin.readline()
    if not answer:
        raise EOFError
    return answer.strip()


def _refuse_while_running(settings: "Settings") -> None:
    """CameraMissing where the gate answers on its socket: two programs cannot own the camera."""
    from gate.errors import CameraMissing, NetworkFault
    from gate.platform.json_lines import ask

    try:
        asyncio.run(ask(settings.paths.runtime / "staff.sock", {"do": "status"}))
    except NetworkFault:
        return
    raise CameraMissing(
        "The gate runs and owns the camera: stop it first, sudo systemctl stop exam-gate.",
        "闸机程序正在运行并占用摄像头：请先执行 sudo systemctl stop exam-gate。",
    )


def _roster(settings: "Settings") -> "InstalledRoster | None":
    from gate.wiring import rosters_of

    return rosters_of(settings).refresh()


def _cohort_of(roster: "InstalledRoster | None") -> "Cohort":
    """The cohort of the installed roster; an empty one where there is none."""
    import numpy as np

    from gate.calibration.live_scores import Cohort

    rows = None if roster is None else roster.cohort
    if rows is None:
        return Cohort(np.zeros((0, 128), np.float32), ())
    return Cohort(rows, ("",) * len(rows))


def _of_ticket(roster: "InstalledRoster | None", ticket: str) -> "Template | None":
    """The reference of that candidate; None, with one sentence, where there is none."""
    from gate.errors import NoSuchEntry

    if roster is None:
        print("No roster is installed: take a first picture. 未安装名册：请拍摄参照相片。")
        return None
    try:
        found = asyncio.run(roster.find_typed("ticket", ticket, ()))
    except NoSuchEntry as e:
        print(f"{e.en} {e.zh}")
        return None
    if found.reference is None:
        print("This candidate has no ticket photo: take a first picture. 该考生没有准考证相片。")
        return None
    return found.reference.template


@contextmanager
def _camera(
    settings: "Settings", *, simulate: bool
) -> Iterator[tuple["Camera", Callable[[str], None]]]:
    """The camera, open, and what an answer does to a simulated one: it shows the picture that was
    typed. CameraMissing."""
    from gate.drivers.simulated.camera import SimulatedCamera
    from gate.wiring import real_camera

    if not simulate:
        with real_camera(settings.camera) as real:
            yield real, lambda _: None
        return
    shown = settings.camera
    with SimulatedCamera(shown.width, shown.height, shown.fps) as camera:
        yield camera, lambda path: camera.person([Path(path)])


def _write(out: Path, figures: JsonFields) -> None:
    """StorageRefused."""
    from gate.commands.output_file import write_output

    write_output(out, json.dumps(figures, ensure_ascii=False).encode(), 0o600)


def _print(figures: JsonFields, out: Path) -> None:
    from gate.calibration.live_words import least_words
    from gate.calibration.number_text import percent, rate_name

    scores = sorted(v["score"] for v in figures["visits"] if v["score"] is not None)
    print("Own scores 本人得分: " + (", ".join(f"{s:.3f}" for s in scores) or "none 无"))
    closest = ", ".join(f"{c['score']:.3f}" for c in figures["closest"])
    print("Closest others 他人最高得分: " + (closest or "none 无"))
    site = figures["site"]
    for row in (r for r in site["rates"] if r["rate"] == site["set"]["target"]):
        own = row["attempt"]["own"]
        low, high = (percent(e) for e in own["interval"])
        print(
            f"FNMR at {rate_name(row['rate'])}: {own['missed']} of {own['tried']} attempts, "
            f"{percent(own['rate'])} (95%: {low} to {high}) 拒识率"
        )
    for en, zh in least_words(site):
        print(f"{en}\n{zh}")
    if any(v["reference"] == "first-picture" for v in figures["visits"]):
        print(
            "First pictures are of today: ticket photos are older, so real scores will be lower. "
            "参照相片摄于当天，实际得分会更低。"
        )
    print(f"rehearse: {out}")

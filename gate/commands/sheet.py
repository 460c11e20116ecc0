"""exam-gate sheet: the seat-photo sheet of one room, from the running gate."""

import base64
from pathlib import Path
from typing import Annotated

import typer

from gate.commands.output_file import write_output
from gate.commands.staff import Config, Runtime, socket_of
from gate.commands.staff_pin import told_as
from gate.config.settings import DEFAULT


def sheet(
    *,
    paper: Annotated[str, typer.Option(help="Id of the paper, such as 00015-am. 科目。")],
    room: Annotated[str, typer.Option(help="The room. 考场。")],
    out: Annotated[Path, typer.Option(help="The PDF to write. 输出文件。")],
    by: Annotated[
        str | None,
        typer.Option(envvar="EXAM_GATE_STAFF", help="Staff id, where the roster has staff."),
    ] = None,
    config: Config = DEFAULT,
    runtime: Runtime = None,
) -> None:
    """Seat-photo sheet of one room: photo, name, seat, state and a box to sign. 考场图像单。"""
    made = told_as(socket_of(config, runtime), by, {"ask": "sheet", "paper": paper, "room": room})
    write_output(out, base64.b64decode(made["pdf"]), 0o600)

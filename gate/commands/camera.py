"""exam-gate camera: the pair of cameras is calibrated, and the board for it printed."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gate.config.settings import DEFAULT

if TYPE_CHECKING:
    from gate.calibration.pair_views import Pictures
    from gate.config.settings import Settings

app = typer.Typer(no_args_is_help=True, help="The second camera: calibrate. 第二摄像头：标定。")

CAPTURE_S = 2.0


class Side(StrEnum):
    """Where the second camera is, looking the way the cameras look."""

    LEFT = "left"
    RIGHT = "right"


@app.command()
def board(
    out: Annotated[Path, typer.Argument(help="A PNG to be printed at its own size.")] = Path(
        "board.png"
    ),
) -> None:
    """Draws the board for `pair`: print it at 100% on A4 and glue it to something flat.
    生成标定板。"""
    from PIL import Image

    from gate.calibration.dot_board import COLUMNS, SPACING_CM, board_picture
    from gate.errors import UsageError

    dots_per_inch = 300
    try:
        Image.fromarray(board_picture(dots_per_inch / 2.54)).save(
            out, "PNG", dpi=(dots_per_inch, dots_per_inch)
        )
    except OSError as e:
        raise UsageError(
            f"{out} cannot be written ({e.strerror}): name another file.",
            f"无法写入 {out}（{e.strerror}）：请换一个文件名。",
            path=str(out),
        ) from e
    wide = SPACING_CM * (COLUMNS - 1)
    print(
        f"{out}: print at 100%; from the first to the last dot of a row must be {wide:g} cm "
        f"请按 100% 打印，首尾圆点中心距应为 {wide:g} 厘米"
    )


@app.command()
def pair(
    *,
    config: Annotated[Path, typer.Option(help="The unit's gate.toml. 配置文件。")] = DEFAULT,
    pictures: Annotated[
        Path | None,
        typer.Option(help="Pictures taken before: DIR/first/NAME with DIR/second/NAME."),
    ] = None,
    side: Annotated[
        Side, typer.Option(help="Where the second camera is, as the cameras look.")
    ] = Side.RIGHT,
    seconds: Annotated[
        float, typer.Option(min=5, max=600, help="How long the cameras look.")
    ] = 60.0,
    view_degrees: Annotated[
        float,
        typer.Option(min=20, max=150, help="Angle of view across, of the first camera's sheet."),
    ] = 66.0,
    models: Annotated[Path | None, typer.Option(help="Folder of the networks.")] = None,
    out: Annotated[Path | None, typer.Option(help="The site's file; else as gate.toml.")] = None,
) -> None:
    """Calibrates the pair of cameras, with the gate stopped: show the printed board, tilted this
    way and that, from 40 cm to a metre. Without a board let several people walk up and look into
    the camera. 标定双摄像头。"""
    from gate.calibration.pair_views import pair_of, pictures_in, read_pictures
    from gate.commands.progress import with_progress
    from gate.config.settings import load
    from gate.errors import ConfigInvalid
    from gate.models.liveness.camera_pair_file import write_pair
    from gate.models.still_pictures import StillPictures

    settings = load(config)
    second = settings.camera.second
    if second is None:
        raise ConfigInvalid(
            f"{config} names no second camera: add [camera.second] with kind and device.",
            f"{config} 未配置第二摄像头：请添加 [camera.second]，写明 kind 和 device。",
            path=str(config),
            faults=("camera.second: missing",),
        )
    with ExitStack() as stack:
        listed = None if pictures is None else pictures_in(pictures)
        stills = StillPictures(models or settings.paths.models)
        show = stack.enter_context(with_progress("pictures, matched"))
        source = (
            read_pictures(listed, lambda path: print(f"left out 已跳过: {path}"))
            if listed is not None
            else stack.enter_context(_Both(settings)).pictures(seconds)
        )
        found = pair_of(
            source,
            stills.faces,
            kind=second.kind,
            side=side.value,
            focal_px=None,
            view_degrees=view_degrees,
            show=show,
        )
    target = out or second.pair
    write_pair(target, found, second.kind, datetime.now().date().isoformat())
    print(
        f"{target}: {found.baseline_cm:.1f} cm apart, {found.points} points of a {found.scale}, "
        f"{found.error_px:.2f} pixels off 相距 {found.baseline_cm:.1f} 厘米，误差 "
        f"{found.error_px:.2f} 像素"
    )


class _Both(ExitStack):
    """Both cameras, opened. CameraMissing, SecondCameraMissing."""

    def __init__(self, settings: "Settings") -> None:
        super().__init__()
        self._settings = settings

    def __enter__(self) -> "_Both":
        from gate.errors import CameraMissing
        from gate.models.liveness.second_camera_state import missing
        from gate.wiring import real_camera, real_second_camera

        super().__enter__()
        with ExitStack() as opened:
            self._first = opened.enter_context(real_camera(self._settings.camera))
            second, table = real_second_camera(self._settings.camera), self._settings.camera.second
            if second is None or table is None:
                raise TypeError("no second camera in the settings")
            try:
                self._second = opened.enter_context(second)
            except CameraMissing as e:
                raise missing(table.kind, table.device) from e
            self.push(opened.pop_all())
        return self

    def pictures(self, seconds: float) -> Iterator["Pictures"]:
        """Frames of both cameras, one after the other, for so long. FrameTimeout."""
        from time import monotonic

        from gate.models.picture_arrays import as_rgb

        ends = monotonic() + seconds
        while monotonic() < ends:
            first = self._first.capture(CAPTURE_S)
            second = self._second.capture(CAPTURE_S)
            yield as_rgb(first.pixels), as_rgb(second.pixels)

"""exam-gate selftest: is this unit ready for an exam day?"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gate.commands import selftest_board
from gate.config.settings import DEFAULT

if TYPE_CHECKING:
    from gate.config.settings import Settings


@dataclass(frozen=True)
class Warned:
    """What a check says that passes and must be read all the same."""

    said: str


Check = tuple[str, str, Callable[["Settings"], str | Warned]]


def selftest(
    config: Annotated[Path, typer.Option(help="The unit's gate.toml. 配置文件。")] = DEFAULT,
    only: Annotated[
        list[str] | None,
        typer.Option(
            help="Only these: clock storage board keys certificate models roster liveness broker "
            "reader scanners camera second-camera signals."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Try every part once, with the gate stopped; the exit code is the first failure's. 自检。"""
    from gate.config.settings import load
    from gate.errors import GateError, UsageError

    settings = load(config)
    names = [name for name, _, _ in CHECKS]
    unknown = sorted(set(only or []) - set(names))
    if unknown:
        raise UsageError(
            f"No check called {', '.join(unknown)}: there are {', '.join(names)}.",
            f"没有名为 {', '.join(unknown)} 的检查项，可选：{', '.join(names)}。",
        )
    worst = 0
    told = []
    for name, zh, check in CHECKS:
        if only and name not in only:
            continue
        try:
            found = check(settings)
            said, mark = (found.said, "WARN") if isinstance(found, Warned) else (found, "ok  ")
        except GateError as e:
            said, mark = f"{e.en} {e.zh}", "FAIL"
            worst = worst or e.exit_code
        told.append({"check": name, "result": mark.strip().lower(), "said": said})
        if not as_json:
            print(f"{mark} {name} {zh}: {said}")
    if as_json:
        print(json.dumps({"ready": not worst, "checks": told}, ensure_ascii=False))
    raise typer.Exit(worst)


def _clock(settings: "Settings") -> "str | Warned":
    """Days before an exam an empty battery can still be changed."""
    from gate.core.clock_trust import distrust, warnings
    from gate.drivers.clock import SystemClock
    from gate.drivers.rtc import BoardClockWatch

    board, reason = BoardClockWatch().look(), distrust(SystemClock().now())
    found = [f"{en} {zh}" for zh, en in warnings(reason, board, 0.0)]
    return Warned("; ".join(found)) if found else f"trusted; board's clock: {board.value}"


def _warned(found: tuple[str, bool]) -> "str | Warned":
    said, must_be_read = found
    return Warned(said) if must_be_read else said


def _storage(settings: "Settings") -> "str | Warned":
    said, slow = selftest_board.storage(settings.paths.state)
    life = selftest_board.disk_life()
    return _warned((f"{said}; {life}" if life else said, slow))


def _board(_: "Settings") -> "str | Warned":
    from gate.drivers.board_vitals import read_board

    return _warned(selftest_board.heat(read_board()))


def _certificate(settings: "Settings") -> "str | Warned":
    from gate.drivers.clock import SystemClock

    now = SystemClock().now()
    path = settings.mqtt.certificate
    return _warned(selftest_board.certificate(path, now.at if now.trusted else None))


def _keys(settings: "Settings") -> str:
    from gate.roster.keys import read_key

    keys = settings.keys
    for path, what in (
        (keys.signing, "this unit's signing key"),
        (keys.sealing, "this unit's sealing key"),
        (keys.office, "the office's public key"),
        (keys.examiner, "the chief examiner's public key"),
    ):
        read_key(path, what)
    return "four keys read"


def _models(settings: "Settings") -> str:
    from gate.errors import ModelDamaged
    from gate.models.network_files import build_command, verify

    faults = verify(settings.paths.models)
    if faults:
        raise ModelDamaged(
            faults[0], f"模型文件不完整：请运行 {build_command(settings.paths.models)}。"
        )
    return f"whole in {settings.paths.models}; {selftest_board.invoked(settings.paths.models)}"


def _roster(settings: "Settings") -> str:
    from gate.core.exam import liveness_asked
    from gate.drivers.clock import SystemClock
    from gate.errors import ExpiryRefused, InputDamaged
    from gate.wiring import rosters_of

    roster = rosters_of(settings).refresh()
    if roster is None:
        raise InputDamaged(
            "No roster is installed: exam-gate roster install.",
            "未安装考生名册：请运行 exam-gate roster install。",
        )
    roster.close()
    now = SystemClock().now()
    if not now.trusted:
        said = "clock not trusted, so whether it has expired is not known 时钟未校准"
        return f"{roster.version}; {said}; liveness {liveness_asked(roster.exam)}"
    if now.at >= roster.expires:
        raise ExpiryRefused(
            f"{roster.version} has expired: install the coming exam's roster.",
            f"名册 {roster.version} 已过期：请安装本次考试的名册。",
        )
    return f"{roster.version}; liveness {liveness_asked(roster.exam)}"


def _liveness(settings: "Settings") -> "str | Warned":
    """What the exam asks for and this unit does not judge must not be found out on the day."""
    from gate.core.exam import liveness_asked
    from gate.models.liveness.layer_set import LayerSet, asked_and_judged
    from gate.wiring import liveness_layers, rosters_of

    roster = rosters_of(settings).refresh()
    asked = liveness_asked(None if roster is None else roster.exam)
    if roster is not None:
        roster.close()
    layers = LayerSet.build(liveness_layers(settings))
    said = asked_and_judged(asked, layers)
    return Warned(said) if layers.fitted.lacks(asked) else said


def _reader(settings: "Settings") -> str:
    from gate.drivers.card_reader.serial_link import probe

    return probe(settings.reader.port, settings.reader.baud)


def _scanners(settings: "Settings") -> str:
    from gate.drivers.card_reader.serial_link import probe as probe_reader
    from gate.drivers.scanners.scanner_port import probe

    found = [
        probe_reader(s.port, s.reader_baud) if s.kind == "sdt" else probe(s.name, s.port, s.baud)
        for s in settings.source
    ]
    return "; ".join(found) or "none in gate.toml"


def _camera(settings: "Settings") -> "str | Warned":
    from gate.wiring import real_camera

    with real_camera(settings.camera) as camera:
        frame = camera.capture(timeout_s=5.0)
    return _warned(selftest_board.picture(frame.pixels))


def _second_camera(settings: "Settings") -> str:
    """Whether both see one scene shows only with people before them: the gate's status says it."""
    from gate.errors import CameraMissing, FrameTimeout
    from gate.models.liveness.second_camera_state import missing
    from gate.wiring import pair_of, real_second_camera

    second = settings.camera.second
    opened = real_second_camera(settings.camera)
    if second is None or opened is None:
        return "none in gate.toml"
    try:
        with opened as camera:
            frame = camera.capture(timeout_s=5.0)
    except (CameraMissing, FrameTimeout) as e:
        raise missing(second.kind, second.device) from e
    pair = pair_of(settings.camera)
    height, width = frame.pixels.shape[:2]
    return f"{second.kind}, {width}x{height}, {pair.baseline_cm:.1f} cm aside"


def _signals(settings: "Settings") -> str:
    import asyncio

    from gate.wiring import real_signals

    async def claim() -> None:
        async with real_signals(settings.signals):
            pass

    asyncio.run(claim())
    return "lines claimed and released"


CHECKS: tuple[Check, ...] = (
    ("clock", "时钟", _clock),
    ("storage", "存储", _storage),
    ("board", "主板", _board),
    ("keys", "密钥", _keys),
    ("certificate", "证书", _certificate),
    ("models", "模型", _models),
    ("roster", "名册", _roster),
    ("liveness", "活体检测", _liveness),
    ("broker", "消息服务器", selftest_board.broker),
    ("reader", "读卡器", _reader),
    ("scanners", "扫码器", _scanners),
    ("camera", "摄像头", _camera),
    ("second-camera", "第二摄像头", _second_camera),
    ("signals", "指示灯", _signals),
)

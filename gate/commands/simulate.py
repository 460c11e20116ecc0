"""exam-gate simulate: stand-ins for hardware, for anybody's program to be tried against."""

import shlex
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gate.errors import InputRejected, UsageError

if TYPE_CHECKING:
    from gate.drivers.simulated.line_module import LineModule
    from gate.drivers.simulated.sdt_module import SdtModule

app = typer.Typer(no_args_is_help=True, help="Simulated hardware. 模拟硬件。")

WORDS = """\
lay NUMBER [NAME [VALID_TO [KIND]]]   lay a card; VALID_TO: YYYY-MM-DD, 长期 or unknown;
                                      KIND: resident, residence-permit or foreigner
lift                                  take it away
fault NAME on|off                     begin or end a fault: {faults}
quit                                  end, as the end of the input does"""


@app.command()
def reader(
    port: Annotated[Path, typer.Option(help="Where the link to the pseudo-terminal is made.")],
    mode: Annotated[str, typer.Option(help="sticky, alternate or free: cards found again.")] = (
        "sticky"
    ),
    latency: Annotated[
        float, typer.Option(min=0, help="1: as slow as a real module; 0: no.")
    ] = 1.0,
) -> None:
    """The ID-card module (SDT protocol) on a pseudo-terminal; typed lines lay cards. 模拟读卡器"""
    from gate.drivers.simulated.sdt_chip import Mode
    from gate.drivers.simulated.sdt_module import FAULTS, SdtModule

    if mode not in list(Mode):
        raise UsageError(
            f"No mode {mode!r}: use one of {', '.join(Mode)}.",
            f"没有模式 {mode!r}：可用 {'、'.join(Mode)}。",
        )
    with SdtModule(port, mode=Mode(mode), latency_scale=latency) as module:
        print(f"reader at {module.port}\n{WORDS.format(faults=' '.join(FAULTS))}", flush=True)
        obey(sys.stdin, module)


LINE_WORDS = """\
scan TEXT                             send it once; a zone's lines with / between them
lay TEXT                              a tag that stays: sent ten times a second
lift                                  take it away
fault NAME on|off                     begin or end a fault: {faults}
quit                                  end, as the end of the input does"""


@app.command()
def line(
    port: Annotated[Path, typer.Option(help="Where the link to the pseudo-terminal is made.")],
    kind: Annotated[str, typer.Option(help="qr, line, rfid or mrz: what a payload is.")] = "qr",
    end: Annotated[str, typer.Option(help="crlf, cr, lf, or the text after a payload.")] = "crlf",
    baud: Annotated[int, typer.Option(min=300, help="The pace of the bytes.")] = 9600,
) -> None:
    """A scanner on a pseudo-terminal; typed lines are scanned. 模拟扫码器"""
    from gate.drivers.simulated.line_module import FAULTS, KINDS, LineModule

    if kind not in KINDS:
        raise UsageError(
            f"No kind {kind!r}: use one of {', '.join(KINDS)}.",
            f"没有类型 {kind!r}：可用 {'、'.join(KINDS)}。",
        )
    ends = {"crlf": "\r\n", "cr": "\r", "lf": "\n"}
    with LineModule(port, kind=kind, end=ends.get(end, end), baud=baud) as module:
        print(f"{kind} at {module.port}\n{LINE_WORDS.format(faults=' '.join(FAULTS))}", flush=True)
        obey(sys.stdin, module, do_line)


def do_line(words: list[str], module: "LineModule") -> None:
    """One line, as `LINE_WORDS`. UsageError."""
    match words:
        case ["scan", *text] if text:
            module.scan(" ".join(text))
        case ["lay", *text] if text:
            module.lay(" ".join(text))
        case ["lift"]:
            module.take_away()
        case ["fault", name, "on" | "off" as switch]:
            module.fault(name, switch == "on")
        case _:
            raise UsageError(
                f"{' '.join(words)!r} is not understood: use scan, lay, lift, fault or quit.",
                f"无法识别 {' '.join(words)!r}：可用 scan、lay、lift、fault、quit。",
            )


def do(words: list[str], module: "SdtModule") -> None:
    """One line, as `WORDS`. UsageError; SdtError for what does not fit on a chip."""
    from gate.drivers.simulated.sdt_cards import card_of

    match words:
        case ["lay", number, *rest] if len(rest) <= 3:
            module.lay(card_of(number, *rest))
        case ["lift"]:
            module.lift()
        case ["fault", name, "on" | "off" as switch]:
            module.fault(name, switch == "on")
        case _:
            raise UsageError(
                f"{' '.join(words)!r} is not understood: use lay, lift, fault or quit.",
                f"无法识别 {' '.join(words)!r}：可用 lay、lift、fault、quit。",
            )


def obey(lines: Iterable[str], module: object, act: Callable[[list[str], Any], None] = do) -> None:
    """Do what the lines say until they end or one says quit; a wrong line is told and skipped."""
    for line in lines:
        try:
            words = shlex.split(line)
            if words == ["quit"]:
                return
            if words:
                act(words, module)
                print("ok", flush=True)
        except ValueError as e:  # an open quotation mark, or InputRejected, which is one
            print(e.en if isinstance(e, InputRejected) else f"{e}: mend the line.", flush=True)

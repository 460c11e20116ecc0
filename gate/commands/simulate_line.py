"""exam-gate simulate line: a scanner for anybody's driver to be tried against."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gate.commands.simulate import end_on_sigterm, obey, typed
from gate.errors import UsageError

if TYPE_CHECKING:
    from gate.drivers.simulated.line_module import LineModule

WORDS = """\
scan TEXT          send it once; a zone's lines with / between them
lay TEXT           a tag that stays: sent ten times a second
lift               take it away
fault NAME on|off  begin or end a fault: {faults}
quit               end, as the end of the input does, or SIGTERM"""

_ENDS = {"crlf": "\r\n", "cr": "\r", "lf": "\n"}


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
    end_on_sigterm()
    with LineModule(port, kind=kind, end=_ENDS.get(end, end), baud=baud) as module:
        print(f"{kind} at {module.port}\n{WORDS.format(faults=' '.join(FAULTS))}", flush=True)
        obey(typed(), module, do_line)


def do_line(words: list[str], module: "LineModule") -> None:
    """One line, as `WORDS`. UsageError."""
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

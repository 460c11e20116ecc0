"""exam-gate simulate: stand-ins for hardware, for anybody's program to be tried against."""

import os
import re
import shlex
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from gate.errors import InputDamaged, InputRejected, UsageError

if TYPE_CHECKING:
    from gate.drivers.card_reader.sdt import Request
    from gate.drivers.simulated.sdt_cards import SimulatedCard
    from gate.drivers.simulated.sdt_module import SdtModule

app = typer.Typer(no_args_is_help=True, help="Simulated hardware. 模拟硬件。")

WORDS = """\
lay NUMBER [NAME [VALID_TO [KIND]]] [FIELD=VALUE ...]
                  lay a card; VALID_TO: YYYY-MM-DD, 长期 or unknown;
                  KIND: resident, residence-permit or foreigner; FIELD: one of the text block, as
                  it is stored, letter (the type), newest (an address, up to four of
                  them) or fingers (0 to 2)
lift              take it away
fault NAME on|off begin or end a fault: {faults}
quit              end, as the end of the input does, or SIGTERM"""

_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})")
"""How half a surrogate pair is typed, within quotation marks."""

Lines = Iterable[str]
_Port = Annotated[Path, typer.Option(help="Where the link to the pseudo-terminal is made.")]
_Mode = Annotated[str, typer.Option(help="sticky, alternate or free: cards found again.")]
_Latency = Annotated[float, typer.Option(min=0, help="1: as slow as a real module; 0: no.")]
_Baud = Annotated[int, typer.Option(help="The module's speed; a client at another hears nothing.")]
_Wire = Annotated[str, typer.Option(help="perfect, one-byte, lossy or delayed.")]
_Seed = Annotated[int, typer.Option(help="Of what a lossy or delayed wire does.")]
_Fault = Annotated[list[str] | None, typer.Option(help="On from the start; may be repeated.")]
_Morning = Annotated[
    Path | None, typer.Option(help="A file of such lines, each after a pause in seconds.")
]
_Pace = Annotated[float, typer.Option(min=0.01, help="How many times as fast the morning goes.")]
_Show = Annotated[bool, typer.Option("--show", help="Tell each request as it comes.")]


@app.callback()
def simulate() -> None:
    """Keeps `reader` a word of its own, however many there are."""


@app.command()
def reader(
    *,
    port: _Port,
    mode: _Mode = "sticky",
    latency: _Latency = 1.0,
    baud: _Baud = 115200,
    wire: _Wire = "perfect",
    seed: _Seed = 1,
    fault: _Fault = None,
    morning: _Morning = None,
    pace: _Pace = 1.0,
    show: _Show = False,
) -> None:
    """The ID-card module (SDT protocol) on a pseudo-terminal; typed lines lay cards, or a file
    plays a morning of them. 模拟读卡器"""
    from gate.drivers.card_reader.sdt import BAUDS
    from gate.drivers.simulated.sdt_chip import Mode
    from gate.drivers.simulated.sdt_module import FAULTS, SdtModule
    from gate.drivers.simulated.sdt_wire import WIRES

    _one_of("mode", mode, tuple(Mode))
    _one_of("speed", str(baud), tuple(map(str, BAUDS)))
    _one_of("wire", wire, tuple(WIRES))
    script = None if morning is None else read_morning(morning)
    module = SdtModule(
        port,
        mode=Mode(mode),
        latency_scale=latency,
        baud=baud,
        wire=WIRES[wire](seed),
        heard=_tell if show else None,
    )
    end_on_sigterm()
    with module:
        for name in fault or ():
            module.fault(name, True)
        print(f"reader at {module.port}\n{WORDS.format(faults=' '.join(FAULTS))}", flush=True)
        if script is None:
            obey(typed(), module, do)
        else:
            play(script, module, pace, threading.Event().wait)


def _one_of(what: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise UsageError(
            f"No {what} {value!r}: use one of {', '.join(known)}.",
            f"没有 {what} {value!r}：可用 {'、'.join(known)}。",
        )


def _tell(request: "Request") -> None:
    name = request.command.name if request.command else request.code.hex(" ")
    print(f"asked {name}", flush=True)


def end_on_sigterm() -> None:
    """As `quit` does: the port and its link are taken away, exit 0."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))


def typed() -> Lines:
    """Lines of the standard input. Where a script or a service gave us none, its end says nothing:
    wait for SIGTERM instead."""
    if sys.stdin is not None and os.fstat(0).st_rdev != os.stat(os.devnull).st_rdev:
        yield from sys.stdin
    else:
        threading.Event().wait()


_Module = TypeVar("_Module")


def obey(lines: Lines, module: _Module, act: Callable[[list[str], _Module], None]) -> None:
    """Do what the lines say until they end or one says quit; a wrong line is told and skipped.
    `act`: what a line does to `module`."""
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


def do(words: list[str], module: "SdtModule") -> None:
    """One line, as `WORDS`. UsageError; SdtError for what does not fit on a chip."""
    match words:
        case ["lay", number, *rest]:
            module.lay(card_from(number, rest))
        case ["lift"]:
            module.lift()
        case ["fault", name, "on" | "off" as switch]:
            module.fault(name, switch == "on")
        case _:
            raise UsageError(
                f"{' '.join(words)!r} is not understood: use lay, lift, fault or quit.",
                f"无法识别 {' '.join(words)!r}：可用 lay、lift、fault、quit。",
            )


def card_from(number: str, words: list[str]) -> "SimulatedCard":
    """The chip of a `lay` line. UsageError, SdtError."""
    from gate.drivers.simulated.sdt_cards import SimulatedCard, card_of

    words = [_ESCAPE.sub(lambda found: chr(int(found[1], 16)), word) for word in words]
    plain = [w for w in words if "=" not in w]
    if len(plain) > 3:
        raise UsageError(
            "A card has number, name, end of validity and kind: quote a name with spaces.",
            "证件依次为号码、姓名、有效期、种类：姓名含空格时请加引号。",
        )
    fields: dict[str, str] = {}
    newest, fingers = [], "0"
    for name, _, value in (w.partition("=") for w in words if "=" in w):
        if name == "newest":
            newest.append(value)
        elif name == "fingers":
            fingers = value
        else:
            fields[name] = value
    _one_of("number of fingers", fingers, ("0", "1", "2"))
    card = card_of(number, *plain)
    return SimulatedCard.of(card, *newest[:4], fingers=int(fingers), **fields)


# -- a morning -------------------------------------------------------------------------------------


Morning = list[tuple[float, list[str]]]


def read_morning(path: Path) -> Morning:
    """Pauses in seconds and what follows each; `#` begins a comment. InputDamaged names the line;
    every word is tried before the first card is laid."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as e:
        raise InputDamaged(
            f"{path} cannot be read as UTF-8 text ({e}): name another file with --morning.",
            f"无法读取 {path}（{e}）：请用 --morning 指定其他文件。",
        ) from e
    return [found for n, line in enumerate(lines, 1) if (found := _timed(path, n, line))]


def _timed(path: Path, n: int, line: str) -> tuple[float, list[str]] | None:
    try:
        words = shlex.split(line, comments=True)
        if not words:
            return None
        after_s = float(words[0])
        if not 0 <= after_s < 3600:
            raise ValueError(f"a pause of {words[0]} s")
        if words[1:2] == ["lay"] and len(words) > 2:
            card_from(words[2], words[3:])
    except ValueError as e:  # InputRejected is one
        raise InputDamaged(
            f"{path}, line {n}: {e}. Write a pause in seconds, then lay, lift or fault.",
            f"{path} 第 {n} 行有误：请写停顿秒数，然后是 lay、lift 或 fault。",
            line=n,
        ) from e
    return after_s, words[1:]


def play(
    morning: Morning, module: "SdtModule", pace: float, wait: Callable[[float], object]
) -> None:
    """Each line after its pause, `pace` times as fast. UsageError, SdtError."""
    for after_s, words in morning:
        wait(after_s / pace)
        do(words, module)
        print(*words[:1], *(["…" + words[1][-2:]] if words[0] == "lay" else words[1:]), flush=True)

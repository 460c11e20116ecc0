"""exam-gate journal: look at, verify and carry away what the gate has recorded."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gate.config.settings import DEFAULT
from gate.core.reasons import MEANING, Reason
from gate.core.records import JournalEvent
from gate.errors import UsageError
from gate.platform.program_end import say

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from gate.core.journal_entries import ChainFault
    from gate.store.reading import JournalReading

app = typer.Typer(
    no_args_is_help=True, help="The gate's own log: show, verify, export. 日志：查看、校验、导出。"
)

Config = Annotated[Path, typer.Option(help="The unit's gate.toml.")]
File = Annotated[
    Path | None,
    typer.Option("--journal", help="Another journal file; to export --signed, also a folder."),
]


@app.command()
def show(
    config: Config = DEFAULT,
    journal: File = None,
    last: Annotated[int, typer.Option(min=1, help="How many events.")] = 20,
) -> None:
    """The newest events as a table. 查看最近的记录。"""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from gate.platform.printable_text import printable

    with _opened(config, journal)[0] as found:
        table = Table(title=f"{found.gate} · {found.epoch} · {found.last} events")
        for name in _COLUMNS:
            table.add_column(name, justify="right" if name in ("seq", "ms") else "left")
        events = list(found.events(max(1, found.last - last + 1)))
        zoned = len({_offset(event) for event in events}) > 1
        for event in events:
            cells = (printable(cell) for cell in _row(event, zoned=zoned))
            table.add_row(*map(Text, cells))  # Text: what stands in brackets is no markup
        Console().print(table)


@app.command()
def verify(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[FILE]...", help="Exports, or a folder that was put aside; else our own."
        ),
    ] = None,
    config: Config = DEFAULT,
    journal: File = None,
    office: Annotated[
        Path | None, typer.Option(help="The office's public key, office.pub.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Whether the chain is whole and unchanged: exit 0 or 1. May run beside the gate; of exported
    files it needs no more than the files and public keys. 校验日志。"""
    from gate.commands.journal_export import is_database, verify_files
    from gate.commands.journal_verify import is_put_aside, verify_plain, verify_put_aside
    from gate.sync.plain_export import is_plain_export

    if files and len(files) == 1 and is_put_aside(files[0]):
        raise typer.Exit(verify_put_aside(files[0], as_json))
    if files and all(is_plain_export(file) for file in files):
        raise typer.Exit(verify_plain(files, as_json))
    if files and len(files) == 1 and is_database(files[0]):
        journal = files[0]
    elif files:
        raise typer.Exit(verify_files(files, config, office, as_json))
    opened, gate = _opened(config, journal)
    with opened as found:
        fault = found.fault(gate)
        said = {
            "gate": found.gate,
            "epoch": found.epoch,
            "events": found.last,
            "head": found.head,
            "receipted": found.receipt.high if found.receipt else 0,
            "chain": fault or "verified",
            **_where(found.first_fault),
        }
    if as_json:
        print(json.dumps(said))
    elif fault is None:
        say(f"{said['gate']}: {said['events']} events, chain verified 链完整, {said['head']}")
    else:
        say(f"{said['gate']}: the journal is not as it was written: {fault} 日志校验未通过")
    raise typer.Exit(0 if fault is None else 1)


@app.command()
def export(
    config: Config = DEFAULT,
    journal: File = None,
    *,
    out: Annotated[Path | None, typer.Option(help="File to write; - or none: the screen.")] = None,
    kind: Annotated[str | None, typer.Option(help="Only this kind, such as decision.")] = None,
    first: Annotated[int, typer.Option(min=1, help="From this seq on.")] = 1,
    signed: Annotated[
        bool,
        typer.Option("--signed", help="Signed, for exam-office import; --out may be a folder."),
    ] = False,
) -> None:
    """Events as JSON lines, in order. `ms` of a decision is null where the gate ended, or has
    written nothing more, before its timing was kept. 导出日志。"""
    from gate.commands.journal_export import write_out

    if signed:
        _export_signed(config, journal, out, kind, first)
        return
    with _opened(config, journal)[0] as found:
        write_out(_plain_lines(found, kind, first), out)


@app.command()
def counts(
    config: Config = DEFAULT,
    journal: File = None,
    day: Annotated[str | None, typer.Option(help="Only this day, such as 2027-04-10.")] = None,
) -> None:
    """Decisions, scores and seconds of each day, paper, roster and networks, as JSON lines: no
    face, no name, no ticket. 按日统计。"""
    from gate.core.count_figures import summary
    from gate.core.daily_counts import DailyCounts

    with _opened(config, journal)[0] as found:
        groups = DailyCounts(found.events()).groups
    for group, counted in sorted(groups.items(), key=lambda item: tuple(map(str, item[0]))):
        if day in (None, group.day):
            line = {**group._asdict(), "summary": summary(counted), **counted}
            say(json.dumps(line, ensure_ascii=False))


@app.command()
def receipt(
    file: Annotated[Path, typer.Argument(help="What exam-office import left beside the export.")],
    config: Config = DEFAULT,
) -> None:
    """Take in the office's answer to an exported journal, and say what the office has. Exit 0 where
    that is everything, else 1. 导入考试中心的回执。"""
    from gate.commands.journal_export import take_receipt

    raise typer.Exit(take_receipt(file, config))


def _export_signed(
    config: Path, journal: Path | None, out: Path | None, kind: str | None, first: int
) -> None:
    from gate.commands.journal_export import write_signed, write_signed_pieces
    from gate.commands.journal_verify import is_put_aside
    from gate.config.settings import load

    if kind is not None:
        raise UsageError(
            "A signed export holds every event: leave --kind out.",
            "签名导出包含全部记录：请去掉 --kind。",
        )
    settings = load(config)
    if journal is not None and is_put_aside(journal):
        write_signed_pieces(journal, settings, out)
        return
    with _opened(config, journal)[0] as found:
        write_signed(found, settings, out, first)


def _plain_lines(found: "JournalReading", kind: str | None, first: int) -> Iterator[bytes]:
    for event in found.events(first):
        if kind in (None, event["kind"]):
            whole = {"ms": None} | event if "outcome" in event else event
            yield json.dumps(whole, ensure_ascii=False).encode() + b"\n"


def _opened(
    config: Path, journal: Path | None
) -> tuple["AbstractContextManager[JournalReading]", str | None]:
    """The journal, and the gate it must belong to: none where only a file was named."""
    from gate.config.settings import load
    from gate.store.reading import reading

    if journal is not None and not config.exists():
        if config != DEFAULT:
            raise UsageError(f"No configuration at {config}.", f"找不到配置文件 {config}。")
        return reading(journal), None
    settings = load(config)
    return reading(journal or settings.paths.state / "journal.sqlite"), settings.unit.id


def _where(fault: "ChainFault | None") -> dict[str, object]:
    if fault is None:
        return {}
    return {
        "first_bad": fault.seq,
        "what": fault.what,
        "expected": fault.expected,
        "found": fault.found,
    }


class _Unsaid(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "…"


_COLUMNS = (
    "seq",
    "time 时间",
    "kind",
    "ticket 准考证",
    "by 来源",
    "outcome",
    "reason 原因",
    "ms",
)


def _offset(event: JournalEvent) -> str:
    return str(event["at"])[23:]


def _row(event: JournalEvent, *, zoned: bool) -> tuple[str, ...]:
    """`zoned`: the times are not all of one offset, as before the first roster, so each says its
    own."""
    known = Reason.__members__.get(str(event.get("reason")))
    said = str(event.get("reason") or event.get("detail") or "")
    if event["kind"] == "journal_begun":
        said = f"{' '.join(said.split())}; {_lost(event)}"
    if known is not None:
        zh = MEANING[known].zh.format_map(_Unsaid(event))
        said = f"{said} {zh.split('：')[0] if '…' in zh else zh}"
    total = event.get("ms", {}).get("total")
    return (
        str(event["seq"]),
        str(event["at"])[11 : None if zoned else 23]
        + ("" if event["clock"] == "trusted" else " ?"),
        str(event["kind"]),
        str(event.get("ticket") or ""),
        _whose(event),
        str(event.get("outcome") or ""),
        said,
        "" if total is None else f"{total:.0f}",
    )


def _whose(event: JournalEvent) -> str:
    """How the candidate was named, and by whom or which scanner; of a verdict, who gave it."""
    people = " ".join(str(event[k]) for k in ("by", "second", "scanner") if event.get(k))
    shown = "" if event["kind"] == "verdict" else str(event.get("source") or "")
    return f"{shown} {people}".strip()


def _lost(event: JournalEvent) -> str:
    """What the unit cannot read any more of the journal before."""
    ranges = ", ".join(f"{a} to {b}" for a, b in event.get("missing") or ())
    of = event.get("previous_epoch")
    if not ranges:
        return f"nothing known of {of} is lost"
    return f"lost here of {of}: {ranges} 缺失; the office has those up to {event['receipted']}"

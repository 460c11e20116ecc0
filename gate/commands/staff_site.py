"""exam-gate staff, of the site: rooms, one candidate, other rooms for the gate, papers, report."""

import asyncio
import base64
import json
from pathlib import Path
from typing import Annotated

import typer

from gate.commands.output_file import write_output
from gate.commands.staff import By, Config, Runtime, socket_of
from gate.commands.staff_pin import pin_for, told, told_as, told_once, with_pin
from gate.config.settings import DEFAULT
from gate.core.json_types import JsonObject
from gate.errors import UsageError
from gate.platform.program_end import say

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object.")]
MaybeBy = Annotated[
    str | None,
    typer.Option(envvar="EXAM_GATE_STAFF", help="Staff id, where the roster has staff. 操作人。"),
]
COUNTS = ("expected", "inside", "left", "absent", "doubtful")
NUMBERS = ("expected", "admitted", "inside", "left", "absent", "doubtful", "doubles")
REACTIONS = ("reactions", "reaction_median_s", "reaction_longest_s")


def rooms(
    *,
    paper: Annotated[str | None, typer.Option(help="With --room: its absent. 科目。")] = None,
    room: Annotated[str | None, typer.Option(help="The room, with --paper. 考场。")] = None,
    by: MaybeBy = None,
    config: Config = DEFAULT,
    runtime: Runtime = None,
    as_json: AsJson = False,
) -> None:
    """Counts by room; with --paper and --room who is absent there. 考场人数与缺考。"""
    path, asked = socket_of(config, runtime), {"ask": "rooms"}
    if paper is None and room is None:
        said = asyncio.run(told(path, asked))
    else:
        asked |= {k: v for k, v in (("paper", paper), ("room", room)) if v is not None}
        said = told_as(path, by, asked)
    for line in [_json(said)] if as_json else _rooms(said):
        say(line)


def find(
    *,
    ticket: Annotated[str | None, typer.Option(help="Ticket number, or its last 5.")] = None,
    id_tail: Annotated[str | None, typer.Option(help="Last 6 of the ID number.")] = None,
    seat: Annotated[str | None, typer.Option(help="Room and seat, such as 03-12.")] = None,
    by: MaybeBy = None,
    config: Config = DEFAULT,
    runtime: Runtime = None,
    as_json: AsJson = False,
) -> None:
    """One candidate: papers, rooms, seats, and whether inside. 查找考生。"""
    given = {"ticket": ticket, "id_tail": id_tail, "seat": seat}
    asked = {"ask": "find", **{k: v for k, v in given.items() if v is not None}}
    said = told_as(socket_of(config, runtime), by, asked)
    if as_json:
        say(_json(said))
        return
    say(f"{said['ticket']} {said['name']}")
    for p in said["papers"]:
        doubtful = " doubtful 存疑" if p["doubtful"] else ""
        say(f"{p['paper']} {p['room']}-{p['seat']} {p['state']}{doubtful}")


def reassign(
    rooms: Annotated[
        list[str] | None, typer.Argument(help="Rooms that it serves; none: all. 考场。")
    ] = None,
    *,
    by: By,
    config: Config = DEFAULT,
    runtime: Runtime = None,
) -> None:
    """Other rooms for this gate, from now on. 改派考场。"""
    path = socket_of(config, runtime)
    request = with_pin(path, {"do": "reassign", "rooms": rooms or [], "by": by})
    done = asyncio.run(told(path, request))
    say(f"{_listed(done['before'])} -> {_listed(done['rooms'])}")


def papers(
    ticket: Annotated[str, typer.Argument(help="Ticket number, or its last 5. 准考证号。")],
    *,
    by: By,
    shown: Annotated[
        list[str] | None, typer.Option(help="notice or health-report, each once. 已出示。")
    ] = None,
    answer: Annotated[
        list[str] | None,
        typer.Option(help="QUESTION=yes or QUESTION=no, where the report says so. 回答。"),
    ] = None,
    config: Config = DEFAULT,
    runtime: Runtime = None,
) -> None:
    """Notice and health report: what is wanting, or what was shown: exit 1 while something is
    wanting. 通知单与健康申报。"""
    path = socket_of(config, runtime)
    if shown or answer:
        seen = {"shown": shown or [], "answers": dict(_answer(a) for a in answer or [])}
        request = with_pin(path, {"do": "papers", "ticket": ticket, **seen, "by": by})
        said = asyncio.run(told(path, request))
    else:
        said = told_as(path, by, {"ask": "papers", "ticket": ticket})
    say(f"{said['ticket']} {said['paper']}")
    say(f"{said['zh']} {said['en']}" if not said["complete"] else "材料齐全。 All is in order.")
    raise typer.Exit(0 if said["complete"] else 1)


def report(
    paper: Annotated[str, typer.Argument(help="Id of the paper, such as 00015-am. 科目。")],
    *,
    sign: Annotated[
        bool, typer.Option("--sign", help="Sign these numbers, as chief examiner. 主考签字。")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Also as a PDF. 输出文件。")] = None,
    by: MaybeBy = None,
    config: Config = DEFAULT,
    runtime: Runtime = None,
    as_json: AsJson = False,
) -> None:
    """The site's numbers of a paper, signed by the chief examiner with --sign. 场次报告。"""
    path, asked = socket_of(config, runtime), {"ask": "report", "paper": paper}
    if sign and by is None:
        raise UsageError("Say who signs: --by.", "请用 --by 填写签字人。")
    pin = pin_for(path) if by and (sign or out) else None
    if sign:
        seen = asyncio.run(told(path, asked))
        request = {"do": "report", "paper": paper, "by": by, "digest": seen["digest"]}
        asyncio.run(told(path, request if pin is None else {**request, "pin": pin}))
    said = asyncio.run(told(path, asked))
    for line in [_json(said)] if as_json else _report(said):
        say(line)
    if out is not None:
        made = asyncio.run(told_once(path, by, pin, {**asked, "pdf": True}))
        write_output(out, base64.b64decode(made["pdf"]), 0o600)


def _answer(text: str) -> tuple[str, str]:
    question, _, word = text.partition("=")
    return question, word


def _rooms(said: JsonObject) -> list[str]:
    if "papers" not in said:
        head = f"{said['paper']} {said['room']} {_counts(said)}"
        return [head, *(f"{a['seat']} {a['ticket']} {a['name']}" for a in said["absent_list"])]
    return [
        f"{p['paper']} {r['room']} {_counts(r)}{'' if r['served'] else ' not served 不服务'}"
        for p in said["papers"]
        for r in p["rooms"]
    ]


def _counts(counted: JsonObject) -> str:
    return " ".join(f"{name} {counted[name]}" for name in COUNTS)


def _report(said: JsonObject) -> list[str]:
    signed = said["signed"]
    lines = [f"{name} {said[name]}" for name in NUMBERS]
    lines += [f"{name} {said[name]}" for name in REACTIONS if said[name] is not None]
    lines += [
        f"outage {o['what']} {o['since']} - {o['until'] or 'not over 未恢复'}"
        for o in said["outages"]
    ]
    if signed is None:
        return [*lines, "not signed 未签字"]
    word = "signed 已签字" if signed["same"] else "signed before the numbers changed 签字后有变化"
    return [*lines, f"{word}: {signed['by']} {signed['at']} {signed['id']}"]


def _listed(rooms: list[str]) -> str:
    return ",".join(rooms) or "all 全部"


def _json(said: JsonObject) -> str:
    return json.dumps(said, ensure_ascii=False)

"""exam-gate staff: what an invigilator asks of the running gate, from a keyboard or a keypad.

A client of staff.sock and nothing more: it needs no key, and the gate checks every request itself.
"""

import asyncio
import contextlib
import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from gate.commands.staff_pin import told, with_pin
from gate.config.settings import DEFAULT
from gate.core.json_types import JsonObject
from gate.errors import NetworkFault
from gate.platform.json_lines import Message, follow
from gate.platform.program_end import say

app = typer.Typer(
    no_args_is_help=True,
    help="Staff at the running gate: type, settle, papers, rooms, report, status. 监考员操作。",
)

DECIDED_S = 120.0
"""A typed candidate has three attempts at the face, each perhaps with an action; then there is a
decision."""

Config = Annotated[Path, typer.Option(help="The unit's gate.toml.")]
Runtime = Annotated[
    Path | None, typer.Option(help="The gate's runtime folder, instead of --config.")
]
By = Annotated[str, typer.Option(envvar="EXAM_GATE_STAFF", help="Who asks. 操作人。")]


class VerdictWord(StrEnum):
    """The two verdicts that staff may type."""

    ADMIT = "admit"
    DENY = "deny"


@app.command("type")
def type_(
    *,
    by: By,
    ticket: Annotated[str | None, typer.Option(help="Ticket number, or its last 5.")] = None,
    id_tail: Annotated[str | None, typer.Option(help="Last 6 of the ID number.")] = None,
    seat: Annotated[str | None, typer.Option(help="Room and seat, such as 03-12.")] = None,
    document: Annotated[str, typer.Option(help="Which document was seen.")] = "resident",
    valid_to: Annotated[str, typer.Option(help="Its last day, 2027-05-01, or 长期.")] = "长期",
    declined: Annotated[
        bool, typer.Option("--declined", help="The face check is declined. 不做人脸核验。")
    ] = False,
    wait: Annotated[bool, typer.Option(help="Until the decision.")] = True,
    config: Config = DEFAULT,
    runtime: Runtime = None,
) -> None:
    """A candidate whose card does not read; the face is judged as always. 手工录入。"""
    given = {"ticket": ticket, "id_tail": id_tail, "seat": seat}
    handles = {name: value for name, value in given.items() if value is not None}
    request: JsonObject = {"do": "type", **handles, "document": document, "valid_to": valid_to}
    request |= {"by": by, "declined": declined}
    path = socket_of(config, runtime)
    request = with_pin(path, request)
    if not wait:
        say(str(asyncio.run(told(path, request))["ticket"]))
        return
    decision = asyncio.run(_typed(path, request))
    say(f"{decision['outcome']} {decision['reason']} {decision['ticket']} {decision['id']}")
    raise typer.Exit(0 if decision["outcome"] == "ADMIT" else 1)


@app.command()
def settle(
    decision: Annotated[str, typer.Argument(help="The REFER's id, from status.")],
    verdict: VerdictWord,
    *,
    by: By,
    second: Annotated[str | None, typer.Option(help="Who confirms it. 复核人。")] = None,
    reason: Annotated[str, typer.Option(help="What was seen. 理由。")] = "",
    config: Config = DEFAULT,
    runtime: Runtime = None,
) -> None:
    """The last word on a REFER. 处理存疑。"""
    request = {
        "do": "settle",
        "decision": decision,
        "verdict": verdict.value,
        "by": by,
        "second": second,
        "reason": reason,
    }
    _say_signed(socket_of(config, runtime), request)


@app.command()
def sign(
    case: Annotated[str, typer.Argument(help="The id of its decision, from status.")],
    *,
    by: By,
    config: Config = DEFAULT,
    runtime: Runtime = None,
) -> None:
    """The second signature under a verdict that somebody else gave. 复核签字。"""
    _say_signed(socket_of(config, runtime), {"do": "sign", "case": case, "by": by})


@app.command()
def correct(
    decision: Annotated[str, typer.Argument(help="The REFER's id.")],
    verdict: VerdictWord,
    *,
    by: By,
    reason: Annotated[str, typer.Option(help="Why it was mistaken. 理由。")],
    config: Config = DEFAULT,
    runtime: Runtime = None,
) -> None:
    """Another verdict on a case that is settled; what was recorded stays. 更正。"""
    request = {
        "do": "correct",
        "decision": decision,
        "verdict": verdict.value,
        "by": by,
        "reason": reason,
    }
    _say_signed(socket_of(config, runtime), request)


@app.command()
def decline(by: By, config: Config = DEFAULT, runtime: Runtime = None) -> None:
    """The candidate at the gate declines the face check: two people compare. 选择人工核验。"""
    path = socket_of(config, runtime)
    given = asyncio.run(told(path, with_pin(path, {"do": "decline", "by": by})))
    say(f"declined {given['ticket'] or '-'}")


def _say_signed(path: Path, request: Message) -> None:
    """What a signature came to; where the verdict is recorded, its line first."""
    given = asyncio.run(told(path, with_pin(path, request)))
    if "outcome" in given:
        say(f"{given['outcome']} {given['reason']} {given['ticket'] or '-'} {given['id']}")
    say(f"{given['zh']} {given['en']}")


@app.command()
def acknowledge(by: By, config: Config = DEFAULT, runtime: Runtime = None) -> None:
    """Silence a REFER that flashes; it stays unsettled. 消音。"""
    asyncio.run(told(socket_of(config, runtime), {"do": "acknowledge", "by": by}))


@app.command()
def excuse(by: By, config: Config = DEFAULT, runtime: Runtime = None) -> None:
    """The candidate at the gate cannot do the action: one attempt without it. 免除动作。"""
    path = socket_of(config, runtime)
    given = asyncio.run(told(path, with_pin(path, {"do": "excuse", "by": by})))
    say(f"excused {given['ticket'] or '-'} {given['id']}")


@app.command()
def cases(
    config: Config = DEFAULT,
    runtime: Runtime = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """The cases that were settled last; open ones stand in status. 最近已处理的存疑。"""
    said = asyncio.run(told(socket_of(config, runtime), {"ask": "cases"}))
    if as_json:
        say(json.dumps(said, ensure_ascii=False))
        return
    for case in said["settled"]:
        people = " ".join(name for name in (case["by"], case["second"]) if name)
        corrected = " corrected 已更正" if case["corrections"] else ""
        say(f"{case['decision']} {case['verdict']} {case['ticket'] or '-'} {people}{corrected}")


@app.command()
def status(
    config: Config = DEFAULT,
    runtime: Runtime = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """How the gate is, and which REFERs are open: exit 1 out of service. 状态。"""
    said = asyncio.run(told(socket_of(config, runtime), {"ask": "status"}))
    for line in [json.dumps(said, ensure_ascii=False)] if as_json else _lines(said):
        say(line)
    raise typer.Exit(1 if said["phase"] == "out-of-service" else 0)


@app.command()
def screen(config: Config = DEFAULT, runtime: Runtime = None) -> None:
    """What the candidate is to read, on the screen that this runs on: without one no action is
    ordered. 考生屏幕：显示动作指令。"""
    asyncio.run(show_screen(socket_of(config, runtime)))


async def show_screen(path: Path) -> None:
    """Each sentence once, on a cleared screen, until the gate ends or somebody presses Ctrl+C."""
    before = None
    async with contextlib.aclosing(follow(path, {"ask": "screen", "follow": True})) as lines:
        async for line in lines:
            if (now := (line["zh"], line["en"])) != before:
                say(f"\x1b[2J\x1b[H\n\n    {now[0]}\n\n    {now[1]}")
            before = now


def _action(said: Message) -> list[str]:
    action = said["liveness"].get("action")
    if action is None:
        return []
    return [f"action {action['step']}/{action['of']}: {action['zh']} {action['en']}"]


def _lines(said: Message) -> list[str]:
    showing, retention = said["showing"], said.get("retention", {})
    corrections = said.get("corrections", [])
    return [
        *_action(said),
        f"{said['gate']} {said['phase']}: {showing.get('zh', '')} {showing.get('en', '')}".rstrip(),
        f"{said['roster'] or 'no roster'}, {said['inside']} inside",
        *(f"fault: {fault}" for fault in said["faults"]),
        *(f"warning: {warning}" for warning in said["warnings"]),
        *([f"{retention['zh']} {retention['en']}"] if retention.get("over") else []),
        *(f"open: {u['decision']} {u['reason']} {u['ticket'] or '-'}" for u in said["unsettled"]),
        *(f"correction: {c['decision']} {c['verdict']} wants a signature" for c in corrections),
    ]


def socket_of(config: Path, runtime: Path | None) -> Path:
    """The running gate's staff socket."""
    if runtime is None:
        from gate.config.settings import load

        runtime = load(config).paths.runtime
    return runtime / "staff.sock"


async def _typed(path: Path, request: Message) -> JsonObject:
    """The decision on who was typed. The lines are followed from before: none can be missed."""
    try:
        async with (
            asyncio.timeout(DECIDED_S),
            contextlib.aclosing(follow(path, {"ask": "follow"})) as lines,
        ):
            await anext(lines)  # the status that a stream begins with: it is being followed
            ticket = (await told(path, request))["ticket"]
            async for line in lines:
                if (line.get("kind"), line.get("ticket")) == ("decision", ticket):
                    return line
    except TimeoutError:
        pass
    raise NetworkFault(
        "No decision came: look at the lamps, or ask for the status.",
        "未收到判定：请查看指示灯或查询状态。",
    )

"""exam-office command: a signed command to gates, and what they answered."""

import getpass
import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gate.core.office_commands import EVERYONE, LIFE_MAX, SITE_PREFIX, Command, Verb
from gate.errors import UsageError
from office.home import Home, default_home

if TYPE_CHECKING:
    from office.store.kept_commands import KeptResult

_LOOK_S = 0.2


def command(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="[GATE] VERB ...",
            help=f"One of {', '.join(Verb)}, and what belongs to it.",
        ),
    ],
    *,
    home: Annotated[Path | None, typer.Option(help="The office's folder.")] = None,
    site: Annotated[str | None, typer.Option(help="Every gate of this site.")] = None,
    en: Annotated[str, typer.Option(help="The English text of a message.")] = "",
    exam: Annotated[str | None, typer.Option(help="Only where this exam is in use.")] = None,
    expires_min: Annotated[int, typer.Option(min=1, max=10_080, help="Minutes it is good for.")] = (
        60
    ),
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for the answers.")] = 0.0,
    by: Annotated[str | None, typer.Option(help="Who gives it; your user name unless named.")] = (
        None
    ),
    to_all: Annotated[bool, typer.Option("--all", help="Every enrolled gate.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Sign a command, keep it, and have `exam-office receive` publish it until the gate answers or
    it expires. Exit 1: a gate refused, or --wait was over before all had answered.
    向闸机下达命令。"""
    from office.keys.enrolment import enrolments

    place = Home(home or default_home())
    gates = {gate: enrolled.site for gate, enrolled in enrolments(place).items()}
    to, verb, rest = _addressed(words, site, to_all=to_all)
    targets = _targets(to, gates)
    given = _given(to, verb, rest, en=en, exam=exam, by=by, life=timedelta(minutes=expires_min))
    results = _issued(place, given, targets, wait)
    _print(given, results, as_json=as_json)
    if any(r.result == "refused" or (wait and r.result is None) for r in results):
        raise typer.Exit(1)


def _addressed(
    words: Sequence[str], site: str | None, *, to_all: bool
) -> tuple[str, str, list[str]]:
    """To whom, the verb, and the words behind it. UsageError."""
    rest = list(words)
    if site is not None and to_all:
        raise UsageError("Say --site or --all, not both.", "--site 与 --all 只能用一个。")
    if to_all or site is not None:
        to = EVERYONE if to_all else f"{SITE_PREFIX}{site}"
    else:
        to = rest.pop(0)
    if not rest:
        raise UsageError(
            f"Say what is to be done behind the gate: {', '.join(Verb)}.",
            f"请在闸机编号后写明命令：{', '.join(Verb)}。",
        )
    return to, rest[0], rest[1:]


def _targets(to: str, gates: dict[str, str]) -> list[str]:
    """UsageError where nobody would hear it."""
    if to == EVERYONE:
        found = list(gates)
    elif to.startswith(SITE_PREFIX):
        found = [gate for gate, site in gates.items() if site == to.removeprefix(SITE_PREFIX)]
    else:
        found = [gate for gate in gates if gate == to]
    if not found:
        raise UsageError(
            f"No unit {to} is enrolled here, or it was struck off: exam-office gates list.",
            f"没有登记的闸机 {to}，或已吊销：请查看 exam-office gates list。",
        )
    return sorted(found)


def _given(
    to: str,
    verb: str,
    rest: Sequence[str],
    *,
    en: str,
    exam: str | None,
    by: str | None,
    life: timedelta,
) -> Command:
    import uuid

    from office.receiving.command_words import args_of

    issued = datetime.now(UTC)  # to the millisecond: of two commands the later one is known
    return Command(
        uuid.uuid4().hex,
        verb,
        args_of(verb, rest, en),
        to,
        issued,
        issued + min(life, LIFE_MAX),
        exam,
        (by or _user())[:100],
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without a name for its user
        return "office"


def _issued(place: Home, given: Command, targets: list[str], wait_s: float) -> "list[KeptResult]":
    from nacl.signing import SigningKey

    from gate.roster.keys import read_key
    from gate.sync.command_wire import encode_command
    from office.store.opening import open_receiving

    key = SigningKey(read_key(place.office / "office-signing.key", "the office's signing key"))
    record = encode_command(given, key)
    with open_receiving(place) as store:
        expires = given.expires.isoformat(timespec="milliseconds")
        with store.transaction():
            store.commands.keep(given.id, given.verb, expires, record, targets)
        until = time.monotonic() + wait_s
        results = store.commands.results(given.id)
        while time.monotonic() < until and any(r.result is None for r in results):
            time.sleep(_LOOK_S)
            results = store.commands.results(given.id)
    return results


def _print(given: Command, results: "list[KeptResult]", *, as_json: bool) -> None:
    if as_json:
        told = {r.gate: {"result": r.result, "detail": r.detail} for r in results}
        said = {"id": given.id, "verb": given.verb, "to": given.to}
        print(json.dumps(said | {"results": told}, ensure_ascii=False))
        return
    print(f"{given.id} {given.verb} to {given.to}, until {given.expires:%Y-%m-%d %H:%M}Z 已签发")
    for r in results:
        print(
            f"{r.gate}: {r.result}: {r.detail}" if r.result else f"{r.gate}: no answer yet 未答复"
        )

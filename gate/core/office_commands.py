"""Commands of the office: whether one is carried out. Pure.

A command is answered once: its id stands in the journal, which outlives a restart. What is judged
here is the command itself; what a verb needs is judged by `gate.core.command_args`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from gate.core.json_types import JsonFields
from gate.core.records import JournalEvent

LIFE_MAX = timedelta(days=7)
"""Between `issued` and `expires`."""
AHEAD = timedelta(minutes=5)
"""So far the two clocks may differ before a command is from the future."""
KEPT_MAX = 4096
"""Ids that are remembered. Only expired ones are forgotten to make room."""
EVERYONE, SITE_PREFIX = "all", "site:"
"""In `Command.to`, beside the id of one gate. No gate is called so: an id begins with its site."""


class Verb(StrEnum):
    """What the office may ask of a gate."""

    RESEND = "resend"
    CLOSE = "close"
    MESSAGE = "message"
    FETCH_ROSTER = "fetch-roster"
    CONFIGURE = "configure"
    UPDATE = "update"
    ROLLBACK = "rollback"
    RESTART = "restart"


WITHOUT_CLOCK = frozenset({Verb.RESEND, Verb.MESSAGE, Verb.FETCH_ROSTER})
"""What may come late without harm: carried out where no trusted clock says whether it is late."""


class Result(StrEnum):
    """What becomes of a command."""

    DONE = "done"
    REFUSED = "refused"
    EXPIRED = "expired"
    REPLAYED = "replayed"


@dataclass(frozen=True, slots=True)
class Command:
    """What the office signed. `to`: a gate's id, `site:<site>` or `all`. `issued`, `expires`:
    aware. `exam`: the only exam in which it counts, None for any. `by`: who gave it."""

    id: str
    verb: str
    args: JsonFields
    to: str
    issued: datetime
    expires: datetime
    exam: str | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class CommandAnswer:
    """What the gate says of the command `id`. `detail`: one sentence."""

    id: str
    result: Result
    detail: str


@dataclass(frozen=True, slots=True)
class KnownCommand:
    """A command that the journal holds. `result`: None where it was begun and nothing says how it
    ended. `expires`: aware."""

    expires: datetime
    result: Result | None = None
    detail: str = ""


KnownCommands = Mapping[str, KnownCommand]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a command is judged: this gate, its site, and the exam in use. `now`: the clock, None
    where it is not trusted. `past`: a time that is over for sure, None where none is known."""

    gate: str
    site: str
    exam: str | None
    now: datetime | None
    past: datetime | None = None


def judge(command: Command, known: KnownCommands, place: Place) -> CommandAnswer | None:
    """The answer that ends it, None where it is to be carried out."""
    earlier = known.get(command.id)
    if earlier is not None:
        return CommandAnswer(command.id, Result.REPLAYED, _earlier(earlier))
    if command.to not in (place.gate, SITE_PREFIX + place.site, EVERYONE):
        return _refused(command, f"It is for {command.to}, this is {place.gate}. 命令不属于本机。")
    if is_over(command.expires, place):
        said = command.expires.isoformat(timespec="seconds")
        return CommandAnswer(command.id, Result.EXPIRED, f"It expired at {said}. 命令已过期。")
    why = _misdated(command, place) or _misplaced(command, place)
    if why is None and len(room_made(known, place)) >= KEPT_MAX:
        why = f"{KEPT_MAX} commands are open here: wait until they expire. 未到期的命令过多。"
    return None if why is None else _refused(command, why)


def is_over(expires: datetime, place: Place) -> bool:
    """Whether `expires` has come, by anything that is known of the time."""
    return any(at is not None and at >= expires for at in (place.now, place.past))


def room_made(known: KnownCommands, place: Place) -> KnownCommands:
    """`known`, without the expired ones where there are too many: an expired one is refused by its
    own date."""
    if len(known) < KEPT_MAX:
        return known
    return {name: k for name, k in known.items() if not is_over(k.expires, place)}


def replayed(known: KnownCommands, event: JournalEvent) -> KnownCommands:
    """`known`, and what the journal's `event` says of a command."""
    name = event.get("command")
    if not isinstance(name, str):
        return known
    if event["kind"] == "command":
        expires = datetime.fromisoformat(str(event.get("expires")))
        return {**known, name: KnownCommand(expires, _result(event), str(event.get("detail")))}
    if event["kind"] == "command_done" and name in known:
        expires = known[name].expires
        return {**known, name: KnownCommand(expires, _result(event), str(event.get("detail")))}
    return known


def _result(event: JournalEvent) -> Result | None:
    said = event.get("result")
    return Result(said) if said in tuple(Result) else None


def _misdated(command: Command, place: Place) -> str | None:
    life = command.expires - command.issued
    if not timedelta(0) < life <= LIFE_MAX:
        return f"It lives for {life}: more than nothing and at most 7 days. 有效期不合规定。"
    if place.now is not None and command.issued > place.now + AHEAD:
        return "It is from the future: one of the two clocks is wrong. 签发时间晚于本机时钟。"
    if place.now is None and command.verb not in WITHOUT_CLOCK:
        return "The clock is not trusted, so nobody can say whether it is late. 时钟未校准。"
    return None


def _misplaced(command: Command, place: Place) -> str | None:
    if command.exam is not None and command.exam != place.exam:
        return f"It is of exam {command.exam}, this gate serves {place.exam}. 考试不符。"
    if command.verb not in tuple(Verb):
        return "This release does not know the verb. 本版本不支持该命令。"
    return None


def _earlier(known: KnownCommand) -> str:
    if known.result is None:
        return "It was begun; whether it was carried out is not known. 已开始执行，结果未知。"
    return f"{known.result}: {known.detail}"[:400]


def _refused(command: Command, why: str) -> CommandAnswer:
    return CommandAnswer(command.id, Result.REFUSED, why)

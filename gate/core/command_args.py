"""What each command asks for, read from its `args`: an allow-list of fields and values. Pure."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from gate.core.configuration import Changes, read_changes
from gate.core.json_types import JsonFields, JsonValue
from gate.core.office_commands import Verb

RANGES_MAX = 64
TEXT_MAX = 500
"""Characters of a message, in each language."""
_SEQ_MAX = 2**53
_NAME_MAX = 64
_EPOCH_DIGITS = 16
_VERSION = re.compile(r"[0-9][0-9A-Za-z.+~-]{0,31}")
"""Of a Debian package without an epoch. `exam-gate-update` looks again."""


class ArgsRefused(ValueError):
    """What is wrong with the arguments, in one sentence."""


@dataclass(frozen=True, slots=True)
class Resend:
    """Send these events again, both ends included. `epoch`: the journal's, None for the one of
    now."""

    ranges: tuple[tuple[int, int], ...]
    epoch: str | None = None


@dataclass(frozen=True, slots=True)
class Close:
    """Say for good what became of `paper` here."""

    paper: str


@dataclass(frozen=True, slots=True)
class ShowMessage:
    """Show staff a sentence until somebody has read it. One of the two may be empty."""

    zh: str = ""
    en: str = ""


@dataclass(frozen=True, slots=True)
class FetchRoster:
    """Look for a newer roster now."""


@dataclass(frozen=True, slots=True)
class Configure:
    """Change what may be changed of a running gate."""

    changes: Changes = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Restart:
    """End the process, so that systemd starts it anew."""


@dataclass(frozen=True, slots=True)
class Update:
    """Put `version` of the package in this one's place; it goes back where its self-test fails."""

    version: str


@dataclass(frozen=True, slots=True)
class Rollback:
    """Put the version before in this one's place."""


Task = Resend | Close | ShowMessage | FetchRoster | Configure | Restart | Update | Rollback


def task_of(verb: str, args: JsonFields) -> Task:
    """What is to be done. ArgsRefused for arguments that do not fit, and for an unknown verb."""
    reader = _READERS.get(verb)
    if reader is None:
        raise ArgsRefused("This release does not know the verb. 本版本不支持该命令。")
    return reader(args)


def _resend(args: JsonFields) -> Task:
    _only(args, "ranges", "epoch")
    epoch, ranges = args.get("epoch"), args.get("ranges")
    if epoch is not None and not (isinstance(epoch, str) and len(epoch) == _EPOCH_DIGITS):
        raise ArgsRefused("epoch has 16 hex digits. epoch 应为 16 位十六进制。")
    if not isinstance(ranges, list) or not 1 <= len(ranges) <= RANGES_MAX:
        raise ArgsRefused(f"ranges holds 1 to {RANGES_MAX} pairs. ranges 应为 1 至 64 对序号。")
    return Resend(tuple(map(_pair, ranges)), epoch)


def _pair(raw: JsonValue) -> tuple[int, int]:
    whole = isinstance(raw, list) and len(raw) == 2 and all(type(n) is int for n in raw)
    if not whole or not 1 <= raw[0] <= raw[1] <= _SEQ_MAX:
        raise ArgsRefused("A range is two numbers, the first not above the second. 序号范围有误。")
    return raw[0], raw[1]


def _close(args: JsonFields) -> Task:
    _only(args, "paper")
    return Close(_text(args, "paper", _NAME_MAX, least=1))


def _message(args: JsonFields) -> Task:
    _only(args, "zh", "en")
    shown = ShowMessage(_text(args, "zh", TEXT_MAX), _text(args, "en", TEXT_MAX))
    if not (shown.zh.strip() or shown.en.strip()):
        raise ArgsRefused("A message has a text, zh or en. 消息内容为空。")
    return shown


def _configure(args: JsonFields) -> Task:
    _only(args, "set")
    try:
        return Configure(read_changes(args.get("set")))
    except ValueError as e:
        raise ArgsRefused(str(e)) from e


def _update(args: JsonFields) -> Task:
    _only(args, "version")
    version = args.get("version")
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        raise ArgsRefused("version is such as 0.2.0~deb13. version 应类似 0.2.0~deb13。")
    return Update(version)


def _without(task: Task) -> Callable[[JsonFields], Task]:
    def read(args: JsonFields) -> Task:
        _only(args)
        return task

    return read


def _only(args: JsonFields, *known: str) -> None:
    other = sorted(name for name in args if name not in known)
    if other:
        raise ArgsRefused(f"It takes no {', '.join(other)[:80]}. 参数名有误。")


def _text(args: JsonFields, name: str, most: int, least: int = 0) -> str:
    value = args.get(name, "")
    if not isinstance(value, str) or not least <= len(value) <= most or not value.isprintable():
        raise ArgsRefused(f"{name} is text of {least} to {most} characters. {name} 文本有误。")
    return value


_READERS: dict[str, Callable[[JsonFields], Task]] = {
    Verb.RESEND: _resend,
    Verb.CLOSE: _close,
    Verb.MESSAGE: _message,
    Verb.FETCH_ROSTER: _without(FetchRoster()),
    Verb.CONFIGURE: _configure,
    Verb.UPDATE: _update,
    Verb.ROLLBACK: _without(Rollback()),
    Verb.RESTART: _without(Restart()),
}

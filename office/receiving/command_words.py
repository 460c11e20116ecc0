"""A command as a person types it, made one that a gate takes. Pure."""

import re
from collections.abc import Sequence

from gate.core.command_args import ArgsRefused, task_of
from gate.core.json_types import JsonObject, JsonValue
from gate.core.office_commands import Verb
from gate.errors import UsageError

_RANGE = re.compile(r"(\d{1,15})(?:-(\d{1,15}))?")
_NUMBER = re.compile(r"\d{1,9}")

EXAMPLES = {
    Verb.RESEND: "resend 1-200 250",
    Verb.CLOSE: "close 00015-am",
    Verb.MESSAGE: "message 请检查时钟 --en 'Check the clock'",
    Verb.FETCH_ROSTER: "fetch-roster",
    Verb.CONFIGURE: "configure heartbeat_s=30",
    Verb.UPDATE: "update 0.2.0~deb13",
    Verb.ROLLBACK: "rollback",
    Verb.RESTART: "restart",
}


def args_of(verb: str, words: Sequence[str], en: str = "") -> JsonObject:
    """The arguments of `verb` from the words behind it. `en`: the English text of a message.
    UsageError where no gate would take it."""
    if verb not in tuple(Verb):
        raise UsageError(
            f"{verb[:40]} is no command: {', '.join(Verb)}.",
            f"没有命令 {verb[:40]}，可用：{', '.join(Verb)}。",
        )
    args = _read(Verb(verb), words, en)
    try:
        task_of(verb, args)
    except ArgsRefused as e:
        example = EXAMPLES[Verb(verb)]
        raise UsageError(f"{e} Such as: {example}", f"{e} 例如：{example}") from e
    return args


def _read(verb: Verb, words: Sequence[str], en: str) -> JsonObject:
    match verb:
        case Verb.RESEND:
            return {"ranges": [_range(word) for word in words]}
        case Verb.CLOSE:
            return {"paper": " ".join(words)}
        case Verb.MESSAGE:
            return {"zh": " ".join(words), "en": en}
        case Verb.UPDATE:
            return {"version": " ".join(words)}
        case Verb.CONFIGURE:
            return {"set": dict(map(_setting, words))}
    if words:
        raise UsageError(f"{verb} takes nothing behind it.", f"{verb} 之后不应有其他内容。")
    return {}


def _range(word: str) -> list[int]:
    found = _RANGE.fullmatch(word)
    if found is None:
        raise UsageError(
            f"{word[:40]} is no range of events, such as 1-200.", f"{word[:40]} 不是序号范围。"
        )
    first = int(found[1])
    return [first, int(found[2] or first)]


def _setting(word: str) -> tuple[str, JsonValue]:
    key, equals, value = word.partition("=")
    if not equals:
        raise UsageError(
            f"{word[:40]} sets nothing: write key=value.", f"{word[:40]} 应写作 键=值。"
        )
    if _NUMBER.fullmatch(value):
        return key, int(value)
    return key, {"true": True, "false": False}.get(value, value)

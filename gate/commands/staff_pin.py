"""The PIN of whoever signs at a keyboard: asked for where the gate's roster has staff.

It is no option: others on the machine can see a command's options.
"""

import asyncio
import getpass
import sys
from pathlib import Path

from gate.core.json_types import JsonObject
from gate.errors import GateError, UsageError
from gate.platform.json_lines import Message, ask

LINE_MAX = 80
"""Characters read of a piped line."""


class Answered(GateError):
    """The gate's own refusal, with its own exit code."""

    def __init__(self, answer: Message) -> None:
        super().__init__(answer["error"], answer.get("zh", ""))
        self.exit_code = int(answer.get("exit", UsageError.exit_code))


async def told(path: Path, request: Message) -> JsonObject:
    """The gate's answer; its refusal is raised as it was said."""
    answer = await ask(path, request, ANSWER_S)
    if "error" in answer:
        raise Answered(answer)
    return answer


ANSWER_S = 70.0
"""A sheet may take a minute to draw."""


def pin_for(path: Path) -> str | None:
    """The PIN that was typed on the terminal or is the next line of standard input; None where the
    gate asks for none. NetworkFault."""
    if not asyncio.run(ask(path, {"ask": "status"})).get("staff"):
        return None
    if sys.stdin.isatty():
        return getpass.getpass("PIN: ")
    return sys.stdin.readline(LINE_MAX).strip()


def with_pin(path: Path, request: Message) -> Message:
    """`request`, with the PIN of `pin_for` where the gate asks for one. NetworkFault."""
    pin = pin_for(path)
    return request if pin is None else {**request, "pin": pin}


def told_as(path: Path, by: str | None, asked: Message) -> JsonObject:
    """The gate's answer to `by`, who signs in for it where the roster has staff, and out again.
    NetworkFault; the gate's refusal as it was said."""
    return asyncio.run(told_once(path, by, pin_for(path) if by else None, asked))


async def told_once(path: Path, by: str | None, pin: str | None, asked: Message) -> JsonObject:
    """The same with a `pin` that is known already; None: nobody signs in."""
    if pin is None:
        return await told(path, asked)
    token = (await told(path, {"do": "sign-in", "by": by, "pin": pin}))["token"]
    try:
        return await told(path, {**asked, "token": token})
    finally:
        await ask(path, {"do": "sign-out", "token": token})

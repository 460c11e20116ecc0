"""The PIN of whoever signs at a keyboard: asked for where the gate's roster has staff.

It is no option: others on the machine can see a command's options.
"""

import asyncio
import getpass
import sys
from pathlib import Path

from gate.platform.json_lines import Message, ask

LINE_MAX = 80
"""Characters read of a piped line."""


def with_pin(path: Path, request: Message) -> Message:
    """`request`, with the PIN that was typed on the terminal or is the next line of standard input;
    unchanged where the gate asks for none. NetworkFault."""
    if not asyncio.run(ask(path, {"ask": "status"})).get("staff"):
        return request
    if sys.stdin.isatty():
        return {**request, "pin": getpass.getpass("PIN: ")}
    return {**request, "pin": sys.stdin.readline(LINE_MAX).strip()}

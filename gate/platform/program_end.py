"""How both programs end: one sentence in each language on the screen, and an exit code."""

import io
import logging
import sys
from typing import Any

import typer

from gate.errors import ending
from gate.platform.printable_text import printable

_Usage: Any = typer.BadParameter.__mro__[1]
"""Click's UsageError, whether typer brings a click of its own or uses the installed one."""

_USAGE_ZH = {
    "NoSuchOption": "没有这个选项",
    "NoSuchCommand": "没有这个命令",
    "MissingParameter": "缺少参数",
    "BadParameter": "参数的值不正确",
    "BadOptionUsage": "选项缺少值或用法不正确",
    "BadArgumentUsage": "参数的用法不正确",
}
"""By the name of click's exception."""


def say(text: str) -> None:
    """Print one line to standard output that may hold text from outside."""
    print(printable(text))


def run_program(app: typer.Typer, name: str) -> None:
    """Run the command of sys.argv. The only place that catches every error: 70 says that it is a
    bug of ours, and the log has its traceback."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # Chinese where the locale has none: \u8bfb
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        code = app(prog_name=name, standalone_mode=False)
    except _Usage as e:
        _tell_usage(e, name)
        sys.exit(2)
    except typer.Abort:
        print(f"{name}: Stopped, nothing more was done.\n{name}: 已中止。", file=sys.stderr)
        sys.exit(1)
    except Exception as e:
        code, en, zh = ending(e)
        if code == 70:
            logging.getLogger(name).exception("bug")
        print(f"{name}: {printable(en)}\n{name}: {printable(zh)}", file=sys.stderr)
        sys.exit(code)
    sys.exit(code or 0)  # of typer.Exit; commands return nothing


def _tell_usage(error: Any, name: str) -> None:
    """One sentence in each language, and where the help is."""
    if type(error).__name__ == "NoArgsIsHelpError":  # its text is the help itself
        error.show()
        return
    command = error.ctx.command_path if error.ctx else name
    said = printable(error.format_message())
    zh = _USAGE_ZH.get(type(error).__name__, "命令用法不正确")
    print(
        f"{name}: {said} Try '{command} --help'.\n"
        f"{name}: {zh}（{said.removesuffix('.')}）：请用 {command} --help 查看用法。",
        file=sys.stderr,
    )

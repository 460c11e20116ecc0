"""How both programs end: one sentence in each language on the screen, and an exit code."""

import io
import logging
import sys

import typer

from gate.errors import ending


def run_program(app: typer.Typer, name: str) -> None:
    """Run the command of sys.argv. The only place that catches every error: 70 says that it is a
    bug of ours, and the log has its traceback."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # Chinese where the locale has none: \u8bfb
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        app()
    except Exception as e:
        code, en, zh = ending(e)
        if code == 70:
            logging.getLogger(name).exception("bug")
        print(f"{name}: {en}\n{name}: {zh}", file=sys.stderr)
        sys.exit(code)

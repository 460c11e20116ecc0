"""exam-gate: arguments and exit codes. Each verb lives in gate/commands."""

import io
import logging
import sys

import typer

from gate import __version__
from gate.commands import bench, calibrate, journal, models, roster, run, selftest, simulate
from gate.errors import ending

app = typer.Typer(
    name="exam-gate",
    help="The entry gate of an exam site. 考点入场闸机。",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command("run")(run.run)
app.command("calibrate")(calibrate.calibrate)
app.command("selftest")(selftest.selftest)
app.add_typer(bench.app, name="bench")
app.add_typer(journal.app, name="journal")
app.add_typer(models.app, name="models")
app.add_typer(roster.app, name="roster")
app.add_typer(simulate.app, name="simulate")


@app.command()
def version() -> None:
    """Print the version. 显示版本。"""
    print(__version__)


def main() -> None:
    """Run a command. Every error ends as one sentence in each language and its exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # Chinese where the locale has none: \u8bfb
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        app()
    except Exception as e:
        code, en, zh = ending(e)
        if code == 70:
            logging.getLogger("gate").exception("bug")
        print(f"exam-gate: {en}\nexam-gate: {zh}", file=sys.stderr)
        sys.exit(code)


if __name__ == "__main__":
    main()

"""exam-office: arguments and exit codes. Each verb lives in office/commands."""

import io
import logging
import sys

import typer

from gate import __version__
from gate.errors import ending
from office.commands import broker_config, evidence, keys, receive, roster, verify

app = typer.Typer(
    name="exam-office",
    help="The central office of an exam. 考试中心。",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command("keys")(keys.keys)
app.command("receive")(receive.receive)
app.command("verify")(verify.verify)
app.command("broker-config")(broker_config.broker_config)
app.add_typer(roster.app, name="roster")
app.add_typer(evidence.app, name="evidence")


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
            logging.getLogger("office").exception("bug")
        print(f"exam-office: {en}\nexam-office: {zh}", file=sys.stderr)
        sys.exit(code)


if __name__ == "__main__":
    main()

"""exam-enrol: arguments and exit codes. Each verb lives in enrolment/commands."""

import typer

from enrolment.commands import (
    expire,
    export,
    models,
    open_,
    reconcile,
    report,
    seat,
    serve,
    shred,
    worker,
)
from gate import __version__
from gate.platform.program_end import run_program

app = typer.Typer(
    name="exam-enrol",
    help="The candidates' portal, from the form to the ticket number. 考生报名平台。",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


app.command("open")(open_.open_)
app.command("serve")(serve.serve)
app.command("staff")(serve.staff)
app.command("models")(models.models)
app.command("worker")(worker.worker)
app.command("seat")(seat.seat)
app.command("expire")(expire.expire)
app.command("reconcile")(reconcile.reconcile)
app.command("export")(export.export)
app.command("report")(report.report)
app.command("shred")(shred.shred)


@app.command()
def version() -> None:
    """Print the version. 显示版本。"""
    print(__version__)


def main() -> None:
    """Run a command; never returns without an exit code."""
    run_program(app, "exam-enrol")


if __name__ == "__main__":
    main()

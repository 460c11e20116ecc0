"""exam-gate: arguments and exit codes. Each verb lives in gate/commands."""

import typer

from gate import __version__
from gate.commands import (
    bench,
    calibrate,
    camera,
    clock,
    console,
    journal,
    models,
    out_of_service,
    provision,
    rehearse,
    roster,
    run,
    screen,
    selftest,
    sheet,
    signals,
    simulate,
    simulate_line,
    staff,
    staff_site,
)
from gate.platform.program_end import run_program

app = typer.Typer(
    name="exam-gate",
    help="The entry gate of an exam site. 考点入场闸机。",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command("run")(run.run)
app.command("console")(console.console)
app.command("calibrate")(calibrate.calibrate)
app.command("out-of-service")(out_of_service.out_of_service)
app.command("provision")(provision.provision)
app.command("rehearse")(rehearse.rehearse)
app.command("selftest")(selftest.selftest)
app.command("sheet")(sheet.sheet)
app.add_typer(bench.app, name="bench")
app.add_typer(camera.app, name="camera")
app.add_typer(clock.app, name="clock")
app.add_typer(journal.app, name="journal")
app.add_typer(models.app, name="models")
app.add_typer(roster.app, name="roster")
app.add_typer(screen.app, name="screen")
app.add_typer(signals.app, name="signals")
simulate.app.command("line")(simulate_line.line)
app.add_typer(simulate.app, name="simulate")
for verb in (
    staff_site.rooms,
    staff_site.find,
    staff_site.reassign,
    staff_site.papers,
    staff_site.report,
):
    staff.app.command()(verb)
app.add_typer(staff.app, name="staff")


@app.command()
def version() -> None:
    """Print the version. 显示版本。"""
    print(__version__)


def main() -> None:
    """Run a command; never returns without an exit code."""
    run_program(app, "exam-gate")


if __name__ == "__main__":
    main()

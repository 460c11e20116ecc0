"""exam-office: arguments and exit codes. Each verb lives in office/commands."""

import typer

from gate import __version__
from gate.platform.program_end import run_program
from office.commands import (
    audit,
    backup,
    board,
    broker_config,
    candidates,
    checkpoint,
    command,
    database_option,
    doubtful,
    drift,
    evidence,
    exam,
    gates,
    import_,
    keys,
    migrate,
    photos,
    receive,
    roster,
    roster_out,
    sheet,
    shred,
    staff,
    status,
    verify,
)

app = typer.Typer(
    name="exam-office",
    cls=database_option.DatabaseGroup,
    help="The central office of an exam. 考试中心。",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.callback()(database_option.everywhere)
app.command("keys")(keys.keys)
app.command("receive")(receive.receive)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.command("status")(status.status)
app.command("migrate")(migrate.migrate)
app.command("import")(import_.import_)
app.command("verify")(verify.verify)
app.command("audit")(audit.audit)
app.command("drift")(drift.drift)
app.command("sheet")(sheet.sheet)
app.command("shred")(shred.shred)
app.command("rollout")(roster_out.rollout)
app.command("command")(command.command)
app.command("broker-config")(broker_config.broker_config)
roster.app.command("publish")(roster_out.publish)
roster.app.command("serve")(roster_out.serve)
app.add_typer(board.app, name="board")
app.add_typer(roster.app, name="roster")
app.add_typer(exam.app, name="exam")
app.add_typer(staff.app, name="staff")
app.add_typer(candidates.app, name="candidates")
app.add_typer(checkpoint.app, name="checkpoint")
app.add_typer(photos.app, name="photos")
app.add_typer(evidence.app, name="evidence")
app.add_typer(doubtful.app, name="doubtful")
app.add_typer(gates.app, name="gates")


@app.command()
def version() -> None:
    """Print the version. 显示版本。"""
    print(__version__)


def main() -> None:
    """Run a command; never returns without an exit code."""
    run_program(app, "exam-office")


if __name__ == "__main__":
    main()

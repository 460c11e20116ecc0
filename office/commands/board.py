"""exam-office board: the pages that people look at while an exam runs, and who may sign in."""

import logging
from pathlib import Path
from typing import Annotated

import typer

from office.home import Home, default_home

app = typer.Typer(help="The board that people look at. 考务看板。")
user = typer.Typer(no_args_is_help=True, help="Who may sign in at the board. 看板帐号。")
app.add_typer(user, name="user")

log = logging.getLogger(__name__)

_HomeOption = Annotated[Path | None, typer.Option("--home", help="The office's folder.")]


@app.callback(invoke_without_command=True)
def board(
    ctx: typer.Context,
    listen: Annotated[str, typer.Option(help="HOST:PORT. 监听地址。")] = "127.0.0.1:8444",
    home: _HomeOption = None,
) -> None:
    """Serve the board over HTTPS until SIGTERM. 考务看板。"""
    if ctx.invoked_subcommand is not None:
        return
    from gate.platform.log_lines import log_to_stderr
    from gate.roster.repository import storage_refused
    from office.board.server import run_board

    log_to_stderr(logging.INFO, "%(asctime)s %(levelname)s %(message)s")
    place = Home(home or default_home())
    log.info("The board is at https://%s until SIGTERM", listen)
    with storage_refused(place.root):
        run_board(place, listen)


@user.command("add")
def add(
    name: Annotated[str, typer.Argument(help="a-z, 0-9, dot and hyphen. 帐号。")],
    role: Annotated[str, typer.Option(help="viewer, operator or chief. 角色。")] = "viewer",
    home: _HomeOption = None,
) -> None:
    """Add an account, or give it a new role and password. Asks for the password. 添加帐号。"""
    from gate.roster.repository import storage_refused
    from office.board.accounts import add_account

    place = Home(home or default_home())
    password = typer.prompt("Password 密码", hide_input=True, confirmation_prompt=True)
    with storage_refused(place.root):
        add_account(place, name, role, password)
    print(f"{name} may sign in as {role}. 帐号已添加。")

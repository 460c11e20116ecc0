"""`--database URL`, before or after the verb: every verb of exam-office takes it."""

import os
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from gate.errors import UsageError
from office.store.place import ENVIRONMENT, place_of

OPTION = "--database"


class DatabaseGroup(TyperGroup):
    """The verbs of a program. The option goes into the environment for as long as the command
    runs, so that the processes which it starts find the same database."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Takes the option out of `args`, wherever it stands before `--`. UsageError for a URL of
        something else."""
        url, rest = taken(args)
        if url is not None:
            place_of(url)
            before = os.environ.get(ENVIRONMENT)
            os.environ[ENVIRONMENT] = url
            ctx.call_on_close(lambda: _put_back(before))
        return super().parse_args(ctx, rest)


def everywhere(
    database: Annotated[
        str | None,
        typer.Option(
            OPTION,
            metavar="URL",
            envvar=ENVIRONMENT,
            help="The database, before or after the verb: sqlite:////PATH or "
            "postgresql+psycopg://USER@HOST/NAME. Else office.sqlite in the office's folder.",
        ),
    ] = None,
) -> None:
    """The central office of an exam. 考试中心。"""


def taken(args: list[str]) -> tuple[str | None, list[str]]:
    """The last URL that `args` name, and the arguments without it. UsageError where none
    follows."""
    url: str | None = None
    rest: list[str] = []
    words = iter(args)
    for word in words:
        if word == "--":
            rest += [word, *words]
        elif word == OPTION:
            url = next(words, None)
            if url is None:
                raise UsageError(f"{OPTION} needs a URL.", f"{OPTION} 后面应有数据库地址。")
        elif word.startswith(f"{OPTION}="):
            url = word.partition("=")[2]
        else:
            rest.append(word)
    return url, rest


def _put_back(before: str | None) -> None:
    if before is None:
        os.environ.pop(ENVIRONMENT, None)
    else:
        os.environ[ENVIRONMENT] = before

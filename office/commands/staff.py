"""exam-office staff: who may sign at the gates of a site."""

import getpass
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from gate.errors import UsageError

app = typer.Typer(no_args_is_help=True, help="Staff who sign at the gates. 监考人员。")

PIN_SHOWN_SHORT = 6
"""Digits: with fewer, somebody who tries all day at the gate has a chance in a hundred."""


class RoleWord(StrEnum):
    """The two roles."""

    INVIGILATOR = "invigilator"
    CHIEF = "chief"


@app.callback()
def staff() -> None:
    """Keeps `add` a word of its own, however many there are."""


@app.command()
def add(
    staff_file: Annotated[Path, typer.Argument(metavar="STAFF.toml")],
    *,
    id_: Annotated[str, typer.Option("--id", prompt="id 编号", help="What they type at a gate.")],
    name: Annotated[str, typer.Option(prompt="name 姓名", help="As their colleagues know it.")],
    role: Annotated[RoleWord, typer.Option(prompt="role 职责", help="What they are there.")],
    site: Annotated[str, typer.Option(prompt="site 考点", help="Where they work.")],
) -> None:
    """Add a person to STAFF.toml. The PIN is asked for twice on the terminal, or read from standard
    input; it is no option, because others can see a command's options. 添加监考人员。"""
    from gate.roster.pin_hashes import hash_pin
    from office.rosters.staff_file import add_member

    pin = _asked_pin()
    given = {"id": id_.strip(), "name": name.strip(), "role": role.value, "site": site.strip()}
    add_member(staff_file, {**given, "pin": hash_pin(pin)})
    print(f"added: {id_.strip()}, {role.value} at {site.strip()}, in {staff_file} 已添加")
    if len(pin) < PIN_SHOWN_SHORT or len(set(pin)) < 3 or pin in "01234567890123456789":
        print(
            "note: this PIN is easy to guess; six digits that follow no order are better. "
            "该 PIN 容易被猜中，建议使用六位无规律的数字。"
        )


def _asked_pin() -> str:
    """UsageError for two that differ, and for what is none."""
    from gate.roster.pin_hashes import PIN_FORM

    if sys.stdin.isatty():
        first = getpass.getpass("PIN: ")
        second = getpass.getpass("PIN again 再次输入: ")
    else:
        first = sys.stdin.readline(80).strip()
        second = sys.stdin.readline(80).strip() or first
    if first != second:
        raise UsageError("The two PINs differ: nobody was added.", "两次输入的 PIN 不同，未添加。")
    if not PIN_FORM.fullmatch(first):
        raise UsageError("A PIN is 4 to 12 digits.", "PIN 为 4 至 12 位数字。")
    return first

"""Who may sign in at the board, and what they did there: two files of the office's folder."""

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

from gate.errors import InputDamaged, UsageError
from gate.platform.durable_files import write_file
from gate.platform.json_values import decode_json
from gate.platform.regular_file import read_regular
from gate.roster.pin_hashes import HASH_FORM, hash_pin, pin_fits
from office.home import Home

ROLES = ("viewer", "operator", "chief")
"""viewer: looks. operator: takes alerts too. chief: sees what others did too."""
NAME_FORM = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")
PASSWORD_MIN, PASSWORD_MAX = 10, 128
_BYTES_MAX = 1 << 20


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may sign in. `password_hash`: argon2id, in the form of the PHC."""

    name: str
    role: str
    password_hash: str


def read_accounts(home: Home) -> dict[str, Account]:
    """By name; none where no file is. InputDamaged."""
    path = home.board_accounts
    if not path.exists():
        return {}
    try:
        body = decode_json(read_regular(path, _BYTES_MAX))
        found = [Account(name, str(a["role"]), str(a["hash"])) for name, a in body.items()]
        if not all(a.role in ROLES and HASH_FORM.fullmatch(a.password_hash) for a in found):
            raise ValueError("a role or a hash has another form")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as e:
        raise InputDamaged(
            f"{path} is no list of accounts ({e}): restore it, or remove it and add them again.",
            f"{path} 不是帐号文件（{e}）：请恢复备份，或删除后重新添加。",
            path=str(path),
        ) from e
    return {account.name: account for account in found}


def add_account(home: Home, name: str, role: str, password: str) -> None:
    """Adds `name`, or gives it a new role and password. UsageError, InputDamaged; OSError."""
    if not NAME_FORM.fullmatch(name):
        raise UsageError(
            f"{name!r} is no account name: use 1 to 32 of a-z, 0-9, dot and hyphen.",
            f"{name!r} 不能作帐号名：请用 1 至 32 个小写字母、数字、点或连字符。",
        )
    if role not in ROLES:
        raise UsageError(
            f"{role!r} is no role: use {', '.join(ROLES)}.",
            f"没有角色 {role!r}：{'、'.join(ROLES)}。",
        )
    if not PASSWORD_MIN <= len(password) <= PASSWORD_MAX:
        raise UsageError(
            f"A password has {PASSWORD_MIN} to {PASSWORD_MAX} characters.",
            f"密码长度为 {PASSWORD_MIN} 至 {PASSWORD_MAX} 个字符。",
        )
    accounts = read_accounts(home) | {name: Account(name, role, hash_pin(password))}
    body = {a.name: {"role": a.role, "hash": a.password_hash} for a in accounts.values()}
    home.office.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_file(home.board_accounts, json.dumps(body, indent=1).encode() + b"\n", 0o600)


def known(home: Home, name: str, password: str) -> Account | None:
    """The account that `password` opens. Takes as long for a name that is unknown. Blocks.
    InputDamaged."""
    account = read_accounts(home).get(name)
    if len(password) > PASSWORD_MAX:
        return None
    fits = pin_fits(None if account is None else account.password_hash, password)
    return account if fits else None


def note(path: Path, at: str, by: str, did: str, about: str = "") -> None:
    """Appends one line to the audit log, on the disk when it returns. OSError."""
    line = json.dumps({"at": at, "by": by, "did": did, "about": about}, ensure_ascii=False)
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        os.write(handle, line.encode() + b"\n")
        os.fsync(handle)
    finally:
        os.close(handle)


def last_notes(path: Path, most: int) -> list[dict[str, str]]:
    """The last lines of the audit log, the newest first. OSError."""
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()[-most:]
    return [json.loads(line) for line in reversed(lines)]

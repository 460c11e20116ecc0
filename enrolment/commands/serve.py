"""exam-enrol serve: the portal's pages; exam-enrol staff: who may sign in there."""

import logging
import re
from pathlib import Path
from typing import Annotated

import typer

from enrolment.commands.places import Database, Media, opened, text_of

log = logging.getLogger(__name__)
NAME_FORM = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")


def serve(
    *,
    round_id: Annotated[
        str | None, typer.Option("--round", metavar="ROUND", help="Else the one opened last.")
    ] = None,
    listen: Annotated[str, typer.Option(metavar="ADDR", help="HOST:PORT.")] = "127.0.0.1:8445",
    people: Annotated[
        Path | None,
        typer.Option(metavar="CSV", help="number,name: whom the simulated identity service knows."),
    ] = None,
    simulate_checks: Annotated[
        bool,
        typer.Option("--simulate-checks", help="Let every upload pass unjudged, for trials only."),
    ] = False,
    database: Database = None,
    media: Media = None,
) -> None:
    """Serve the portal's pages over HTTPS until SIGTERM. Run exam-enrol worker beside it: it judges
    the uploads. Identity service, payment and SMS are simulated. 报名平台网页。"""
    from enrolment.portal.server import run_portal
    from enrolment.services.simulated import EverybodyKnown, SimulatedChecks, SimulatedIdentity
    from enrolment.store.opening import reading
    from enrolment.store.round_rows import newest_round
    from gate.platform.log_lines import log_to_stderr

    log_to_stderr(logging.INFO, "%(asctime)s %(levelname)s %(message)s")
    store = opened(database, media, round_id or "")
    with reading(store.engine) as connection:
        store.round_id = round_id or newest_round(connection)
    store.round()
    identity = EverybodyKnown() if people is None else SimulatedIdentity(_people(people))
    log.warning("Simulated: identity service, payment, SMS")
    if simulate_checks:
        log.warning("Simulated: the judgement of uploads. Every upload passes")
    log.info("The portal is at https://%s until SIGTERM", listen)
    run_portal(store, listen, identity, SimulatedChecks() if simulate_checks else None)


def staff(
    name: Annotated[str, typer.Argument(help="a-z, 0-9, dot and hyphen. 帐号。")],
    *,
    role: Annotated[str, typer.Option(help="reviewer or chief. 角色。")] = "reviewer",
    district: Annotated[list[str], typer.Option(help="Once for each district. 考区。")],
    database: Database = None,
    media: Media = None,
) -> None:
    """Add a member of staff, or give them a new role, districts and password. Asks for the
    password. 添加工作人员帐号。"""
    from enrolment.store.staff_accounts import (
        PASSWORD_MAX,
        PASSWORD_MIN,
        ROLES,
        StaffAccount,
        keep_account,
    )
    from gate.errors import UsageError
    from gate.roster.pin_hashes import hash_pin

    if not NAME_FORM.fullmatch(name) or role not in ROLES:
        raise UsageError(
            f"A name has 1 to 32 of a-z, 0-9, dot and hyphen; a role is {' or '.join(ROLES)}.",
            f"帐号须为 1 至 32 个小写字母、数字、点或连字符；角色：{'、'.join(ROLES)}。",
        )
    password = typer.prompt("Password 密码", hide_input=True, confirmation_prompt=True)
    if not PASSWORD_MIN <= len(password) <= PASSWORD_MAX:
        raise UsageError(
            f"A password has {PASSWORD_MIN} to {PASSWORD_MAX} characters.",
            f"密码长度为 {PASSWORD_MIN} 至 {PASSWORD_MAX} 个字符。",
        )
    store = opened(database, media, "")
    keep_account(store.engine, StaffAccount(name, role, frozenset(district)), hash_pin(password))
    print(f"{name} may sign in as {role} of {', '.join(sorted(district))}. 帐号已添加。")


def _people(path: Path) -> dict[str, str]:
    rows = [line.split(",") for line in text_of(path).splitlines()[1:] if line.strip()]
    return {row[0].strip(): row[1].strip() for row in rows if len(row) == 2}

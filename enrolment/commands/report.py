"""exam-enrol report."""

import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated

import typer

from enrolment.commands.places import Database, Media, RoundId, opened

if TYPE_CHECKING:
    from enrolment.handover.report import Report


def report(
    round_id: RoundId,
    *,
    verify: Annotated[
        bool, typer.Option("--verify", help="Make every application again from its events.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json")] = False,
    database: Database = None,
    media: Media = None,
) -> None:
    """Applications by district, payments, what waits; the chain of events is verified. Exit 1: an
    application differs from its events. 报名情况报告。"""
    from enrolment.handover.report import differing
    from enrolment.handover.report import report as figures

    store = opened(database, media, round_id)
    store.round()
    found = figures(store)
    if verify:
        found = replace(found, differing=differing(store))
    if as_json:
        print(json.dumps(asdict(found), ensure_ascii=False))
    else:
        _print(found)
    if found.differing:
        raise typer.Exit(1)


def _print(found: "Report") -> None:
    print(f"{found.round}: {found.total} application(s), {found.events} events, chain whole 报名")
    for district, counts in sorted(found.statuses.items()):
        told = ", ".join(f"{status} {n}" for status, n in sorted(counts.items()))
        print(f"{district}: {told}")
    for kind, (count, fen) in sorted(found.payments.items()):
        print(f"payments {kind}: {count}, {fen // 100}.{fen % 100:02d} yuan 缴费")
    waits = ", ".join(f"{kind} {n}" for kind, n in found.waiting.items()) or "nothing"
    print(f"waiting for staff: {waits}; effects not done: {found.open_effects} 待处理")
    for application in found.differing:
        print(f"differs from its events: {application} 与事件记录不符")

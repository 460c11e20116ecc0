"""exam-office audit: one exam as a whole, by what its gates signed and by the rules."""

import csv
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gate.errors import NoSuchEntry
from gate.platform.program_end import say
from office.home import Home, default_home

if TYPE_CHECKING:
    from office.audit.exam_audit import ExamAudited

COLUMNS = ("gate", "epoch", "high", "head", "closed", "missing", "conflicts", "whole", "decisions")


def audit(
    exam: Annotated[str, typer.Argument(help="The exam's id.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    out: Annotated[
        Path | None, typer.Option(help="Folder for audit-EXAM.json and audit-EXAM.csv.")
    ] = None,
    home: Annotated[Path | None, typer.Option(help="The office's folder.")] = None,
) -> None:
    """Is every gate's journal of an exam here, unchanged and closed, and do the rules give each of
    its decisions? Exit 0 or 1. 核对一次考试的全部记录。"""
    from office.audit.exam_audit import audit_exam
    from office.audit.exam_versions import exam_versions
    from office.receiving.signers import office_key_of, signers
    from office.store.opening import open_received

    place = Home(home or default_home())
    with open_received(place) as store:
        public = office_key_of(place.office / "office.pub")
        keys = signers(store, place, public)
        audited = audit_exam(store, exam, keys, public, exam_versions(place, public))
    if not audited.journals:
        raise NoSuchEntry(
            f"Nothing of exam {exam} was received: see the id in exam.toml.",
            f"未收到考试 {exam} 的任何记录：请核对考试编号。",
            exam=exam,
        )
    if out is not None:
        _write(audited, out)
    if as_json:
        print(json.dumps(audited.facts, ensure_ascii=False))
    else:
        _tell(audited)
    raise typer.Exit(0 if audited.is_complete else 1)


def _tell(audited: "ExamAudited") -> None:
    from office.audit.journal_audit import sentence

    for journal in audited.journals:
        closed = "closed 已结束" if journal.closed else "not closed 未结束"
        say(f"{sentence(journal.gate, journal.epoch, journal.found)}, {closed}")
        for one in journal.checked.differing:
            say(
                f"{journal.gate} {one.id}: recorded {one.recorded}, the rules give {one.expected}. "
                "记录与规则不符。"
            )
    for double in audited.doubles:
        gates = ", ".join(f"{there['gate']} {there['at']}" for there in double["gates"])
        say(f"{double['ticket']} entered {double['paper']} at several gates: {gates} 重复入场")
    replay = audited.facts["replay"]
    said = f"{replay['decisions']} decisions by the rules, {replay['differing']} differ"
    if replay["without_description"]:
        said += f", {replay['without_description']} of a version that this office has not kept"
    say(
        f"{said}. {audited.exam}: "
        + ("complete 完整" if audited.is_complete else "not complete 不完整")
    )


def _write(audited: "ExamAudited", out: Path) -> None:
    """Both files, each whole or not at all. StorageRefused."""
    from gate.platform.durable_files import write_file
    from gate.roster.repository import storage_refused

    facts = audited.facts
    table = io.StringIO()
    rows = csv.DictWriter(table, COLUMNS)
    rows.writeheader()
    rows.writerows(
        {**g, "missing": " ".join(f"{a}-{b}" for a, b in g["missing"])} for g in facts["gates"]
    )
    with storage_refused(out):
        out.mkdir(parents=True, exist_ok=True)
        text = json.dumps(facts, ensure_ascii=False, indent=1) + "\n"
        write_file(out / f"audit-{audited.exam}.json", text.encode(), 0o600)
        write_file(out / f"audit-{audited.exam}.csv", table.getvalue().encode(), 0o600)

"""exam-office audit: one exam as a whole, by what its gates signed and by the rules."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gate.errors import NoSuchEntry
from gate.platform.program_end import say
from office.home import Home, default_home

if TYPE_CHECKING:
    from office.audit.exam_audit import ExamAudited
    from office.store.database import OfficeStore


def audit(
    exam: Annotated[str, typer.Argument(help="The exam's id.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for audit-EXAM.json, .csv, .xlsx and the signed checkpoint."),
    ] = None,
    unused: Annotated[
        list[str] | None,
        typer.Option(metavar="GATE", help="A unit that was not in use; may be repeated."),
    ] = None,
    home: Annotated[Path | None, typer.Option(help="The office's folder.")] = None,
) -> None:
    """Is every gate's journal of an exam here, unchanged and closed, and do the rules give each of
    its decisions? Exit 0 or 1. With --out also as files, with a checkpoint that anybody verifies:
    exam-office checkpoint verify. 核对一次考试的全部记录。"""
    from office.audit.exam_audit import audit_exam
    from office.audit.exam_versions import exam_versions
    from office.keys.enrolment import enrolments
    from office.receiving.signers import office_key_of, signers
    from office.store.opening import open_received

    place = Home(home or default_home())
    with open_received(place) as store:
        public = office_key_of(place.office / "office.pub")
        keys = signers(store, place, public)
        audited = audit_exam(
            store,
            exam,
            keys,
            public,
            exam_versions(place, public),
            expected=[gate for gate, e in enrolments(place).items() if exam in e.exams],
            unused=unused or (),
        )
        if not audited.journals:
            raise NoSuchEntry(
                f"Nothing of exam {exam} was received: see the id in exam.toml.",
                f"未收到考试 {exam} 的任何记录：请核对考试编号。",
                exam=exam,
            )
        written = _write(store, place, audited, out) if out is not None else []
    if as_json:
        print(json.dumps(audited.facts, ensure_ascii=False))
    else:
        _tell(audited)
        for line in written:
            say(line)
    raise typer.Exit(0 if audited.is_complete else 1)


def _tell(audited: "ExamAudited") -> None:
    from office.audit.journal_audit import sentence

    for journal in audited.journals:
        closed = "closed 已结束" if journal.counts.closed else "not closed 未结束"
        say(f"{sentence(journal.gate, journal.epoch, journal.found)}, {closed}")
        for one in journal.checked.differing:
            say(
                f"{journal.gate} {one.id}: recorded {one.recorded}, the rules give {one.expected}. "
                "记录与规则不符。"
            )
    for gate in audited.absent:
        say(
            f"{gate} has a roster of {audited.exam}, and nothing of it was received: fetch its "
            f"journal, or say --unused {gate}. 未收到该闸机的任何记录：请导入其日志，"
            f"未使用的闸机请用 --unused {gate} 说明。"
        )
    for gate in audited.unused:
        say(f"{gate} was not in use, somebody says 据说明未使用")
    for double in audited.doubles:
        gates = ", ".join(f"{there['gate']} {there['at']}" for there in double["gates"])
        say(f"{double['ticket']} entered {double['paper']} at several gates: {gates} 重复入场")
    replay = audited.facts["replay"]
    said = f"{replay['decisions']} decisions by the rules, {replay['differing']} differ"
    if replay["without_description"]:
        said += (
            f", {replay['without_description']} not proven: this office has not kept the exam "
            "description that they went by 未保存对应的考试说明，无法证明"
        )
    say(f"{said}. {audited.exam}: {_VERDICTS[audited.verdict]}")


_VERDICTS = {
    "complete": "complete 完整",
    "unproven": "not proven complete 未能证明完整",
    "incomplete": "not complete 不完整",
}


def _write(store: "OfficeStore", place: Home, audited: "ExamAudited", out: Path) -> list[str]:
    """Each file whole or not at all, the checkpoint last; what there is to say of them.
    StorageRefused; InputDamaged where the office's signing key cannot be read."""
    from nacl.signing import SigningKey

    from gate.platform.durable_files import write_file
    from gate.roster.keys import read_key
    from gate.roster.repository import storage_refused
    from office.audit.audit_reports import checkpoint_name, checkpoint_of, report_files

    found = audited.facts
    files = report_files(found)
    signing = place.office / "office-signing.key"
    signed = signing.exists()  # else it is kept elsewhere
    if signed:
        key = SigningKey(read_key(signing, "the office's signing key"))
        at = datetime.now(UTC).replace(microsecond=0)
        files[checkpoint_name(audited.exam)] = checkpoint_of(store, found, files, key, at)
    with storage_refused(out):
        out.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            write_file(out / name, content, 0o600)
    if signed:
        return [f"written 已写入: {', '.join(files)}"]
    return [
        f"written 已写入: {', '.join(files)}",
        "No checkpoint was signed: the office's signing key is not on this machine. "
        "本机没有考试中心签名密钥，未签发核对凭证。",
    ]

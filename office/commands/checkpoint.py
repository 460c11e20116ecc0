"""exam-office checkpoint: the signed checkpoint of an exam, verified with public keys alone."""

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gate.platform.program_end import say
from office.home import Home, default_home

if TYPE_CHECKING:
    from office.audit.exam_checkpoint import Checkpoint

app = typer.Typer(no_args_is_help=True, help="Checkpoints of audits. 考试核对凭证。")


@app.callback()
def checkpoint() -> None:
    """Keeps `verify` a word of its own."""


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="checkpoint-EXAM.txt.")],
    *,
    keys: Annotated[
        Path | None,
        typer.Option(help="office.pub, or a folder that holds it; else that of --home."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    home: Annotated[Path | None, typer.Option(help="The office's folder.")] = None,
) -> None:
    """Check the office's signature, each gate's own signature of its head, and the reports that lie
    beside the file. Public keys are enough. Exit 0: all of it holds; 1: a report or a gate's
    signature does not. 用公钥校验考试核对凭证。"""
    from gate.roster.keys import read_key
    from office.audit.exam_checkpoint import unsigned_journals, verify_checkpoint

    public = read_key(_public(keys, home), "the office's public key")
    found = verify_checkpoint(_read(file), public, str(file))
    reports = {name: _state(file.with_name(name), sha) for name, sha in found.exam.files.items()}
    unsigned = [f"{j.gate} {j.epoch}" for j in unsigned_journals(found, public)]
    holds = not unsigned and "changed" not in reports.values()
    if as_json:
        facts = found.model_dump(mode="json")
        said = {"valid": holds, "reports": reports, "not_signed_by_gate": unsigned}
        print(json.dumps(facts["exam"] | said | {"journals": facts["journals"]}))
    else:
        _tell(file, found, reports, unsigned)
    raise typer.Exit(0 if holds else 1)


def _tell(file: Path, found: "Checkpoint", reports: dict[str, str], unsigned: list[str]) -> None:
    exam = found.exam
    say(
        f"{file}: signed by the office 签名有效, {exam.exam} {exam.verdict}, {exam.gates} "
        f"journal(s), {exam.events} events, {exam.doubles} double(s), {exam.at:%Y-%m-%d %H:%M}Z"
    )
    for gate in exam.absent:
        say(f"{gate}: nothing of it was received 未收到任何记录")
    for gate in exam.unused:
        say(f"{gate}: not in use, the office says 考试中心说明未使用")
    for journal in found.journals:
        closed = "closed 已结束" if journal.closed else "not closed 未结束"
        whole = "whole 完整" if journal.whole else "not whole 不完整"
        say(
            f"{journal.gate} {journal.epoch}: events {journal.first} to {journal.high}, head "
            f"{journal.head}, {closed}, {whole}"
        )
    for name in unsigned:
        say(f"{name}: no signature of the gate stands for its head. 缺少闸机对末条记录的签名。")
    words = {
        "same": "is the one that was signed 与签发时一致",
        "changed": "is NOT the one that was signed 与签发时不一致",
        "absent": "does not lie beside it, not compared 不在同一文件夹，未比对",
    }
    for name, state in reports.items():
        say(f"{name} {words[state]}")


def _public(keys: Path | None, home: Path | None) -> Path:
    if keys is None:
        return Home(home or default_home()).office / "office.pub"
    return keys / "office.pub" if keys.is_dir() else keys


def _read(file: Path) -> bytes:
    """InputDamaged."""
    from gate.errors import InputDamaged
    from gate.platform.regular_file import read_regular
    from office.audit.exam_checkpoint import CHECKPOINT_BYTES_MAX

    try:
        return read_regular(file, CHECKPOINT_BYTES_MAX)
    except OSError as e:
        raise InputDamaged(
            f"{file} cannot be read ({e.strerror or e}): name the checkpoint's file.",
            f"无法读取 {file}：请指定核对凭证文件。",
            path=str(file),
        ) from e


def _state(report: Path, sha256: str) -> str:
    """`same`, `changed` or `absent`. InputDamaged where it cannot be read."""
    if not report.exists():
        return "absent"
    return "same" if hashlib.sha256(_read(report)).hexdigest() == sha256 else "changed"

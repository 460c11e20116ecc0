"""exam-office shred: the end of retention at the office, with a signed certificate."""

import getpass
import json
import os
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gate.errors import NoSuchEntry, Refused, UsageError
from gate.platform.printable_text import is_printable
from gate.platform.program_end import say
from office.home import Home, default_home

if TYPE_CHECKING:
    from nacl.signing import SigningKey

    from office.retention.certificate import Certificate

    _Shredded = tuple[Certificate, bool, list[str]]

_TEXT_MAX = 1000
_EXAM = re.compile(r"[a-z0-9-]{1,32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Asked:
    exam: str
    reason: str | None
    by: str
    also: tuple[Path, ...]


def shred(
    exam: Annotated[str | None, typer.Argument(help="The exam's id.")] = None,
    *,
    due: Annotated[
        bool, typer.Option("--due", help="Every exam whose retention is over, for a timer.")
    ] = False,
    now: Annotated[
        str | None,
        typer.Option(metavar="REASON", help="Destroy although it is early or open; why. 理由。"),
    ] = None,
    also: Annotated[
        list[Path] | None,
        typer.Option(help="File or folder of this exam to destroy too; may be repeated."),
    ] = None,
    by: Annotated[str | None, typer.Option(help="Who does it; your user name unless named.")] = (
        None
    ),
    verify: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Only check this certificate.")
    ] = None,
    office: Annotated[
        Path | None, typer.Option(help="The office's public key for --verify, office.pub.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    home: Annotated[Path | None, typer.Option(help="The office's folder.")] = None,
) -> None:
    """Destroy what the office keeps of an exam that names or shows people, once its retention is
    over, and sign a certificate. Events, receipts and settlements stay. It cannot be undone; again
    it changes nothing. --due exits 0 where nothing is due, and 1 where something stands against
    what is. 保存期满后销毁考试的个人数据并签发证明。"""
    if due:
        if exam is not None or now is not None or also or verify is not None:
            raise UsageError(
                "--due is for all exams: name no EXAM, and neither --now, --also nor --verify.",
                "--due 针对所有考试：不能同时指定考试、--now、--also 或 --verify。",
            )
        raise typer.Exit(_shred_due(Home(home or default_home()), by, as_json=as_json))
    if exam is None or not _EXAM.fullmatch(exam):  # it names files
        raise UsageError(
            "An exam's id has 1 to 32 of a-z, 0-9 and -: see exam.toml.",
            "考试编号由 1 到 32 个 a-z、0-9 和 - 组成：请查看 exam.toml。",
        )
    place = Home(home or default_home())
    if verify is not None:
        _verify(exam, verify, office or place.office / "office.pub", as_json=as_json)
        return
    asked = _Asked(exam, _text(now, "--now"), _text(by, "--by") or _user(), tuple(also or ()))
    done = _shredded(place, asked, datetime.now(UTC))
    if as_json:
        print(json.dumps(_facts(place, done), ensure_ascii=False))
    else:
        _tell(place, done)


def _shred_due(place: Home, by: str | None, *, as_json: bool) -> int:
    """Each exam by itself: what stands against one does not keep the others. The exit code."""
    from gate.errors import GateError
    from gate.roster.keys import read_key
    from office.retention.due import exams_kept, is_due

    name, now = _text(by, "--by") or _user(), datetime.now(UTC)
    begun = _finished(place)
    done: list[_Shredded] = [] if begun is None else [(begun, False, [])]
    refused: dict[str, GateError] = {}
    public = read_key(place.office / "office.pub", "the office's public key")
    for exam in exams_kept(place):
        try:
            if is_due(place, exam, public, now):
                done.append(_shredded(place, _Asked(exam, None, name, ()), now))
        except GateError as e:
            refused[exam] = e
    if as_json:
        against = [{"exam": exam, "en": why.en, "zh": why.zh} for exam, why in refused.items()]
        said = {"shredded": [_facts(place, one) for one in done], "refused": against}
        print(json.dumps(said, ensure_ascii=False))
    else:
        for one in done:
            _tell(place, one)
        for exam, why in refused.items():
            say(f"{exam}: not destroyed 未销毁: {why.en} {why.zh}")
        if not done and not refused:
            say("No exam's retention is over, or all of it is destroyed. 没有保存期已满的考试。")
    return 1 if refused else 0


def _finished(place: Home) -> "Certificate | None":
    """What a process before has begun and not ended is ended first. StorageDamaged."""
    from nacl.signing import SigningKey

    from gate.roster.keys import read_key
    from gate.roster.repository import storage_refused
    from office.retention.destruction import finish
    from office.store.locks import WriterLock

    key = SigningKey(read_key(place.office / "office-signing.key", "the office's signing key"))
    with storage_refused(place.office), WriterLock(place.destroying):
        return finish(place, key)


def _facts(place: Home, done: "_Shredded") -> dict[str, object]:
    from office.retention.certificate import certificate_path

    certificate, before, absent = done
    path = certificate_path(place, certificate.exam, certificate.number)
    said = {"done_before": before, "certificate": str(path), "absent": absent}
    return certificate.model_dump(mode="json") | said


def _tell(place: Home, done: "_Shredded") -> None:
    from office.retention.certificate import certificate_path

    certificate, before, absent = done
    for name in absent:
        say(f"{name} is not there (any more) 不存在")
    for group in certificate.destroyed:
        say(f"{group.what}: {group.files} file(s), {group.bytes} bytes")
    word = "was destroyed before, nothing changed 此前已销毁" if before else "destroyed 已销毁"
    path = certificate_path(place, certificate.exam, certificate.number)
    say(f"{certificate.exam}: {word}, {certificate.at:%Y-%m-%d %H:%M}Z, {path}")


def _shredded(place: Home, asked: _Asked, now: datetime) -> "_Shredded":
    """The certificate, whether it was there before, and what of --also is gone. With the first
    certificate nothing may be missing: it would be a slip. Later an earlier run may have taken
    it."""
    from nacl.signing import SigningKey

    from gate.roster.keys import read_key
    from gate.roster.repository import storage_refused
    from office.retention.certificate import certificate_path, certificates, read_certificate
    from office.retention.destruction import finish
    from office.store.locks import WriterLock

    key = SigningKey(read_key(place.office / "office-signing.key", "the office's signing key"))
    with storage_refused(place.office), WriterLock(place.destroying):
        finished = finish(place, key)
        numbers = certificates(place, asked.exam)
        absent = [str(path) for path in asked.also if numbers and not os.path.lexists(path)]
        also = tuple(path for path in asked.also if str(path) not in absent)
        new = _destroyed(place, replace(asked, also=also), now, key)
        if new is not None:
            return new, False, absent
        if finished is not None and finished.exam == asked.exam:
            return finished, False, absent
        if not numbers:
            raise NoSuchEntry(
                f"The office keeps nothing of exam {asked.exam} to destroy: see the id in "
                "exam.toml.",
                f"考试中心没有考试 {asked.exam} 的可销毁数据：请核对考试编号。",
                exam=asked.exam,
            )
        path = certificate_path(place, asked.exam, numbers[-1])
        return read_certificate(path, bytes(key.verify_key)), True, absent


def _destroyed(
    place: Home, asked: _Asked, now: datetime, key: "SigningKey"
) -> "Certificate | None":
    """None where nothing is left of it."""
    from office.retention.certificate import Certificate, certificates
    from office.retention.destruction import carry_out, counted
    from office.retention.kept_files import (
        end_of_retention,
        files_handed_in,
        kept_files,
        manifests,
    )
    from office.retention.readiness import hindrance, readiness

    public = bytes(key.verify_key)
    handed, folders = files_handed_in(place, asked.also)
    files = [*kept_files(place, asked.exam, public), *handed]
    if not files:
        return None
    expires = end_of_retention(m for _, m in manifests(place, asked.exam, public))
    found = readiness(place, asked.exam, public, expires)
    why_not = hindrance(asked.exam, found, now)
    if why_not is not None and asked.reason is None:
        raise Refused(
            f"{why_not[0]}, so nothing was destroyed: wait, or say why with --now REASON.",
            f"{why_not[1]}，未销毁任何内容：请等待，或用 --now 说明理由。",
            exam=asked.exam,
        )
    certificate = Certificate(
        exam=asked.exam,
        number=max(certificates(place, asked.exam), default=0) + 1,
        at=now.replace(microsecond=0),
        by=asked.by,
        why="retention" if why_not is None else "now",
        reason=asked.reason,
        expires=expires,
        destroyed=counted(files),
        complete=found.complete,
        open_cases=found.open_cases,
        journals=found.journals,
    )
    carry_out(place, certificate, files, folders, key)
    return certificate


def _verify(exam: str, file: Path, public: Path, *, as_json: bool) -> None:
    from gate.errors import InputDamaged
    from gate.roster.keys import read_key
    from office.retention.certificate import read_certificate

    certificate = read_certificate(file, read_key(public, "the office's public key"))
    if certificate.exam != exam:
        raise InputDamaged(
            f"{file} is of exam {certificate.exam}, not of {exam}: name the right file.",
            f"{file} 属于考试 {certificate.exam}，不是 {exam}：请指定正确的文件。",
            path=str(file),
        )
    if as_json:
        facts = {"valid": True} | certificate.model_dump(mode="json")
        print(json.dumps(facts, ensure_ascii=False))
        return
    count = sum(group.files for group in certificate.destroyed)
    say(
        f"{file}: valid 有效, {count} file(s) of {exam} destroyed by {certificate.by}, "
        f"{certificate.at:%Y-%m-%d %H:%M}Z"
    )


def _text(given: str | None, option: str) -> str | None:
    """What a certificate says is read by people. UsageError."""
    if given is None:
        return None
    text = given.strip()
    if not text or len(text) > _TEXT_MAX or not is_printable(text):
        raise UsageError(
            f"{option} needs 1 to {_TEXT_MAX} characters that can be read.",
            f"{option} 须为 1 到 {_TEXT_MAX} 个可见字符。",
        )
    return text


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without a name for its user
        return "office"

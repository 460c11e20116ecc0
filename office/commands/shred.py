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

_TEXT_MAX = 1000
_EXAM = re.compile(r"[a-z0-9-]{1,32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Asked:
    exam: str
    reason: str | None
    by: str
    also: tuple[Path, ...]


def shred(
    exam: Annotated[str, typer.Argument(help="The exam's id.")],
    *,
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
    it changes nothing. 保存期满后销毁考试的个人数据并签发证明。"""
    if not _EXAM.fullmatch(exam):  # it names files
        raise UsageError(
            "An exam's id has 1 to 32 of a-z, 0-9 and -: see exam.toml.",
            "考试编号由 1 到 32 个 a-z、0-9 和 - 组成：请查看 exam.toml。",
        )
    place = Home(home or default_home())
    if verify is not None:
        _verify(exam, verify, office or place.office / "office.pub", as_json=as_json)
        return
    asked = _Asked(exam, _text(now, "--now"), _text(by, "--by") or _user(), tuple(also or ()))
    certificate, before, absent = _shredded(place, asked, datetime.now(UTC))
    from office.retention.certificate import certificate_path

    path = certificate_path(place, exam, certificate.number)
    facts = certificate.model_dump(mode="json")
    if as_json:
        said = {"done_before": before, "certificate": str(path), "absent": absent}
        print(json.dumps(facts | said, ensure_ascii=False))
        return
    for name in absent:
        say(f"{name} is not there (any more) 不存在")
    for group in certificate.destroyed:
        say(f"{group.what}: {group.files} file(s), {group.bytes} bytes")
    word = "was destroyed before, nothing changed 此前已销毁" if before else "destroyed 已销毁"
    say(f"{exam}: {word}, {certificate.at:%Y-%m-%d %H:%M}Z, {path}")


def _shredded(place: Home, asked: _Asked, now: datetime) -> "tuple[Certificate, bool, list[str]]":
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

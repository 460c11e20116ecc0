"""exam-office doubtful: the chief examiner's cases of an exam, and the word on each."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gate.core.signer_names import signature_form
from gate.errors import NoSuchEntry, UsageError
from gate.platform.printable_text import is_printable
from gate.platform.program_end import say
from office.home import Home, default_home

if TYPE_CHECKING:
    from office.doubtful.case import DoubtfulCase
    from office.store.database import OfficeStore

app = typer.Typer(no_args_is_help=True, help="Doubtful cases of an exam. 存疑考生名单与处理。")

NAME_MAX, NOTE_MAX = 100, 1000

HomeFolder = Annotated[Path | None, typer.Option("--home", help="The office's folder.")]
Exam = Annotated[str, typer.Argument(help="The exam's id.")]


class VerdictWord(StrEnum):
    """What may be said of a case."""

    ADMIT = "admit"
    DENY = "deny"


@app.command("list")
def list_(
    exam: Exam,
    *,
    evidence: Annotated[
        Path | None, typer.Option(help="Folder of the units' .sealed pictures.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The PDF; only its owner may read it.")] = None,
    exam_file: Annotated[
        Path | None, typer.Option("--exam-file", help="EXAM.toml, for names and ticket photos.")
    ] = None,
    candidates: Annotated[Path | None, typer.Option(help="CANDIDATES.csv, beside it.")] = None,
    photos: Annotated[Path | None, typer.Option(help="Folder of ticket photos.")] = None,
    key: Annotated[Path | None, typer.Option(help="The examiner's key, kept elsewhere.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, no picture.")] = False,
    home: HomeFolder = None,
) -> None:
    """Every doubtful case that the gates have sent, with evidence, signatures and settlements.
    存疑考生名单。"""
    if (exam_file is None) != (candidates is None) or (photos is not None and exam_file is None):
        raise UsageError(
            "Name --exam-file and --candidates together; --photos goes with them.",
            "--exam-file 与 --candidates 须同时给出，--photos 与其一起使用。",
        )
    place = Home(home or default_home())
    cases = _cases(place, exam, evidence, key)
    if exam_file is not None and candidates is not None:
        cases = _with_people(cases, exam_file, candidates, photos)
    if out is not None:
        from gate.roster.repository import storage_refused
        from office.sheets.doubtful_list import write_doubtful_list

        with storage_refused(out):
            write_doubtful_list(cases, out)
    if as_json:
        print(json.dumps({"exam": exam, "cases": [_facts(c) for c in cases]}, ensure_ascii=False))
        return
    for case in cases:
        say(_line(case))
    say(f"{len(cases)} doubtful cases 例存疑" + (f", {out}" if out else ""))


@app.command()
def settle(
    exam: Exam,
    case: Annotated[str, typer.Argument(help="The id of its decision, from the list.")],
    *,
    by: Annotated[str, typer.Option(help="Who settles it. 处理人。")],
    verdict: Annotated[VerdictWord, typer.Option(help="admit or deny.")],
    note: Annotated[str, typer.Option(help="Why. 理由。")],
    home: HomeFolder = None,
) -> None:
    """The office's word on a case: a signed record beside the gate's, never in its place. A newer
    one holds; the older ones stay. 处理存疑。"""
    from nacl.signing import SigningKey

    from gate.roster.keys import read_key
    from office.doubtful.case import OfficeSettlement
    from office.doubtful.settlement import settlement_record
    from office.store.opening import open_received

    said = OfficeSettlement(
        _text(by, "--by", NAME_MAX, named=True),
        verdict.value,
        _text(note, "--note", NOTE_MAX),
        datetime.now(UTC),
    )
    place = Home(home or default_home())
    signing = SigningKey(read_key(place.office / "office-signing.key", "the office's signing key"))
    with open_received(place) as store:
        if all(c.id != case for c, _ in _received(store, exam)):
            raise NoSuchEntry(
                f"No doubtful case {case} of exam {exam} was received: see doubtful list.",
                f"未收到考试 {exam} 的存疑判定 {case}：请查看 doubtful list。",
                decision=case,
            )
        with store.transaction():
            number = 1 + sum(k.decision == case for k in store.settlements.of_exam(exam))
            kept = settlement_record(exam, case, number, said, signing)
            store.settlements.keep(exam, kept)
    print(f"{case} {verdict.value} {number}")


def _cases(place: Home, exam: str, evidence: Path | None, key: Path | None) -> list["DoubtfulCase"]:
    """With pictures, where a folder is named, and with the office's settlements."""
    from nacl.public import PrivateKey, SealedBox
    from nacl.signing import VerifyKey

    from gate.roster.keys import read_key
    from office.doubtful.evidence_files import opened
    from office.doubtful.settlement import settlement_of
    from office.store.opening import open_received

    with open_received(place) as store:
        found = _received(store, exam)
        kept = store.settlements.of_exam(exam)
    if evidence is not None:
        path = key or place.examiner / "examiner.key"
        box = SealedBox(PrivateKey(read_key(path, "the chief examiner's key")))
        pictures = [opened(evidence, case.id, digest, box) for case, digest in found]
        cases = [
            replace(case, evidence=jpeg, evidence_missing=why)
            for (case, _), (jpeg, why) in zip(found, pictures, strict=True)
        ]
    else:
        cases = [case for case, _ in found]
    if not kept:
        return cases
    public = VerifyKey(read_key(place.office / "office.pub", "the office's public key"))
    settled = [(k.decision, settlement_of(exam, k, public)) for k in kept]
    return [replace(c, settlements=tuple(s for d, s in settled if d == c.id)) for c in cases]


def _received(store: "OfficeStore", exam: str) -> list[tuple["DoubtfulCase", str | None]]:
    """The cases by time, each with the SHA-256 of its sealed picture."""
    from office.doubtful.journal_cases import cases_of

    sites = {gate: site for _, site, gate, _ in store.gates()}
    found: list[tuple[DoubtfulCase, str | None]] = []
    for gate, epoch in store.journals():
        cases = cases_of(store.events(gate, epoch), exam, sites.get(gate, ""))
        if not cases:
            continue
        wanted = {c.id for c in cases}
        digests = {
            e["id"]: e.get("evidence") for e in store.events(gate, epoch) if e.get("id") in wanted
        }
        found += [(c, digests.get(c.id)) for c in cases]
    return sorted(found, key=lambda pair: (pair[0].at, pair[0].id))


def _with_people(
    cases: Sequence["DoubtfulCase"], exam_file: Path, candidates: Path, photos: Path | None
) -> list["DoubtfulCase"]:
    """With names, subjects and ticket photos, by the ticket. A photo that cannot be read leaves its
    place empty."""
    from gate.errors import PhotoRejected
    from office.commands.roster import read_exam
    from office.rosters.candidate_references import people_of
    from office.rosters.candidates import read_candidates
    from office.rosters.photo_names import claim
    from office.rosters.photos import read_photo, travelling_jpeg

    exam = read_exam(exam_file)
    people = people_of(read_candidates(candidates, exam).rows)
    claimed = claim(photos, people).photos if photos is not None else {}
    names = {p.ticket.upper(): p.name for p in people}
    subjects = {p.id: p.subject for p in exam.papers}

    def photo_of(ticket: str) -> bytes | None:
        try:
            return travelling_jpeg(read_photo(claimed, ticket)) if claimed else None
        except PhotoRejected:
            return None

    return [
        replace(
            c,
            name=names.get(c.ticket.upper(), ""),
            subject=subjects.get(c.paper, ""),
            photo=photo_of(c.ticket) if c.ticket else None,
        )
        for c in cases
    ]


def _facts(case: "DoubtfulCase") -> dict[str, object]:
    """No name and no picture."""
    return {
        "decision": case.id,
        "gate": case.gate,
        "site": case.site,
        "ticket": case.ticket,
        "paper": case.paper,
        "room": case.room,
        "seat": case.seat,
        "reason": case.reason.value,
        "at": case.at.isoformat(timespec="milliseconds"),
        "score": case.score,
        "threshold": case.threshold,
        "verdict": case.verdict,
        "signatures": [
            {"by": s.by, "role": s.role, "verdict": s.verdict, "at": s.at.isoformat()}
            for s in case.signatures
        ],
        "evidence": case.evidence is not None,
        "evidence_missing": case.evidence_missing[1] if case.evidence_missing else None,
        "settlements": [
            {"by": s.by, "verdict": s.verdict, "note": s.note, "at": s.at.isoformat()}
            for s in case.settlements
        ],
    }


def _line(case: "DoubtfulCase") -> str:
    signed = ", ".join(s.by for s in case.signatures) or "nobody"
    last = f", office {case.settlements[-1].verdict}" if case.settlements else ""
    return (
        f"{case.id} {case.gate} {case.ticket or '-'} {case.paper or '-'} {case.reason} "
        f"{case.verdict or 'open'} signed by {signed}{last}"
    )


def _text(given: str, option: str, most: int, *, named: bool = False) -> str:
    """What is written down is read by people. UsageError for nothing, too much, or what cannot be
    seen."""
    text = given.strip()
    if (
        not text
        or len(text) > most
        or not is_printable(text)
        or (named and not signature_form(text))
    ):
        raise UsageError(
            f"{option} is 1 to {most} characters that can be seen.",
            f"{option} 应为 1 至 {most} 个可见字符。",
            option=option,
        )
    return text

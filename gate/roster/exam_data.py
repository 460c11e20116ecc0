"""exam.toml and the manifest's `exam` to `gate.core.exam.Exam`, and back.

Both have one shape: formats.md, exam.toml. In the manifest every paper carries its rules and there
are no [defaults]. Every fault is listed in one ConfigInvalid: key, what is wrong, what is
allowed.
"""

from collections.abc import Iterable
from dataclasses import asdict, fields
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from gate.core.card import DocumentKind
from gate.core.exam import Exam, Extension, FacePolicy, Paper, Site
from gate.core.health_report import Question
from gate.core.json_types import JsonFields, JsonObject, JsonValue
from gate.errors import ConfigInvalid
from gate.platform.toml_fields import fault_sentence
from gate.platform.toml_values import decode_toml
from gate.roster.exam_toml import (
    ExamFields,
    ExtensionFields,
    PaperFields,
    QuestionFields,
    Rules,
    SiteFields,
    aware_or_none,
)

_Model = TypeVar("_Model", bound=BaseModel)

_PAPER_RULES = ("opens_before_min", "closes_after_min", "leave_before_end_min", "reentry")
_FACE_RULES = tuple(f.name for f in fields(FacePolicy) if f.name != "excused")
_YOUNGER_PAPER_RULES = ("signatures", "standby_room", "extra_time_min")
_YOUNGER_RULES: JsonObject = {
    "liveness_fallback": FacePolicy().liveness_fallback,
    **{f.name: f.default for f in fields(Paper) if f.name in _YOUNGER_PAPER_RULES},
}
"""Rules that older gates do not know, and what they are where nothing is said of them. They stand
in a manifest only where they differ: a gate refuses a key that it does not know."""
_OF_PAPER = (*_PAPER_RULES, *_YOUNGER_PAPER_RULES, "documents", "requires")
_TABLES = ("site", "paper", "extension", "question")
SYMPTOMS = "symptoms"
"""The question whose concern leads to the standby room where the description says nothing else."""
_STANDARD = {
    f.name: f.default for f in fields(Paper) if f.name in ("opens_before_min", "closes_after_min")
}


def exam_from_toml(text: str, source: str) -> Exam:
    """The exam that `text` describes; `source` names the file in messages. ConfigInvalid."""
    try:
        raw = decode_toml(text.encode())
    except ValueError as e:
        raise ConfigInvalid.of(source, [f"not TOML: {e}"]) from e
    return _Reading(source).exam(raw)


def exam_from_json(raw: JsonFields, source: str = "the manifest") -> Exam:
    """What `exam_to_json` wrote. ConfigInvalid."""
    return _Reading(source).exam(raw)


def exam_to_json(exam: Exam) -> JsonObject:
    """The whole exam description as JSON values, nothing inherited."""
    return {
        "exam": exam.id,
        "name": exam.name,
        "timezone": exam.timezone,
        "retention_days": exam.retention_days,
        "site": [{"id": s.id, "name": s.name} for s in exam.sites],
        "paper": [_paper_to_json(p) for p in exam.papers],
        "extension": [_extension_to_json(e) for e in exam.extensions],
        **({"question": [asdict(q) for q in exam.questions]} if exam.questions else {}),
    }


def _paper_to_json(paper: Paper) -> JsonObject:
    return {
        "id": paper.id,
        "subject": paper.subject,
        "start": paper.start.isoformat(),
        "end": paper.end.isoformat(),
        **{name: getattr(paper, name) for name in _PAPER_RULES},
        **_face_to_json(paper.face),
        "documents": sorted(paper.documents),
        **_where_they_differ({name: getattr(paper, name) for name in _YOUNGER_PAPER_RULES}),
        **({"requires": sorted(paper.requires)} if paper.requires else {}),
    }


def _face_to_json(face: FacePolicy) -> JsonObject:
    return _where_they_differ({name: getattr(face, name) for name in _FACE_RULES})


def _where_they_differ(rules: JsonFields) -> JsonObject:
    return {n: r for n, r in rules.items() if n not in _YOUNGER_RULES or r != _YOUNGER_RULES[n]}


def _extension_to_json(granted: Extension) -> JsonObject:
    return {
        "paper": granted.paper,
        **({} if granted.room is None else {"room": granted.room}),
        "closes_after_min": granted.closes_after_min,
        "by": granted.by,
        "reason": granted.reason,
    }


class _Reading:
    """One pass over a description that collects every fault before it gives up."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.faults: list[str] = []

    def exam(self, raw: JsonFields) -> Exam:
        tables = {name: self._tables(raw, name) for name in _TABLES}
        plain = {k: v for k, v in raw.items() if k not in (*tables, "defaults")}
        head = self._parsed(ExamFields, plain, "")
        defaults = self._defaults(raw.get("defaults", {}))
        sites = self._rows(SiteFields, tables["site"], "site")
        papers = self._rows(PaperFields, tables["paper"], "paper")
        extensions = self._rows(ExtensionFields, tables["extension"], "extension")
        questions = self._rows(QuestionFields, tables["question"], "question")
        self._check_papers(tables["paper"], raw.get("defaults"))
        self._check_ids("site", tables["site"])
        self._check_ids("paper", tables["paper"])
        self._check_ids("question", tables["question"])
        self._check_extensions(tables["extension"], tables["paper"])
        if self.faults or head is None:
            raise ConfigInvalid.of(self.source, self.faults)
        return Exam(
            id=head.exam,
            name=head.name,
            timezone=head.timezone,
            retention_days=head.retention_days,
            sites=tuple(Site(s.id, s.name) for s in sites),
            papers=tuple(_paper(p, defaults) for p in papers),
            extensions=tuple(Extension(**e.model_dump()) for e in extensions),
            questions=tuple(map(_question, questions)),
        )

    def _tables(self, raw: JsonFields, name: str) -> list[JsonValue]:
        found = raw.get(name, [])
        if not isinstance(found, list):
            self.faults.append(f"{name}: write it as [[{name}]]")
            return []
        if not found and name not in ("extension", "question"):
            self.faults.append(f"[[{name}]]: missing; at least one is needed")
        return found

    def _defaults(self, raw: JsonValue) -> JsonObject:
        given = self._parsed(Rules, raw, "defaults")
        return {} if given is None else _set_fields(given)

    def _rows(self, model: type[_Model], rows: Iterable[JsonValue], table: str) -> list[_Model]:
        parsed = [self._parsed(model, row, _place(table, i, row)) for i, row in enumerate(rows, 1)]
        return [row for row in parsed if row is not None]

    def _parsed(self, model: type[_Model], raw: JsonValue, place: str) -> _Model | None:
        try:
            return model.model_validate(raw)
        except ValidationError as e:
            self.faults += [fault_sentence(model, place, fault) for fault in e.errors()]
            return None

    def _check_papers(self, papers: Iterable[JsonValue], defaults: JsonValue) -> None:
        """On what is written, so that a paper with one fault still tells its others."""
        inherited = defaults if isinstance(defaults, dict) else {}
        for i, row in enumerate(papers, 1):
            if not isinstance(row, dict):
                continue
            place, rules = _place("paper", i, row), {**_STANDARD, **inherited, **row}
            start, end = (aware_or_none(row.get(name)) for name in ("start", "end"))
            if start is not None and end is not None and end <= start:
                self.faults.append(f"{place}.end: not after start; it must be later")
            opens, closes = rules["opens_before_min"], rules["closes_after_min"]
            if _is_number(opens) and _is_number(closes) and opens + closes <= 0:
                self.faults.append(
                    f"{place}.closes_after_min: entry would close before it opens; "
                    "opens_before_min + closes_after_min must be above 0"
                )

    def _check_ids(self, table: str, rows: Iterable[JsonValue]) -> None:
        ids = [str(row["id"]) for row in rows if isinstance(row, dict) and "id" in row]
        for doubled in sorted({i for i in ids if ids.count(i) > 1}):
            self.faults.append(f"[[{table}]] {doubled}.id: used twice; each needs its own")

    def _check_extensions(
        self, extensions: Iterable[JsonValue], papers: Iterable[JsonValue]
    ) -> None:
        known = [str(p["id"]) for p in papers if isinstance(p, dict) and "id" in p]
        for i, row in enumerate(extensions, 1):
            if isinstance(row, dict) and "paper" in row and row["paper"] not in known:
                self.faults.append(
                    f"[[extension]] {i}.paper: no paper {row['paper']!r}; "
                    f"the papers are {', '.join(known) or 'none'}"
                )


def _paper(given: PaperFields, defaults: JsonFields) -> Paper:
    """What the paper says, else what [defaults] say, else the program's defaults."""
    rules: JsonObject = {**defaults, **_set_fields(given)}
    if "requires" in rules:
        rules["requires"] = frozenset(rules["requires"])
    if "documents" in rules:
        rules["documents"] = frozenset(DocumentKind(kind) for kind in rules["documents"])
    return Paper(
        id=given.id,
        subject=given.subject,
        start=given.start,
        end=given.end,
        **{name: rules[name] for name in _OF_PAPER if name in rules},
        face=FacePolicy(**{name: rules[name] for name in _FACE_RULES if name in rules}),
    )


def _question(given: QuestionFields) -> Question:
    standby = given.id == SYMPTOMS if given.standby is None else given.standby
    return Question(given.id, given.zh, given.en, given.concern, standby)


def _is_number(value: JsonValue) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _set_fields(given: BaseModel) -> JsonObject:
    return {name: getattr(given, name) for name in given.model_fields_set}


def _place(table: str, number: int, row: JsonValue) -> str:
    named = row.get("id") if isinstance(row, dict) else None
    return f"[[{table}]] {named if isinstance(named, str) else number}"

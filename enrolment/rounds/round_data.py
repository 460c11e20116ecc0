"""ROUND.toml to `enrolment.core.round.Round`. Every fault is listed in one ConfigInvalid."""

import csv
import io
from collections.abc import Sequence
from datetime import timedelta
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from enrolment.core.round import District, Level, Office, Period, Proof, Round, Subject
from enrolment.rounds.round_toml import (
    LISTS,
    DistrictFields,
    LevelFields,
    PeriodFields,
    ProofFields,
    RoundFields,
    SubjectFields,
)
from gate.core.json_types import JsonFields, JsonValue
from gate.errors import ConfigInvalid
from gate.platform.printable_text import is_printable
from gate.platform.toml_fields import fault_sentence
from gate.platform.toml_values import decode_toml

OFFICE_COLUMNS = ("district", "name", "dates", "telephone", "address")
_MAY_BE_EMPTY = ("document",)
_Model = TypeVar("_Model", bound=BaseModel)


def offices_file(text: str) -> str:
    """The name of the offices' file in `text`, empty where there is none or it cannot be read."""
    try:
        named = decode_toml(text.encode()).get("offices", "")
    except ValueError:
        return ""
    known = RoundFields.model_fields["offices"]
    return named if isinstance(named, str) and known is not None and "/" not in named else ""


def round_from_toml(text: str, source: str, offices: str | None = None) -> Round:
    """The round that `text` describes. `offices`: content of its CSV file. ConfigInvalid."""
    try:
        raw = decode_toml(text.encode())
    except ValueError as e:
        raise ConfigInvalid.of(source, [f"not TOML: {e}"]) from e
    return _Reading(source).round(raw, offices)


class _Reading:
    """One pass that collects every fault before it gives up."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.faults: list[str] = []

    def round(self, raw: JsonFields, offices: str | None) -> Round:
        head = self._parsed(RoundFields, {k: v for k, v in raw.items() if k not in LISTS}, "")
        districts = self._rows(DistrictFields, raw, "district")
        levels = self._rows(LevelFields, raw, "level")
        proofs = self._rows(ProofFields, raw, "document")
        subjects = self._rows(SubjectFields, raw, "subject")
        self._check_levels(proofs, levels)
        directory = self._offices(offices, [d.id for d in districts])
        if head is not None:
            self._check_periods(head)
            if head.offices and offices is None:
                self.faults.append(f"offices: {head.offices} is missing or cannot be read")
        if self.faults or head is None:
            raise ConfigInvalid.of(self.source, self.faults)
        return Round(
            id=head.round,
            name=head.name,
            timezone=head.timezone,
            consent=head.consent,
            registration=_period(head.registration),
            correction=_period(head.correction),
            fee=_period(head.fee),
            districts=tuple(District(d.id, d.name) for d in districts),
            levels=tuple(Level(x.id, x.name, x.fee_yuan * 100) for x in levels),
            subjects=tuple(Subject(s.id, s.name) for s in subjects),
            proofs=tuple(Proof(p.id, p.zh, p.en, frozenset(p.levels)) for p in proofs),
            offices=directory,
            attempts=head.attempts,
            attempts_within=timedelta(minutes=head.attempts_within_min),
            payment_grace=timedelta(hours=head.payment_grace_h),
        )

    def _parsed(self, model: type[_Model], raw: JsonValue, place: str) -> _Model | None:
        try:
            return model.model_validate(raw)
        except ValidationError as e:
            self.faults += [fault_sentence(model, place, fault) for fault in e.errors()]
            return None

    def _rows(self, model: type[_Model], raw: JsonFields, table: str) -> list[_Model]:
        rows = raw.get(table, [])
        if not isinstance(rows, list):
            self.faults.append(f"{table}: write it as [[{table}]]")
            return []
        if not rows and table not in _MAY_BE_EMPTY:
            self.faults.append(f"[[{table}]]: missing; at least one is needed")
        ids = [str(row["id"]) for row in rows if isinstance(row, dict) and "id" in row]
        for doubled in sorted({i for i in ids if ids.count(i) > 1}):
            self.faults.append(f"[[{table}]] {doubled}.id: used twice; each needs its own")
        parsed = [self._parsed(model, row, f"[[{table}]] {n}") for n, row in enumerate(rows, 1)]
        return [row for row in parsed if row is not None]

    def _check_levels(self, proofs: Sequence[ProofFields], levels: Sequence[LevelFields]) -> None:
        known = {level.id for level in levels}
        for proof in proofs:
            for unknown in sorted(set(proof.levels) - known):
                self.faults.append(f"[[document]] {proof.id}.levels: no level {unknown!r}")

    def _check_periods(self, head: RoundFields) -> None:
        for name in ("registration", "correction", "fee"):
            period: PeriodFields = getattr(head, name)
            if period.ends <= period.begins:
                self.faults.append(f"{name}.ends: not after begins; it must be later")
        if head.correction.ends < head.registration.ends:
            self.faults.append("correction.ends: before the end of registration")
        if head.fee.ends < head.correction.ends:
            self.faults.append("fee.ends: before the end of correction")

    def _offices(self, text: str | None, districts: Sequence[str]) -> tuple[Office, ...]:
        if text is None:
            return ()
        try:
            rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
        except csv.Error as e:
            self.faults.append(f"offices: not CSV: {e}")
            return ()
        if not rows or tuple(rows[0]) != OFFICE_COLUMNS:
            self.faults.append(f"offices: the header must be {','.join(OFFICE_COLUMNS)}")
            return ()
        found = []
        for line, row in enumerate(rows[1:], 2):
            if not row:
                continue
            cells = [cell.strip() for cell in row]
            if len(cells) != len(OFFICE_COLUMNS) or not all(cells):
                self.faults.append(f"offices, line {line}: every column needs a value")
            elif not all(map(is_printable, cells)):
                self.faults.append(f"offices, line {line}: characters that cannot be seen")
            elif cells[0] not in districts:
                self.faults.append(f"offices, line {line}: no district {cells[0]!r}")
            else:
                found.append(Office(*cells))
        return tuple(found)


def _period(given: PeriodFields) -> Period:
    return Period(given.begins, given.ends)

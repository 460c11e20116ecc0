"""A registration round: periods, districts, levels with fees, documents, subjects."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Period:
    """From `begins` inclusive to `ends` exclusive, both aware."""

    begins: datetime
    ends: datetime

    def holds(self, at: datetime) -> bool:
        """Whether `at` is inside; the end itself is outside."""
        return self.begins <= at < self.ends


@dataclass(frozen=True, slots=True)
class District:
    """A district whose office reviews. Ticket numbers begin with `id`."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Level:
    """What is applied for, and its fee in fen."""

    id: str
    name: str
    fee_fen: int


@dataclass(frozen=True, slots=True)
class Proof:
    """A document that candidates of `levels` hand in; of every level where that is empty."""

    id: str
    zh: str
    en: str
    levels: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Subject:
    """A subject on offer; `name` is that of the exam's paper."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Office:
    """An office where identity is confirmed on site."""

    district: str
    name: str
    dates: str
    telephone: str
    address: str


@dataclass(frozen=True, slots=True)
class Round:
    """One registration round, as ROUND.toml describes it.

    `attempts` failures within `attempts_within` close the online path. `payment_grace`: how long
    after the fee period a payment made within it may still become known.
    """

    id: str
    name: str
    timezone: str
    consent: str
    registration: Period
    correction: Period
    fee: Period
    districts: tuple[District, ...]
    levels: tuple[Level, ...]
    subjects: tuple[Subject, ...]
    proofs: tuple[Proof, ...] = ()
    offices: tuple[Office, ...] = ()
    attempts: int = 3
    attempts_within: timedelta = timedelta(hours=2)
    payment_grace: timedelta = timedelta(hours=24)

    def fee_fen(self, level: str) -> int:
        """The fee of `level` in fen. KeyError."""
        return {known.id: known.fee_fen for known in self.levels}[level]

    def proofs_of(self, level: str) -> frozenset[str]:
        """Ids of the documents that a candidate of `level` hands in."""
        return frozenset(p.id for p in self.proofs if not p.levels or level in p.levels)

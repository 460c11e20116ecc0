"""The office's own words on cases, as its database keeps them: signed, numbered, in order."""

from dataclasses import dataclass

from office.store.connection import Database


@dataclass(frozen=True, slots=True)
class KeptSettlement:
    """One signed record. `record`: canonical JSON; `sig`: Ed25519 over it, base64."""

    decision: str
    number: int
    record: str
    sig: str


class KeptSettlements:
    """Of one open database."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def of_exam(self, exam: str) -> list[KeptSettlement]:
        """Every one of an exam, by case, the oldest first. StorageRefused, StorageDamaged."""
        rows = self._db.rows(
            "SELECT decision, number, record, sig FROM settlement WHERE exam = :exam "
            "ORDER BY decision, number",
            exam=exam,
        )
        return [KeptSettlement(*row) for row in rows]

    def keep(self, exam: str, kept: KeptSettlement) -> None:
        """Keeps one more, within a transaction. sqlalchemy.exc.IntegrityError for a taken
        number."""
        self._db.execute(
            "INSERT INTO settlement (exam, decision, number, record, sig) "
            "VALUES (:exam, :decision, :number, :record, :sig)",
            exam=exam,
            decision=kept.decision,
            number=kept.number,
            record=kept.record,
            sig=kept.sig,
        )

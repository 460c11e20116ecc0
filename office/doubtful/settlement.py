"""The office's signed word on a case: written once, numbered, verified whenever it is read."""

import base64
import binascii
import json
from datetime import datetime

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from gate.core.journal_entries import canonical_json
from gate.errors import InputDamaged
from office.doubtful.case import OfficeSettlement
from office.store.kept_settlements import KeptSettlement

PURPOSE = b"exam-office case settlement 1\n"
"""Stands before what is signed, so that no other signed word of the office reads as one."""


def settlement_record(
    exam: str, decision: str, number: int, said: OfficeSettlement, key: SigningKey
) -> KeptSettlement:
    """`said` as it is kept, signed. ValueError for text that has no one spelling."""
    record = canonical_json(
        {
            "exam": exam,
            "decision": decision,
            "number": number,
            "verdict": said.verdict,
            "by": said.by,
            "note": said.note,
            "at": said.at.isoformat(timespec="milliseconds"),
        }
    )
    sig = base64.b64encode(key.sign(PURPOSE + record).signature).decode()
    return KeptSettlement(decision, number, record.decode(), sig)


def settlement_of(exam: str, kept: KeptSettlement, public: VerifyKey) -> OfficeSettlement:
    """What a kept record says. InputDamaged where its signature does not hold, or it is of another
    place."""
    try:
        signature = base64.b64decode(kept.sig, validate=True)
        public.verify(PURPOSE + kept.record.encode(), signature)
        said = json.loads(kept.record)
        if (said["exam"], said["decision"], said["number"]) != (exam, kept.decision, kept.number):
            raise ValueError("it is of another place")
        return OfficeSettlement(
            said["by"], said["verdict"], said["note"], datetime.fromisoformat(said["at"])
        )
    except (BadSignatureError, binascii.Error, KeyError, TypeError, ValueError) as e:
        raise InputDamaged(
            f"Settlement {kept.number} of case {kept.decision} is not as the office signed it.",
            f"判定 {kept.decision} 的第 {kept.number} 条处理记录与签名不符。",
            decision=kept.decision,
        ) from e

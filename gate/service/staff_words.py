"""The words that staff type, checked before they reach the lane or the journal. Pure."""

import contextlib
import re
from datetime import date

from gate.core.card import DocumentKind, Expiry
from gate.core.signer_names import signature_form
from gate.errors import UsageError

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)

NAME_MAX = 100
NOTE_MAX = 1000
"""Characters; a journal entry has room for 16 kB."""


def document_of(kind: str) -> DocumentKind:
    """The document that is named. UsageError for another word."""
    try:
        return DocumentKind(kind)
    except ValueError as e:
        kinds = ", ".join(DocumentKind)
        raise misfit(f"document is one of: {kinds}.", f"document 可为：{kinds}。") from e


def valid_to(text: str) -> date | Expiry:
    """The last day of a document. UsageError."""
    if text.strip() == Expiry.LONG_TERM:
        return Expiry.LONG_TERM
    return day_of(text, "valid_to", " or 长期", "或“长期”")


def day_of(text: str, field: str = "date", or_en: str = "", or_zh: str = "") -> date:
    """One spelling: another one of ISO 8601, such as a week, means a day that nobody typed.
    UsageError."""
    if _DAY.fullmatch(text.strip()):
        with contextlib.suppress(ValueError):
            return date.fromisoformat(text.strip())
    raise misfit(
        f"{field} is a day such as 2027-05-12{or_en}.", f"{field} 为日期，如 2027-05-12{or_zh}。"
    )


def name_of(name: str, field: str = "by") -> str:
    """The name of somebody. UsageError for none, and for one that is too long."""
    if not signature_form(name):
        raise misfit(f"Say who asks: {field} is empty.", f"请填写操作人（{field}）。")
    return short(name.strip(), field, NAME_MAX)


def short(text: str, field: str, most: int) -> str:
    """What is too long for the journal must not get there: its refusal would come too late.
    UsageError."""
    if len(text) > most:
        raise misfit(f"{field} is longer than {most} characters.", f"{field} 超过 {most} 个字符。")
    return text


def misfit(en: str, zh: str) -> UsageError:
    """The request does not fit, in a sentence."""
    return UsageError(en, zh)

"""What the office wants staff to read, until somebody has. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypedDict

from gate.core.office_commands import Verb
from gate.core.records import JournalEvent

SHOWN_MAX = 20
"""Messages at once; the oldest goes first."""


class OfficeMessage(TypedDict):
    """One message. `id`: of its command. `at`: when it came, RFC 3339. One of the texts may be
    empty. `by`: who sent it."""

    id: str
    at: str
    by: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class OfficeMessages:
    """`unread`: by id, the oldest first."""

    unread: Mapping[str, OfficeMessage] = field(default_factory=dict)

    def after(self, event: JournalEvent) -> "OfficeMessages":
        """After one more `event` of the journal."""
        name = event.get("command")
        if not isinstance(name, str):
            return self
        match event["kind"]:
            case "command" if event.get("verb") == Verb.MESSAGE and not event.get("result"):
                unread = {**self.unread, name: _message(name, event)}
                return OfficeMessages(dict(list(unread.items())[-SHOWN_MAX:]))
            case "message_read":
                return OfficeMessages({k: m for k, m in self.unread.items() if k != name})
        return self


def _message(name: str, event: JournalEvent) -> OfficeMessage:
    args = event.get("args") or {}
    return {
        "id": name,
        "at": event["at"],
        "by": str(event.get("by") or ""),
        "zh": str(args.get("zh", "")),
        "en": str(args.get("en", "")),
    }

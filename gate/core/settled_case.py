"""A case that staff have settled, as long as it may be corrected. Pure values."""

from collections.abc import Mapping
from dataclasses import dataclass

from gate.core.reasons import Outcome
from gate.core.records import JournalEvent
from gate.core.signatures import Signature
from gate.core.signer_names import are_two

KEPT = 1000
"""Settled cases that a gate remembers; an older one is corrected at the office."""

Settled = Mapping[str, "SettledCase"]
"""Id of the decision to its case, in the order of the verdicts."""


@dataclass(frozen=True, slots=True)
class SettledCase:
    """The last word on a case.

    `verdict`: its first verdict as it was recorded. `admit`, `by`, `second`, `at`: what holds now,
    by that or by a correction; `at` is RFC 3339. `corrections`: how many there were. `signatures`:
    under a correction that wants another one.
    """

    verdict: JournalEvent
    admit: bool
    by: str
    second: str | None
    at: str
    corrections: int = 0
    signatures: tuple[Signature, ...] = ()

    def is_signed_by(self, by: str) -> bool:
        """Whether `by` is one of those who signed what holds now."""
        signed = [self.by] if self.second is None else [self.by, self.second]
        return any(not are_two(name, by) for name in signed)


def settled_by(event: JournalEvent) -> SettledCase:
    """The case that the `verdict` event settles. KeyError for another kind of event."""
    return SettledCase(
        event, event["outcome"] == Outcome.ADMIT, str(event["by"]), event.get("second"), event["at"]
    )

"""What the broker's guard refused, as it tells the office (firmware_config/mosquitto/guard)."""

from dataclasses import dataclass, field

from gate.errors import InputRejected
from gate.platform.printable_text import printable
from gate.sync.wire import decode_note
from office.receiving.refusals import Refusals

GUARD_REPORT = "eg/1/office/broker"
_NAMES_MAX, _REASONS_MAX = 1000, 20
_COUNT_MAX = 2**53

Counts = dict[tuple[str, str], int]
"""(certificate's name, reason) to how many since the broker began."""


def decode_report(payload: bytes) -> Counts:
    """InputRejected."""
    names = decode_note(payload).get("names")
    if not isinstance(names, dict) or len(names) > _NAMES_MAX:
        raise InputRejected("A report of the broker's guard names nobody.")
    found: Counts = {}
    for name, reasons in names.items():
        if not isinstance(reasons, dict) or len(reasons) > _REASONS_MAX:
            raise InputRejected("A report of the broker's guard has no reasons.")
        for reason, count in reasons.items():
            if type(count) is not int or not 0 <= count <= _COUNT_MAX:
                raise InputRejected("A report of the broker's guard counts in whole numbers.")
            found[printable(name[:64]), printable(reason[:40])] = count
    return found


@dataclass(slots=True)
class GuardReport:
    """What the broker's guard reports.

    `refusals`: over all lives of the broker that this office has seen.
    """

    refusals: Refusals = field(default_factory=lambda: Refusals("the broker refused"))
    _last: Counts = field(default_factory=dict)

    def hear(self, payload: bytes, now_s: float) -> None:
        """InputRejected. A count that has shrunk is a broker's that began anew."""
        told = decode_report(payload)
        for (name, reason), count in told.items():
            before = self._last.get((name, reason), 0)
            new = count - before if count >= before else count
            if new:
                self.refusals.add(name, reason, now_s, new)
        self._last = told

    def by_name(self) -> dict[str, dict[str, int]]:
        """The guard's refusals: gate to reason to count."""
        return self.refusals.by_gate()

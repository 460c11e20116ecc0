"""What goes to a receiving worker and comes back: values that another process can read."""

from collections import Counter
from dataclasses import dataclass, field

from gate.errors import GateError
from gate.sync.link import Message
from office.receiving.believed import Given
from office.receiving.gate_status import GateStatus

GC_THRESHOLD = (20_000, 20, 20)
"""For `gc.set_threshold`, in whatever process stores: what comes lives shortly, without circles."""


@dataclass(frozen=True, slots=True)
class Job:
    """Messages of some gates, in order. `generation`: the one that the receipts are of."""

    number: int
    generation: int
    messages: list[Message]


@dataclass(slots=True)
class Done:
    """What became of a job.

    `given` are the receipts, and the counts are what to add. `error`: why nothing of it is stored.
    """

    number: int
    given: list[Given] = field(default_factory=list)
    batches: int = 0
    events: int = 0
    conflicts: int = 0
    taken: Counter[str] = field(default_factory=Counter)
    refusals: Counter[tuple[str, str]] = field(default_factory=Counter)
    seen: dict[str, GateStatus] = field(default_factory=dict)
    unannounced: dict[str, list[str]] = field(default_factory=dict)
    back: set[str] = field(default_factory=set)
    forgotten: int = 0
    error: GateError | None = None

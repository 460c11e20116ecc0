"""What a row of the fault matrix is and what one seed of it finds."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

Say = Callable[[str], None]
"""Takes the trace, line by line; a run without one is silent."""


@dataclass(slots=True)
class Finding:
    """What one seed found.

    `runs`: what it counts for (a seed may replay many cuts). `admitted`: greens that the world saw.
    `faults`: a sentence for each count in `lost`, `double` and `unnoticed`. `named`: losses that
    physics allows, by range. `hits`: what was exercised.
    """

    runs: int = 1
    admitted: int = 0
    lost: int = 0
    double: int = 0
    unnoticed: int = 0
    faults: list[str] = field(default_factory=list)
    named: list[str] = field(default_factory=list)
    hits: Counter[str] = field(default_factory=Counter)

    def lose(self, sentence: str) -> None:
        """Admitted but not recorded, recorded but not at the office, or never receipted."""
        self.lost += 1
        self.faults.append(f"lost: {sentence}")

    def twice(self, sentence: str) -> None:
        """Counted twice at the office, or let in twice."""
        self.double += 1
        self.faults.append(f"double: {sentence}")

    def miss(self, sentence: str) -> None:
        """Changed, cut, forked or gone, and nobody was told."""
        self.unnoticed += 1
        self.faults.append(f"unnoticed: {sentence}")

    @property
    def clean(self) -> bool:
        return not (self.lost or self.double or self.unnoticed)


@dataclass(frozen=True, slots=True)
class Row:
    """`once(seed, say)` runs one seed, the same one always in the same way as far as the row's
    world allows. `seeds`, `quick`: how many a full and a quick run take (0: left out). `parallel`:
    several may run at once on one machine. `alone`: nothing else may run meanwhile, it measures
    time. `needs`: why it cannot run here, None where it can."""

    name: str
    what: str
    once: Callable[[int, Say | None], Finding]
    seeds: int
    quick: int
    parallel: bool = True
    alone: bool = False
    needs: Callable[[], str | None] = lambda: None


@dataclass(slots=True)
class Tally:
    """A row's findings, added up. `failed`: the seeds that were not clean, with what they said."""

    row: str
    what: str
    first: int
    seeds: int = 0
    runs: int = 0
    admitted: int = 0
    lost: int = 0
    double: int = 0
    unnoticed: int = 0
    named: int = 0
    seconds: float = 0.0
    failed: dict[int, list[str]] = field(default_factory=dict)
    examples: list[str] = field(default_factory=list)
    hits: Counter[str] = field(default_factory=Counter)

    def add(self, seed: int, found: Finding) -> None:
        self.seeds += 1
        self.runs += found.runs
        self.admitted += found.admitted
        self.lost += found.lost
        self.double += found.double
        self.unnoticed += found.unnoticed
        self.named += len(found.named)
        self.examples += found.named[: 3 - len(self.examples)]
        self.hits.update(found.hits)
        if not found.clean:
            self.failed[seed] = found.faults

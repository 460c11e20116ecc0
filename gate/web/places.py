"""Who may have how many of what a program holds open: in all, and for one machine.

The own display of the machine (loopback) always finds its place: others cannot take the last ones.
"""

from collections import Counter
from dataclasses import dataclass, field

from gate.web.client_address import is_loopback, machine_of


@dataclass
class Places:
    """Of one kind. `reserved`: for this machine itself."""

    in_all: int
    for_one: int
    reserved: int = 1
    taken: Counter[str] = field(default_factory=Counter)

    def take(self, address: str) -> bool:
        """Whether there is a place; it is taken then."""
        machine = machine_of(address)
        kept = 0 if is_loopback(address) else self.reserved
        if self.taken[machine] >= self.for_one or self.taken.total() + kept >= self.in_all:
            return False
        self.taken[machine] += 1
        return True

    def leave(self, address: str) -> None:
        """A place is free again."""
        machine = machine_of(address)
        self.taken[machine] -= 1
        if not self.taken[machine]:
            del self.taken[machine]

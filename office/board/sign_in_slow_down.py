"""How long a name waits at the board's sign-in after wrong passwords.

The rules are those of the gate's PINs. What counts as one connection there is one client address
here: a browser that forgets its cookie begins nothing anew.
"""

import time
from collections import OrderedDict
from collections.abc import Callable

from gate.core.pin_slow_down import SlowDown

_NAME_MAX = 40
_WAITS_S = 120.0
"""An address that asked no more for so long has left the queue."""
_ADDRESSES_MAX = 4000


class SignInSlowDown:
    """Of one board, in one thread. `now_s`: monotonic seconds."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._rules = SlowDown()
        self._numbers: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self._next = 0

    def wait_s(self, name: str, address: str) -> float:
        """Seconds until `address` may try `name`; 0: the password is to be looked at, and `right`
        or `wrong` has to follow."""
        now_s = self._now_s()
        number = self._number(address, now_s)
        living = {n for n, asked_s in self._numbers.values() if now_s - asked_s < _WAITS_S}
        return self._rules.wait_s(name[:_NAME_MAX], number, now_s, living)

    def right(self, name: str, address: str) -> None:
        """The password was right: nobody's turn is used."""
        self._rules.right(name[:_NAME_MAX], self._number(address, self._now_s()))

    def wrong(self, name: str, address: str) -> None:
        """The password was wrong."""
        now_s = self._now_s()
        self._rules.wrong(name[:_NAME_MAX], self._number(address, now_s), now_s)

    def _number(self, address: str, now_s: float) -> int:
        """The same for the same address; the one that asked longest ago is forgotten first."""
        known = self._numbers.pop(address, None)
        if known is None:
            self._next += 1
        number = self._next if known is None else known[0]
        self._numbers[address] = (number, now_s)
        if len(self._numbers) > _ADDRESSES_MAX:
            self._numbers.popitem(last=False)
        return number

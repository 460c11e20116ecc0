"""How long somebody waits before the next PIN is looked at. Pure: time is an argument.

Two rules. First, who was wrong on one connection for one account waits there, longer each time, for
at most a minute. Nobody else does. Second, whoever opens new connections all the time waits for a
turn, in one queue for the account and one for the unit. A queue moves by itself, and each
connection has one place in it, so the person whose account is under attack gets a turn too. A
connection that is signed in as the account is out of both queues.
"""

from collections.abc import Callable, Collection, Hashable
from dataclasses import dataclass, field
from typing import TypeVar

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")

FREE = 3
"""Wrong PINs of one connection for one account before it waits at all."""
FIRST_S, LONGEST_S = 1.0, 60.0
"""The first wait, and the longest: each is twice the one before."""
FORGET_S = 900.0
"""Without a wrong PIN for so long, the waits begin anew."""

ACCOUNT_BURST, ACCOUNT_TURN_S = 20, 10.0
"""Of one account, over all connections that are not signed in as it: wrong PINs at once, and then
seconds for each. That is 360 an hour, of the million that six digits have."""
UNIT_BURST, UNIT_TURN_S = 60, 1.0
"""The same over all accounts: checking is work, and ids are made up at will."""

ACCOUNTS_MAX, PAIRS_MAX = 1000, 4000
"""Remembered at most; who was wrong longest ago is forgotten first."""


@dataclass
class _Pair:
    """One connection and one account."""

    wrong: int = 0
    last_s: float = 0.0

    def wait_s(self, now_s: float) -> float:
        if self.wrong < FREE or now_s - self.last_s >= FORGET_S:
            return 0.0
        wait_s = min(LONGEST_S, FIRST_S * 2.0 ** min(self.wrong - FREE, 16))
        return max(0.0, self.last_s + wait_s - now_s)

    def add(self, now_s: float) -> None:
        self.wrong = 1 if now_s - self.last_s >= FORGET_S else self.wrong + 1
        self.last_s = now_s


@dataclass
class _Turns:
    """`burst` at once, then one each `turn_s`, in the order in which connections first asked."""

    burst: int
    turn_s: float
    all_free_at_s: float = 0.0
    queue: list[int] = field(default_factory=list)

    def wait_s(self, connection: int, now_s: float, living: Collection[int]) -> float:
        """0 where it is this connection's turn; else it has a place in the queue from now on."""
        self.queue = [c for c in self.queue if c in living]
        next_s = max(self.all_free_at_s, now_s) - (self.burst - 1) * self.turn_s
        if not self.queue and next_s <= now_s:
            return 0.0
        if connection not in self.queue:
            self.queue.append(connection)
        return max(0.0, next_s + self.queue.index(connection) * self.turn_s - now_s)

    def take(self, connection: int, now_s: float) -> None:
        self.all_free_at_s = max(self.all_free_at_s, now_s) + self.turn_s
        if connection in self.queue:
            self.queue.remove(connection)

    def give_back(self) -> None:
        self.all_free_at_s -= self.turn_s


@dataclass
class SlowDown:
    """Of one unit. `connection`: its number; `account`: what stands for an id, whoever has it."""

    _pairs: dict[tuple[int, str], _Pair] = field(default_factory=dict)
    _accounts: dict[str, _Turns] = field(default_factory=dict)
    _unit: _Turns = field(default_factory=lambda: _Turns(UNIT_BURST, UNIT_TURN_S))

    def wait_s(
        self,
        account: str,
        connection: int,
        now_s: float,
        living: Collection[int],
        *,
        proven: bool = False,
    ) -> float:
        """Seconds until this connection may try this account; 0: its PIN is to be looked at, and
        `right` or `wrong` has to follow. `living`: connections that are open. `proven`: it is
        signed in as the account."""
        pair = self._pairs.get((connection, account))
        if pair is not None and (wait_s := pair.wait_s(now_s)) > 0:
            return wait_s
        if proven:
            return 0.0
        wait_s = self._unit.wait_s(connection, now_s, living)
        if wait_s > 0:
            return wait_s
        turns = _kept(self._accounts, account, ACCOUNTS_MAX, _of_account)
        wait_s = turns.wait_s(connection, now_s, living)
        if wait_s > 0:
            return wait_s
        for each in (self._unit, turns):
            each.take(connection, now_s)
        return 0.0

    def wrong(self, account: str, connection: int, now_s: float) -> None:
        """The PIN that was looked at was wrong."""
        _kept(self._pairs, (connection, account), PAIRS_MAX, _Pair).add(now_s)

    def right(self, account: str, connection: int, *, proven: bool = False) -> None:
        """The PIN was right: it used nobody's turn, and this connection starts anew."""
        self._pairs.pop((connection, account), None)
        if not proven:
            self._unit.give_back()
            if account in self._accounts:
                self._accounts[account].give_back()


def _of_account() -> _Turns:
    return _Turns(ACCOUNT_BURST, ACCOUNT_TURN_S)


def _kept(known: dict[_Key, _Value], key: _Key, most: int, new: Callable[[], _Value]) -> _Value:
    """The value of `key`, made where there is none; the one longest unused goes beyond `most`."""
    value = known.pop(key) if key in known else new()
    known[key] = value  # the youngest stands last
    if len(known) > most:
        del known[next(iter(known))]
    return value

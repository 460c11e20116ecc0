"""Who signs: PINs against the staff of the roster, slowed down by `gate.core.pin_slow_down`.

No PIN is kept, logged or repeated. Who is not on the list gets the same sentence as a wrong PIN,
after the same time.
"""

import asyncio
import hashlib
import itertools
import secrets
import weakref
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from gate.core.events import Instant
from gate.core.pin_slow_down import SlowDown
from gate.core.signer_names import signature_form
from gate.core.staff_list import StaffMember, member
from gate.errors import Refused, UsageError
from gate.ports import Roster, StaffConnection

TOKEN_S = 12 * 3600.0
"""A sign-in holds for a day at the gate, and ends with the process."""
TOKENS_MAX = 200
"""A site's staff with a device each; the oldest sign-in ends first."""
PIN_MAX = 64
"""Characters; a longer one is wrong."""
WARNED_FROM = 10
"""Wrong PINs within `WARNED_S` that the status warns of."""
WARNED_S = 900.0


@dataclass(frozen=True, slots=True)
class _SignIn:
    who: StaffMember
    until_s: float
    number: int


class StaffPins:
    """Of one desk. `roster`: the one whose staff counts now."""

    def __init__(self, roster: Callable[[], Roster | None], now: Callable[[], Instant]) -> None:
        self._roster = roster
        self._now = now
        self._slow_down = SlowDown()
        self._one_at_a_time = asyncio.Lock()
        self._connections: weakref.WeakSet[StaffConnection] = weakref.WeakSet()
        self._signed_in: weakref.WeakKeyDictionary[StaffConnection, _SignIn] = (
            weakref.WeakKeyDictionary()
        )
        self._numbers = itertools.count(1)
        self._tokens: OrderedDict[bytes, _SignIn] = OrderedDict()
        self._wrong_s: list[float] = []

    @property
    def staff(self) -> tuple[StaffMember, ...]:
        """Of the roster; empty where no PIN is asked for."""
        roster = self._roster()
        return () if roster is None else roster.staff

    async def check(
        self, by: str, pin: str | None, connection: StaffConnection | None
    ) -> StaffMember:
        """Whose id and PIN these are. Refused, with `wait_s` where the PIN was not looked at."""
        if pin is None:
            raise Refused(
                "A PIN is needed: sign with your id and your PIN.", "请输入您的编号和 PIN。"
            )
        roster = self._roster()
        who = member(self.staff, by)
        account = signature_form(by[:PIN_MAX])
        number, proven = self._device(who, connection)
        wait_s = self._slow_down.wait_s(
            account, number, self._seconds(), self._living(), proven=proven
        )
        if wait_s > 0:
            raise _slowed_down(wait_s)
        if roster is not None and await self._fits(roster, who, pin) and who is not None:
            self._slow_down.right(account, number, proven=proven)
            return who
        now_s = self._seconds()
        self._slow_down.wrong(account, number, now_s)
        self._wrong_s = [at for at in self._wrong_s[-1000:] if now_s - at < WARNED_S] + [now_s]
        raise Refused("This id and this PIN do not belong together.", "编号与 PIN 不符。")

    def _device(
        self, who: StaffMember | None, connection: StaffConnection | None
    ) -> tuple[int, bool]:
        """What wrong PINs are counted for, and whether it is signed in as `who`. All connections by
        one token are one device, else each could guess anew."""
        if connection is None:
            return 0, False
        self._connections.add(connection)
        sign_in = self._signed_in.get(connection)
        if who is not None and sign_in is not None and connection.signed_in == who.id:
            return -sign_in.number, True
        return connection.id, False

    async def _fits(self, roster: Roster, who: StaffMember | None, pin: str) -> bool:
        """In a thread, and one after another: each takes a core and 19 MiB."""
        tried = pin if len(pin) <= PIN_MAX else ""
        async with self._one_at_a_time:
            return await asyncio.to_thread(roster.pin_fits, who, tried)

    async def sign_in(self, by: str, pin: str | None, connection: StaffConnection) -> str:
        """Signs the connection in; a token that signs in others. Refused, UsageError."""
        if not self.staff:
            raise UsageError(
                "This roster has no staff: nobody signs in, and no PIN is asked.",
                "本名册未含监考人员：无需登录，也不询问 PIN。",
            )
        who = await self.check(by, pin, connection)
        token = secrets.token_hex(16)
        sign_in = _SignIn(who, self._seconds() + TOKEN_S, next(self._numbers))
        self._tokens[_digest(token)] = self._signed_in[connection] = sign_in
        while len(self._tokens) > TOKENS_MAX:
            self._tokens.popitem(last=False)
        connection.signed_in = who.id
        return token

    def resume(self, token: str, connection: StaffConnection) -> None:
        """Signs the connection in by a token; Refused where its sign-in has ended."""
        sign_in = self._tokens.get(_digest(token))
        if sign_in is None or not self._holds(sign_in):
            self._tokens.pop(_digest(token), None)
            connection.signed_in = None
            raise Refused("Sign in again: this sign-in has ended.", "登录已失效，请重新登录。")
        connection.signed_in = sign_in.who.id
        self._signed_in[connection] = sign_in

    def sign_out(self, token: str | None, connection: StaffConnection) -> None:
        """Ends the connection's sign-in, and the token's."""
        connection.signed_in = None
        if token is not None:
            self._tokens.pop(_digest(token), None)

    def signed_in(self, connection: StaffConnection | None) -> StaffMember:
        """Who is signed in on it, by the roster of now. Refused where nobody is."""
        sign_in = None if connection is None else self._signed_in.get(connection)
        if (
            connection is not None
            and sign_in is not None
            and self._holds(sign_in)
            and connection.signed_in == sign_in.who.id
        ):
            return sign_in.who
        raise Refused("Sign in first.", "请先登录。")

    def _holds(self, sign_in: _SignIn) -> bool:
        return self._seconds() < sign_in.until_s and sign_in.who in self.staff

    @property
    def warnings(self) -> list[str]:
        """For the status: that somebody tries PINs."""
        now_s = self._seconds()
        recent = sum(now_s - at < WARNED_S for at in self._wrong_s)
        if recent < WARNED_FROM:
            return []
        return [f"{recent} wrong PINs within {WARNED_S / 60:.0f} min 多次输错 PIN"]

    def _living(self) -> frozenset[int]:
        return frozenset({0, *(connection.id for connection in self._connections)})

    def _seconds(self) -> float:
        return self._now().mono_ns / 1e9


def _digest(token: str) -> bytes:
    """Tokens are looked up by their hash: the time it takes tells nothing of them."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def _slowed_down(wait_s: float) -> Refused:
    seconds = int(wait_s) + 1
    return Refused(
        f"Too many wrong PINs: try again in {seconds} s.",
        f"PIN 输错次数过多：请 {seconds} 秒后再试。",
        wait_s=wait_s,
    )

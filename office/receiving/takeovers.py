"""Two offices under one name at one broker, such as one begun from a copy of the other's folder:
each connection ends the other's. Who came last gives way; who was there stays, and says so. Pure,
durations in seconds.

A broker may say why it ended a connection (MQTT's reason code 142, session taken over); Debian's
mosquitto 2.0.11 just closes it. So each office names its process in the state that the broker
retains, and finds another one's there when it is back.
"""

from dataclasses import dataclass

from gate.errors import GateError, SessionTakenOver

GIVES_WAY_AFTER = 3
"""Times in a row that a newcomer loses its place before it ends."""
SETTLED_S = 60.0
"""An office that kept one connection for so long was there before the other."""


@dataclass(slots=True)
class Takeovers:
    """Other programs that connected under the office's name.

    `process`: our name in the office's state. `in_row`: connections in a row that another program
    ended because it took our place. `settled`: whether one of ours ever stood for `SETTLED_S`.
    """

    process: str
    in_row: int = 0
    total: int = 0
    settled: bool = False
    _was_here: bool = False
    _told: bool = False

    def note_end(self, error: GateError | None, stood_s: float) -> None:
        """A connection that stood for `stood_s`, 0 for never, has ended."""
        if stood_s >= SETTLED_S:
            self.settled, self.in_row = True, 0
        self._was_here = self._was_here or stood_s > 0
        self._told = isinstance(error, SessionTakenOver)
        if self._told:
            self._count()

    def found(self, process: object) -> bool:
        """Whether another office took our place since we were here last. Each one is told once.

        `process`: the process in the state that the broker had kept when we connected, None where
        it names none.
        """
        if not self._was_here or self._told:
            return False
        if process == self.process:  # it was the network, or the broker
            self.in_row = 0
            return False
        self._count()
        return True

    def _count(self) -> None:
        self.in_row += 1
        self.total += 1

    @property
    def gives_way(self) -> bool:
        """Both would otherwise push each other off for ever. Of two that began together, one comes
        to its limit first, and the other one is then left alone."""
        return not self.settled and self.in_row >= GIVES_WAY_AFTER

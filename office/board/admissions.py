"""Who is let in to one paper at one site, whatever order the events come in. Pure."""

from collections import Counter
from sys import intern


class Admissions:
    """Counts people: each once, for as long as one of their admissions is not taken back.

    `who`: their keyed number. `when`: what names one admission of theirs, its gate and its time.
    Hashes are kept: a national exam has millions of admissions.
    """

    def __init__(self) -> None:
        self._first: dict[int, int] = {}
        self._further: dict[int, set[int]] = {}
        self._taken_back: set[tuple[int, int]] = set()
        self._rooms: dict[int, str] = {}

    def __len__(self) -> int:
        """People who are let in."""
        return len(self._first)

    def seat(self, who: str, room: str) -> None:
        """`who` sits in `room`, as a decision about them says, let in or not."""
        self._rooms[hash(who)] = intern(room)

    def by_room(self) -> Counter[str]:
        """How many of those let in sit in each room; an empty name for a room that nobody said."""
        return Counter(self._rooms.get(person, "") for person in self._first)

    def add(self, who: str, when: tuple[str, str]) -> None:
        """An admission; nothing where it is known, or was taken back."""
        person, one = hash(who), hash(when)
        if (person, one) in self._taken_back:
            return
        if self._first.setdefault(person, one) != one:
            self._further.setdefault(person, set()).add(one)

    def take_back(self, who: str, when: tuple[str, str]) -> None:
        """That admission is none, also if it comes later."""
        person, one = hash(who), hash(when)
        self._taken_back.add((person, one))
        further = self._further.get(person, set())
        further.discard(one)
        if self._first.get(person) == one:
            if further:
                self._first[person] = further.pop()
            else:
                del self._first[person]

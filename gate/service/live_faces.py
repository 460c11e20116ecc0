"""The live faces of open cases, for who settles them. In memory alone, and few: a restart forgets
them, and so does a verdict. What is kept for good is the sealed evidence."""

from collections.abc import Iterable

KEPT = 16
"""Of about 40 kB each. Who was referred before so many others has long gone."""


class LiveFaces:
    """JPEGs by the id of the REFER that they were taken at."""

    def __init__(self) -> None:
        self._faces: dict[str, bytes] = {}

    def keep(self, decision: str, jpeg: bytes) -> None:
        """The newest; the oldest goes where there are too many."""
        self._faces[decision] = jpeg
        while len(self._faces) > KEPT:
            del self._faces[next(iter(self._faces))]

    def of(self, decision: str) -> bytes | None:
        """None where there was no face, or it is not kept any more."""
        return self._faces.get(decision)

    def drop(self, decisions: Iterable[str]) -> None:
        """They are settled."""
        for decision in decisions:
            self._faces.pop(decision, None)

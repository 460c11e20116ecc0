"""How a list may name a site or a paper: by its id, or by its name where no other has that."""

import unicodedata
from collections.abc import Iterable


class Designations:
    """The sites or papers that a list may name.

    `pairs`: id and name of each. Case, full-width forms, blanks and the zeros that a spreadsheet
    takes off do not count where one alone is meant.
    """

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        listed = list(pairs)
        self._ids = {key: key for key, _ in listed}
        self._tiers = [
            _unique((_folded(key), key) for key, _ in listed),
            _unique((_folded(name), key) for key, name in listed),
            _unique((_folded(key).lstrip("0"), key) for key, _ in listed),
        ]

    def id_of(self, written: str) -> str | None:
        """The id that is meant, None where nobody or more than one is."""
        if written in self._ids:
            return written
        text = _folded(written)
        found = (tier.get(text) for tier in self._tiers)
        return next((key for key in found if key is not None), None) if text else None


def _unique(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    met: dict[str, set[str]] = {}
    for text, key in pairs:
        met.setdefault(text, set()).add(key)
    return {text: keys.pop() for text, keys in met.items() if len(keys) == 1}


def _folded(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()

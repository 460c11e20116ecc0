"""Whether a spreadsheet rounded the ID numbers of a list. Pure.

Spreadsheets keep 15 digits of a number: 18 become 15 and three zeros. One in eleven of those passes
the check digit as somebody else's number. Other programs keep 53 bits: a multiple of 64, or 17
digits and a zero. Correct numbers end in three zeros once in 1,100, so a few are enough to tell.
"""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from office.rosters import cells

_CITIZEN = re.compile(r"\d{17}[\dX]")
_NOUGHTS = re.compile(r"\d{15}000")
_HONEST_NOUGHTS = 1 / 1100
"""A serial number that ends in two zeros, and a check digit of zero."""

_CHANCE_MAX = 1e-6
"""Below it nobody's honest list looks like this one."""

_MANY, _SHARE = 5, 0.5
"""Fewer bad numbers than `_MANY` in a list of more than twice as many are some bad cells. Those are
rejected one by one. The list is the others', too."""

_BINARY_LEAST, _BINARY_SHARE = 8, 0.9
"""Rounding to 53 bits hits a whole column, and an honest number is like it once in 11 or 64."""


@dataclass(frozen=True, slots=True)
class Rounding:
    """`damaged` of `total` candidates have a number that ends in zeros or lost its digits."""

    damaged: int
    total: int


def rounding(numbers: Mapping[str, str] | Iterable[tuple[str, str]]) -> Rounding | None:
    """None for an honest list. `numbers`: by ticket, as `cells.number` gives them; a candidate with
    several papers counts once."""
    counted = [n for n in dict(numbers).values() if _CITIZEN.fullmatch(n) or cells.digits_lost(n)]
    noughts = [n for n in counted if ends_in_noughts(n) or cells.digits_lost(n)]
    if _is_beyond_chance(len(noughts), len(counted), _HONEST_NOUGHTS):
        return Rounding(len(noughts), len(counted))
    for binary in (_is_multiple, _ends_in_nought):
        found = sum(map(binary, counted))
        if found >= _BINARY_LEAST and found > _BINARY_SHARE * len(counted):
            return Rounding(found, len(counted))
    return None


def _is_multiple(number: str) -> bool:
    return number.isdigit() and int(number) % 64 == 0


def _ends_in_nought(number: str) -> bool:
    return number.endswith("0")


def ends_in_noughts(number: str) -> bool:
    """Whether `number` ends in the zeros that a spreadsheet leaves."""
    return _NOUGHTS.fullmatch(number) is not None


def _is_beyond_chance(found: int, total: int, honest: float) -> bool:
    if found < _MANY and found < _SHARE * total:
        return False
    return found > 0 and _at_least(found, total, honest) < _CHANCE_MAX


def _at_least(found: int, total: int, share: float) -> float:
    """The chance of so many or more among `total`: the first terms of the binomial's tail, which
    fall fast where it is small."""
    if found <= total * share:
        return 1.0
    terms = range(found, min(total, found + 50) + 1)
    return sum(
        math.exp(
            math.lgamma(total + 1)
            - math.lgamma(k + 1)
            - math.lgamma(total - k + 1)
            + k * math.log(share)
            + (total - k) * math.log1p(-share)
        )
        for k in terms
    )

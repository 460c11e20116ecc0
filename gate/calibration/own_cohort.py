"""S-norm with a cohort from the same set that is measured, without the two people compared.

At an exam the cohort is drawn from the exam's own candidates. A set for calibration is too small to
give 200 of its people away. So every pair is normalised with the cohort minus the rows of its own
two people (a genuine pair: one person). The next highest similarities take their place, so the
statistics always are those of `top` strangers.
"""

from dataclasses import dataclass

import numpy as np

from gate.calibration.template_sets import FlooredScale, Labels, Matrix, RowNumbers, Side, Values
from gate.models.matching import SAME_PERSON
from gate.ports.values import TemplateRows

STRANGERS_MIN = 3
"""A cohort has at least so many rows more than `top`: two people and the next in line."""


@dataclass(frozen=True, slots=True, eq=False)
class OwnCohort:
    """For each row: sum and squares of its `top` highest cosines, the least of them and the next.

    Beside them its cosine with every cohort row, and its person's place in the cohort (-1: none).
    """

    top: int
    total: Values
    squares: Values
    least: Values
    following: Values
    similar: Matrix
    place: Labels

    @classmethod
    def of(cls, side: Side, cohort: TemplateRows, cohort_people: Labels, top: int) -> "OwnCohort":
        """The statistics of every row of `side`.

        `cohort`: (n, 128) float32, one row a person, at least `top + STRANGERS_MIN` of them.
        """
        places = {int(person): n for n, person in enumerate(cohort_people)}
        place = np.array([places.get(int(p), -1) for p in side.people], np.int64)
        similar = side.templates @ cohort.T
        similar[similar >= SAME_PERSON] = -np.inf
        known = np.flatnonzero(place >= 0)
        similar[known, place[known]] = -np.inf
        highest = -np.partition(-similar, top, axis=1)[:, : top + 1]
        highest = -np.sort(-highest, axis=1)
        among = highest[:, :top].astype(np.float64)
        sums = (among.sum(axis=1), (among * among).sum(axis=1))
        total, squares = (s.astype(np.float32) for s in sums)
        return cls(top, total, squares, highest[:, top - 1], highest[:, top], similar, place)

    def taken(self, rows: RowNumbers | slice) -> "OwnCohort":
        """The statistics of these rows."""
        return OwnCohort(
            self.top,
            self.total[rows],
            self.squares[rows],
            self.least[rows],
            self.following[rows],
            self.similar[rows],
            self.place[rows],
        )

    def against(self, other: "OwnCohort") -> tuple[Matrix, Matrix]:
        """Mean and deviation for each own row with each row of `other`, whose person is out."""
        shape = (len(self.total), len(other.total))
        mean, deviation = np.empty(shape, np.float32), np.empty(shape, np.float32)
        mean[:], deviation[:] = (v[:, None] for v in self._statistics(self.total, self.squares))
        columns = np.flatnonzero(other.place >= 0)
        out = self.similar[:, other.place[columns]]
        touched = out >= self.least[:, None]
        out = np.where(touched, out, 0)
        instead = np.where(touched, self.following[:, None], 0)
        mean[:, columns], deviation[:, columns] = self._statistics(
            self.total[:, None] - out + instead,
            self.squares[:, None] - out * out + instead * instead,
        )
        return mean, deviation

    def _statistics(self, total: Matrix, squares: Matrix) -> tuple[Matrix, Matrix]:
        """Mean and deviation, also of (n,) values."""
        mean = total / np.float32(self.top)
        variance = squares / np.float32(self.top) - mean * mean
        return mean, np.sqrt(np.maximum(variance, np.float32(1e-12)))


def with_own_cohort(side: Side, members: Side, top: int, scale: FlooredScale | None = None) -> Side:
    """`side` normalised with the rows of `members`, one a person; with the floor of `scale`."""
    norms = OwnCohort.of(side, members.templates, members.people, top)
    return Side(side.templates, side.people, side.usable, norms, side.rows, scale)

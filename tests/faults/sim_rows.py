"""The simulator's rows."""

from tests.faults.row import Row

ROWS: tuple[Row, ...] = ()

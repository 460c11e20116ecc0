"""The rows of the matrix, in the order they run and are printed."""

from tests.faults import disk_rows, process_rows, retention, sim_rows
from tests.faults.row import Row

ROWS: tuple[Row, ...] = (*sim_rows.ROWS, *retention.ROWS, *disk_rows.ROWS, *process_rows.ROWS)

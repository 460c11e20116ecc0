"""The board that is accepted: the unit itself, or the virtual one that scripts/board has built."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from scripts.virtual_board.image import Built
from scripts.virtual_board.qemu import switched_off_at_last
from tests.hardware.boards import Board, ThisUnit, fresh_board

BUILT = "EXAM_GATE_VIRTUAL_BOARD"
"""The folder with the images of scripts/board; without it the tests run on this machine."""


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    """Switched on, with a card reader plugged in."""
    folder = os.environ.get(BUILT)
    if folder is None:
        yield ThisUnit()
        return
    made = fresh_board(Built.found(Path(folder)), tmp_path_factory.mktemp("board"))
    with ExitStack() as stack:
        stack.enter_context(switched_off_at_last(made.machine))
        stack.enter_context(made.reader)
        made.power_on()
        made.plug_reader()
        yield made

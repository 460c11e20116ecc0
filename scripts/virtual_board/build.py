"""python -m scripts.virtual_board.build CACHE: the images of the virtual board, from its root."""

import sys
import tempfile
from pathlib import Path

from demo.processes import CommandFailed
from scripts.virtual_board.image import build

CHECKOUT = Path(__file__).resolve().parents[2]


def main() -> int:
    """1 where a command of the set-up failed."""
    with tempfile.TemporaryDirectory(prefix="exam-gate-board-") as work:
        try:
            build(Path(sys.argv[1]), CHECKOUT, Path(work))
        except CommandFailed as e:
            print(f"board: {e}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

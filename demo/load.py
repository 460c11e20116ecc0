"""A busy machine, made on purpose: `scripts/demo --under-load`.

Loops that do nothing but turn, and jobs that write and sync beside the gate, as updates and logs do
on a small computer. All of them at the priority that the gate has.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from demo.processes import Crew

LOOPS, WRITERS = 8, 2
BLOCK_BYTES = 1 << 20
BLOCKS = 64
"""A writer begins its file anew after so many, so that it fills no disk."""


@contextmanager
def under_load(folder: Path) -> Iterator[Crew]:
    """LOOPS busy loops and WRITERS writers of files in `folder`, until it is left."""
    folder.mkdir()
    crew = Crew(folder)
    try:
        for n in range(LOOPS):
            crew.start(f"loop-{n}", sys.executable, "-c", "while True: pass")
        for n in range(WRITERS):
            crew.start(f"writer-{n}", sys.executable, "-m", "demo.load", str(folder / f"{n}.bin"))
        yield crew
    finally:
        crew.stop_all()


def write_and_sync(path: Path) -> None:
    """Without end."""
    block = os.urandom(BLOCK_BYTES)
    while True:
        with path.open("wb", buffering=0) as file:
            for _ in range(BLOCKS):
                file.write(block)
                os.fsync(file.fileno())


if __name__ == "__main__":
    write_and_sync(Path(sys.argv[1]))

"""One peer inside the emulator: guest.py PEER FRAMES FILES COUNT embeds COUNT pictures and asks
the counter for a line before and after each. Prints the templates as one JSON list.

PEER, FRAMES and FILES as for scripts/peers/worker.py, whose peers these are.
"""

import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "peers"))

import worker  # found only after the line above


def line_of_counts() -> None:
    """See counter.c: the system call that it waits for."""
    os.sched_get_priority_min(os.SCHED_IDLE)


def main() -> None:
    peer, frames_file, files, count = sys.argv[1:5]
    frames = worker.frames_for(peer, Path(frames_file))
    embed = worker.PEERS[peer](1, Path(files))
    templates = []
    for n in range(int(count)):
        picture = frames[n % len(frames)]
        line_of_counts()
        template = embed(picture)
        line_of_counts()
        templates.append(None if template is None else [float(v) for v in template])
    print(json.dumps(templates))


if __name__ == "__main__":
    main()

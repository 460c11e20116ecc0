"""Where and with what a measurement was made, as reports say it."""

import os
import platform
import resource
import time
from datetime import UTC, datetime

from gate import __version__
from gate.core.json_types import JsonObject
from gate.models.interpreter import runtime_name


def what_ran(begun: float, seed: int, command: str) -> JsonObject:
    """Date, machine class, runtime and cost. `begun`: monotonic seconds at the beginning."""
    python = f"Python {platform.python_version()}"
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "version": __version__,
        "machine": f"{platform.machine()}, {len(os.sched_getaffinity(0))} processors, {python}",
        "runtime": runtime_name(),
        "seed": seed,
        "seconds": round(time.monotonic() - begun, 1),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "command": command,
    }

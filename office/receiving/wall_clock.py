"""The office's own clock, as it stands in what the office says."""

import time
from datetime import UTC, datetime


def now() -> str:
    """RFC 3339 in UTC, with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def now_ms() -> int:
    """Milliseconds since 1970, in UTC: a generation is one of them, or higher."""
    return time.time_ns() // 1_000_000

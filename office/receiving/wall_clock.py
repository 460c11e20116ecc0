"""The office's own clock, as it stands in what the office says."""

from datetime import UTC, datetime


def now() -> str:
    """RFC 3339 in UTC, with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")

"""When somebody arrived, by the gate's own clock as far as it can be right. Pure."""

from datetime import UTC, datetime

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def arrival_minute(at: str | None, received: str) -> int | None:
    """Minutes since 1970 of a decision `at`, never after the office `received` it (RFC 3339 with
    offset, both). A clock in the future moves no curve; an event that waited for the network keeps
    its own time. None where nothing says when."""
    said = None if at is None else _minute(at)
    heard = _minute(received)
    return heard if said is None else said if heard is None else min(said, heard)


def _minute(text: str) -> int | None:
    try:
        return int((datetime.fromisoformat(text) - _EPOCH).total_seconds() // 60)
    except (ValueError, TypeError):
        return None

"""Times as people at the office read them. Pure."""

from datetime import datetime, tzinfo


def shown_time(text: str | None, zone: tzinfo | None = None) -> str:
    """`YYYY-MM-DD HH:MM:SS` in `zone`; None: that of this machine. A dash for none, and what is no
    time with an offset as it stands."""
    if not text:
        return "—"
    try:
        at = datetime.fromisoformat(text)
        return at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S") if at.tzinfo else text
    except (ValueError, OverflowError):
        return text

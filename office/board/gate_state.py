"""How a gate stands, by when it was heard last. Pure."""

from datetime import datetime

READY_S, LATE_S = 90.0, 300.0
"""A heartbeat comes every 30 to 60 s: one that is missing is no fault yet."""

WORDS = {
    "ready": ("就绪", "ready"),
    "late": ("迟报", "late"),
    "silent": ("失联", "silent"),
    "never": ("未上线", "never heard"),
}
"""Each state in Chinese and English."""


def gate_state(last_seen: str | None, now: datetime) -> str:
    """One of `WORDS`. `last_seen`: RFC 3339, None before anything was heard; `now`: aware."""
    if last_seen is None:
        return "never"
    try:
        quiet_s = (now - datetime.fromisoformat(last_seen)).total_seconds()
    except (ValueError, TypeError):
        return "silent"
    if quiet_s <= READY_S:
        return "ready"
    return "late" if quiet_s <= LATE_S else "silent"

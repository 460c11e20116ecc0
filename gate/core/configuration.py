"""What the office may change of a running gate: an allow-list. Pure.

gate.toml holds what belongs to the unit. Here stands only what may differ from day to day. The
journal keeps it, as the command that asked for it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from gate.core.json_types import JsonValue

Changes = Mapping[str, int | bool | str]
"""Desired values by key."""
HEARTBEAT_S = (10, 300)
"""Seconds between two heartbeats, least and most."""
LOG_LEVELS = ("info", "debug")


@dataclass(frozen=True, slots=True)
class Configuration:
    """`heartbeat_s`: seconds between two heartbeats in the mean; each wait is a third shorter to a
    third longer. `log_level`: of the process. `mirror`: decisions go out as flat JSON, too."""

    heartbeat_s: int = 45
    log_level: str = "info"
    mirror: bool = False

    def changed(self, changes: Changes) -> "Configuration":
        """With `changes`, as `read_changes` gave them."""
        return replace(self, **changes)  # type: ignore[arg-type]

    def reported(self) -> dict[str, int | bool | str]:
        """What is in force, by key."""
        return {
            "heartbeat_s": self.heartbeat_s,
            "log_level": self.log_level,
            "mirror": self.mirror,
        }


def read_changes(raw: JsonValue) -> Changes:
    """The changes in `raw`. ValueError, in one sentence, for anything that is not allowed."""
    if not isinstance(raw, dict) or not raw:
        raise ValueError(f"set holds at least one of {', '.join(_KEYS)}. 未指定配置项。")
    unknown = sorted(key for key in raw if key not in _KEYS)
    if unknown:
        said = ", ".join(map(str, unknown))[:80]
        raise ValueError(f"{said}: only {', '.join(_KEYS)} may be set. 配置项不在允许之列。")
    for key, value in raw.items():
        allowed, fits = _KEYS[key]
        if not fits(value):
            raise ValueError(f"{key} is {allowed}. {key} 的值不合规定。")
    return dict(raw)


_KEYS: dict[str, tuple[str, Callable[[JsonValue], bool]]] = {
    "heartbeat_s": (
        f"a whole number, {HEARTBEAT_S[0]} to {HEARTBEAT_S[1]}",
        lambda v: type(v) is int and HEARTBEAT_S[0] <= v <= HEARTBEAT_S[1],
    ),
    "log_level": (" or ".join(LOG_LEVELS), lambda v: isinstance(v, str) and v in LOG_LEVELS),
    "mirror": ("true or false", lambda v: isinstance(v, bool)),
}

"""What a gate may say of itself unsigned: states and alerts, bounded before anybody sees them."""

from collections.abc import Mapping

from gate.errors import InputRejected
from gate.platform.printable_text import printable

_FIELDS = {
    "state": ("gate", "session", "state"),
    "alert": ("gate", "alert", "why", "detail", "at"),
}
"""All that is kept of each part."""
_WORD_MAX = 80
_DETAIL_MAX = 300


def bounded_note(part: str, said: Mapping[str, object]) -> dict[str, str]:
    """The known fields of a state or alert as short printable text. InputRejected for another
    part, and for a field that is neither text nor a number."""
    if part not in _FIELDS:
        raise InputRejected(f"A note is a state or an alert, not {part}.")
    return {name: _text(name, said[name]) for name in _FIELDS[part] if name in said}


def _text(name: str, value: object) -> str:
    if not isinstance(value, str | int | float):
        raise InputRejected(f"{name} of a note is text.", f"消息的 {name} 应为文本。")
    return printable(str(value)[: _DETAIL_MAX if name == "detail" else _WORD_MAX])

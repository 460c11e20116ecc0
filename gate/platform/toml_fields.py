"""Parts of the models that read TOML files: forms of text, time zones, and faults in words."""

import re
import zoneinfo

from pydantic import AfterValidator, BaseModel
from pydantic_core import ErrorDetails

from gate.platform.printable_text import is_printable

_ZONE = re.compile(r"(?!right/|posix/|SystemV/)[A-Z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*")
_NO_PLACE = ("Factory",)
"""A place holder. It lies where time zone files lie. So do two more kinds of names that are
refused. `localtime` is this machine's own zone, which is another on the next machine. Zones in
`right/` count leap seconds."""


def matching(pattern: re.Pattern[str], allowed: str, never: str | None = None) -> AfterValidator:
    """Text that `pattern` describes whole, and that is not `never`. `allowed`: the same in
    words."""

    def check(value: str) -> str:
        if not pattern.fullmatch(value) or value == never:
            raise ValueError(f"allowed: {allowed}" + (f", never '{never}'" if never else ""))
        return value

    return AfterValidator(check)


def seen(value: str) -> str:
    """`value`, all of which can be seen. ValueError otherwise."""
    if not is_printable(value):
        raise ValueError("allowed: characters that can be seen")
    return value


def known_timezone(value: str) -> str:
    """`value`, the IANA name of a zone that is the same on each machine. ValueError otherwise."""
    try:
        if not _ZONE.fullmatch(value) or value in _NO_PLACE:
            raise ValueError(value)
        zoneinfo.ZoneInfo(value)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as e:
        raise ValueError("no such time zone; allowed: IANA names such as Asia/Shanghai") from e
    return value


def fault_sentence(model: type[BaseModel], place: str, fault: ErrorDetails) -> str:
    """One of pydantic's `errors()` in words: where in the file, and what is allowed there."""
    key = ".".join(str(part) for part in fault["loc"])
    where = ".".join(part for part in (place, key) if part)
    if fault["type"] == "missing":
        return f"{where}: missing"
    if fault["type"] == "extra_forbidden":
        return f"{where}: unknown key; allowed: {', '.join(model.model_fields)}"
    said = fault["msg"].removeprefix("Value error, ")
    return f"{where or 'file'}: {said} (got {fault['input']!r})"

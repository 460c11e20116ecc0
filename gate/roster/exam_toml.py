"""The tables of exam.toml, one pydantic model each (formats.md). Strict types, named unknowns."""

import re
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from gate.core.events import YEARS
from gate.core.exam import FMR_LEAST
from gate.core.json_types import JsonValue
from gate.platform.toml_fields import known_timezone, matching, seen

_EXAM_ID = re.compile(r"[a-z0-9-]{1,32}")
_SITE_ID = re.compile(r"[a-z0-9-]{1,60}")
_QUESTION_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_PAPER_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")


def _aware(value: JsonValue) -> datetime:
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if not isinstance(value, datetime):
        raise ValueError("not a time; allowed: 2027-04-10T09:00:00+08:00")  # noqa: TRY004 - pydantic reports ValueError only
    if value.tzinfo is None:
        raise ValueError("no offset; allowed: 2027-04-10T09:00:00+08:00")
    if value.year not in YEARS:
        raise ValueError(f"no year of an exam; allowed: {YEARS[0]} to {YEARS[-1]}")
    return value


def aware_or_none(value: JsonValue) -> datetime | None:
    """`value` as an aware time, None where it is not one."""
    try:
        return _aware(value)
    except ValueError:
        return None


_Name = Annotated[str, Field(min_length=1, max_length=200)]
_Minutes = Annotated[float, Field(ge=0, le=1440)]
_SignedMinutes = Annotated[float, Field(ge=-1440, le=1440)]
_Time = Annotated[datetime, BeforeValidator(_aware)]
_Document = Literal[
    "resident", "temporary", "residence-permit", "foreigner", "travel-document", "notice"
]


class _Table(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class ExamFields(_Table):
    """The keys outside every table."""

    exam: Annotated[str, matching(_EXAM_ID, "1 to 32 of a-z, 0-9 and -", "office")]
    name: _Name
    timezone: Annotated[str, AfterValidator(known_timezone)]
    retention_days: Annotated[int, Field(ge=0, le=3650)] = 30


class SiteFields(_Table):
    """A site as the exam description states it."""

    id: Annotated[str, matching(_SITE_ID, "1 to 60 of a-z, 0-9 and -", "office")]
    name: _Name


class Rules(_Table):
    """[defaults], and the same keys in a paper. Only the keys that were written count, so the
    defaults themselves stand in one place: gate.core.exam. `background` concerns the office's
    check of ticket photos and does not travel to the gate."""

    opens_before_min: _Minutes = 0
    closes_after_min: _SignedMinutes = 0
    leave_before_end_min: _Minutes = 0
    reentry: bool = False
    documents: Annotated[list[_Document], Field(min_length=1)] = []
    fmr: Annotated[float, Field(ge=FMR_LEAST, le=1e-2)] = 0
    attempts: Annotated[int, Field(ge=1, le=10)] = 0
    probe_frames: Annotated[int, Field(ge=1, le=20)] = 0
    probe_seconds: Annotated[float, Field(ge=0.5, le=30)] = 0
    liveness: Literal["off", "passive", "action"] = "off"
    liveness_fallback: Literal["refer", "admit"] = "refer"
    background: Literal["any", "plain", "blue", "white"] = "any"
    requires: Annotated[list[Literal["notice", "health-report"]], Field(max_length=2)] = []
    signatures: Annotated[int, Field(ge=1, le=2)] = 0
    standby_room: Annotated[str, AfterValidator(seen), Field(max_length=32)] = ""
    extra_time_min: Annotated[float, Field(ge=0, le=480)] = 0


class PaperFields(Rules):
    """A paper as the exam description states it, with its own rules."""

    id: Annotated[str, matching(_PAPER_ID, "1 to 32 letters, digits, . _ and -", "office")]
    subject: _Name
    start: _Time
    end: _Time


class QuestionFields(_Table):
    """A question of the health report. `standby`: its concern leads to the standby room; where
    nothing is said, that of a question with the id `symptoms` does."""

    id: Annotated[str, matching(_QUESTION_ID, "1 to 32 of a-z, 0-9, _ and -", "office")]
    zh: Annotated[_Name, AfterValidator(seen)]
    en: Annotated[_Name, AfterValidator(seen)]
    concern: Literal["yes", "no"] = "yes"
    standby: bool | None = None


class ExtensionFields(_Table):
    """Granted on the day. Without `room` it holds for every room of the paper."""

    paper: str
    room: Annotated[str, Field(min_length=1, max_length=32)] | None = None
    closes_after_min: _SignedMinutes
    by: _Name
    reason: _Name

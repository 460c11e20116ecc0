"""The tables of ROUND.toml, one pydantic model each. Strict types, named unknowns."""

import re
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from gate.platform.toml_fields import known_timezone, matching, seen

_ID = re.compile(r"[a-z0-9-]{1,32}")
_DISTRICT = re.compile(r"[0-9]{2,12}")
_SUBJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
_OFFICES = re.compile(r"[\w.-]{1,100}")


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("no offset; allowed: 2027-01-05T14:00:00+08:00")
    return value


_Id = Annotated[str, matching(_ID, "1 to 32 of a-z, 0-9 and -")]
_Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(seen)]
_Time = Annotated[datetime, AfterValidator(_aware)]


class _Table(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class PeriodFields(_Table):
    """[registration], [correction], [fee]: `ends` itself is outside."""

    begins: _Time
    ends: _Time


class DistrictFields(_Table):
    """A [[district]]. Ticket numbers begin with its id, so it is made of digits."""

    id: Annotated[str, matching(_DISTRICT, "2 to 12 digits")]
    name: _Name


class LevelFields(_Table):
    """A [[level]] and its fee."""

    id: _Id
    name: _Name
    fee_yuan: Annotated[int, Field(ge=0, le=100_000)]


class ProofFields(_Table):
    """A [[document]] that is handed in; by every level where `levels` is empty."""

    id: _Id
    zh: _Name
    en: _Name
    levels: Annotated[list[str], Field(max_length=50)] = []


class SubjectFields(_Table):
    """A [[subject]] on offer; `name` is that of the exam's paper."""

    id: Annotated[str, matching(_SUBJECT, "1 to 32 letters, digits, . _ and -")]
    name: _Name


class RoundFields(_Table):
    """The keys outside every table of a list. `offices`: a CSV file beside ROUND.toml."""

    round: _Id
    name: _Name
    timezone: Annotated[str, AfterValidator(known_timezone)]
    consent: Annotated[str, matching(_SUBJECT, "1 to 32 letters, digits, . _ and -")]
    attempts: Annotated[int, Field(ge=1, le=20)] = 3
    attempts_within_min: Annotated[int, Field(ge=1, le=10_080)] = 120
    payment_grace_h: Annotated[int, Field(ge=0, le=720)] = 24
    offices: Annotated[str, matching(_OFFICES, "the name of a file in the same folder")] = ""
    registration: PeriodFields
    correction: PeriodFields
    fee: PeriodFields


LISTS: dict[str, type[_Table]] = {
    "district": DistrictFields,
    "level": LevelFields,
    "document": ProofFields,
    "subject": SubjectFields,
}

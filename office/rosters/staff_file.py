"""STAFF.toml: who may sign at which site, with their PINs as argon2id hashes.

One `[[staff]]` table a person: `id`, `name`, `role`, `site`, `pin`. Every fault is told at once.
None of them repeats what stands for a PIN: somebody may have written it plainly.
"""

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from gate.core.exam import Exam
from gate.core.json_types import JsonValue
from gate.core.signer_names import signature_form
from gate.core.staff_list import Role, StaffMember
from gate.errors import ConfigInvalid, InputDamaged, UsageError
from gate.platform.durable_files import write_file
from gate.platform.printable_text import is_printable, printable
from gate.platform.regular_file import read_regular
from gate.platform.toml_fields import matching
from gate.platform.toml_values import decode_toml
from gate.roster.pin_hashes import HASH_FORM
from gate.roster.repository import storage_refused

STAFF_BYTES_MAX = 4 << 20
"""Bytes: tens of thousands of people."""
ONE_SITE_MAX = 500
"""People. A gate looks through them at each PIN."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
_SITE = re.compile(r"[a-z0-9-]{1,60}")


def _seen(value: str) -> str:
    if not value.strip() or not is_printable(value):
        raise ValueError("allowed: characters that can be seen")
    return value


class StaffFields(BaseModel):
    """One `[[staff]]` table."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)

    id: Annotated[str, matching(_ID, "1 to 32 letters, digits, . _ and -, no sign first")]
    name: Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_seen)]
    role: Literal["invigilator", "chief"]
    site: Annotated[str, matching(_SITE, "the id of a site: 1 to 60 of a-z, 0-9 and -")]
    pin: Annotated[str, matching(HASH_FORM, "what exam-office staff add writes (argon2id, 19 MiB)")]


def read_staff(path: Path, exam: Exam | None = None) -> tuple[StaffMember, ...]:
    """Everybody in the file. InputDamaged where it cannot be read; ConfigInvalid names every fault,
    with `exam` also sites that it has not."""
    try:
        text = read_regular(path, STAFF_BYTES_MAX)
    except OSError as e:
        raise InputDamaged(
            f"{path} cannot be read ({e.strerror}): name the file that staff add wrote.",
            f"{path} 无法读取（{e.strerror}）：请指定 staff add 生成的文件。",
            path=str(path),
        ) from e
    return staff_of(text, str(path), exam)


def staff_of(text: bytes, source: str, exam: Exam | None = None) -> tuple[StaffMember, ...]:
    """As `read_staff`, of the file's bytes."""
    try:
        raw = decode_toml(text.removeprefix(b"\xef\xbb\xbf"))
    except ValueError as e:
        raise ConfigInvalid.of(source, [f"not TOML: {printable(str(e))}"]) from e
    faults: list[str] = [
        f"{printable(key)}: unknown key; allowed: [[staff]]" for key in raw if key != "staff"
    ]
    rows = raw.get("staff", [])
    if not isinstance(rows, list):
        faults.append("staff: write it as [[staff]]")
        rows = []
    found: list[StaffMember] = []
    for number, row in enumerate(rows, 1):
        fields = _parsed(row, number, faults)
        if fields is not None:
            found.append(_member(fields))
    faults += _doubled(rows)
    if exam is not None:
        faults += _strange_sites(found, [site.id for site in exam.sites])
    faults += _crowded(found)
    if faults:
        raise ConfigInvalid.of(source, faults)
    return tuple(found)


def add_member(path: Path, given: Mapping[str, str]) -> None:
    """Appends a person to the file, which is made where there is none. Only its owner may read it:
    short PINs can be guessed from their hashes. `given`: the fields of `StaffFields`. UsageError
    names every fault in it; InputDamaged, ConfigInvalid, StorageRefused."""
    before = read_regular(path, STAFF_BYTES_MAX) if path.exists() else b""
    known = read_staff(path) if before else ()
    faults: list[str] = []
    fields = _parsed(dict(given), None, faults)
    if fields is not None and any(signature_form(m.id) == signature_form(fields.id) for m in known):
        faults.append(
            f"id: {fields.id} is in {path} already; choose another one, or take that [[staff]] "
            "table out first"
        )
    if fields is None or faults:
        listed = "; ".join(faults)
        raise UsageError(
            f"Nobody was added: {listed}.", f"未添加：{listed}。", faults=tuple(faults)
        )
    lines = [f"{name} = {_toml_text(value)}" for name, value in fields.model_dump().items()]
    block = "\n".join(["[[staff]]", *lines, ""]).encode()
    gap = b"" if not before else b"\n" if before.endswith(b"\n") else b"\n\n"
    with storage_refused(path.parent):
        write_file(path, before + gap + block, 0o600)


def _toml_text(value: str) -> str:
    """A basic string: the escapes of JSON are among those of TOML."""
    return json.dumps(value, ensure_ascii=False)


def _member(fields: StaffFields) -> StaffMember:
    return StaffMember(fields.id, fields.name, Role(fields.role), fields.site, fields.pin)


def _parsed(row: JsonValue, number: int | None, faults: list[str]) -> StaffFields | None:
    named = row.get("id") if isinstance(row, dict) else None
    shown = printable(named) if isinstance(named, str) and len(named) <= 64 else number
    place = "" if number is None else f"[[staff]] {shown}."
    try:
        return StaffFields.model_validate(row)
    except ValidationError as e:
        for fault in e.errors(include_input=False, include_url=False):
            key = ".".join(printable(str(part))[:64] for part in fault["loc"])
            faults.append(f"{place}{key}: {_words(fault['type'], fault['msg'])}".replace(".:", ":"))
        return None


def _words(kind: str, message: str) -> str:
    if kind == "missing":
        return "missing"
    if kind == "extra_forbidden":
        return f"unknown key; allowed: {', '.join(StaffFields.model_fields)}"
    return message.removeprefix("Value error, ")


def _doubled(rows: list[JsonValue]) -> Iterator[str]:
    """Two people whose ids look alike could sign for each other."""
    ids = [str(row["id"]) for row in rows if isinstance(row, dict) and "id" in row]
    for form, count in Counter(map(signature_form, ids)).items():
        if count > 1:
            same = ", ".join(sorted({printable(i) for i in ids if signature_form(i) == form}))
            yield f"[[staff]] {same}: {count} people have this id; each needs one of their own"


def _strange_sites(found: list[StaffMember], sites: Collection[str]) -> Iterator[str]:
    for one in found:
        if one.site not in sites:
            yield f"[[staff]] {one.id}.site: the exam has no site {one.site!r}; its sites are " + (
                ", ".join(sites)
            )


def _crowded(found: list[StaffMember]) -> Iterator[str]:
    for site, count in Counter(m.site for m in found).items():
        if count > ONE_SITE_MAX:
            yield f"{site}: {count} people; at most {ONE_SITE_MAX} may sign at one site"

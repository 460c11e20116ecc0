"""One `[[source]]` of gate.toml: a scanner beside the card reader."""

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

_READER_BAUD = 115200


class SourceTable(BaseModel):
    """One scanner beside the card reader, docs/other-sources.md, or an exit reader.

    `role`: `exit` ends stays and asks for no face. `sdt`: a second card reader, at the exit only.

    `end`: `line` (CR, LF or both), `gap` (a silence) or the text that ends a payload. `pattern`:
    its one group is the ticket. `again_s`: repeats of one payload within this time, in seconds, are
    one presentation.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,32}$")]
    kind: Literal["qr", "rfid", "mrz", "line", "sdt"]
    role: Literal["entry", "exit"] = "entry"
    port: Annotated[str, Field(pattern=r"^[^\x00]+$")]
    baud: Literal[1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200] = 9600
    end: Annotated[str, Field(pattern=r"^(line|gap|[\x00-\x7f]{1,4})$")] = "line"
    prefix: Annotated[str, Field(max_length=200)] = ""
    suffix: Annotated[str, Field(max_length=200)] = ""
    pattern: Annotated[str, Field(max_length=200)] = ""
    number: Literal["decimal", "hex"] = "decimal"
    framing: Literal["lines", "desko", "3m"] = "lines"
    again_s: Annotated[float, Field(ge=0, le=60)] = 2.0

    @field_validator("pattern")
    @classmethod
    def _has_one_group(cls, value: str) -> str:
        try:
            groups = re.compile(value).groups if value else 1
        except re.error as e:
            raise ValueError(f"no regular expression: {e}") from e
        if groups != 1:
            raise ValueError(f"put the ticket, and only it, into one group ( ); found {groups}")
        return value

    @model_validator(mode="after")
    def _keys_fit_the_kind(self) -> "SourceTable":
        text = ("end", "prefix", "suffix", "pattern")
        own = {"qr": text, "line": text, "rfid": ("number",), "mrz": ("framing",)}
        fitting = own.get(self.kind, ())
        strange = sorted(self.model_fields_set & {*text, "number", "framing"} - {*fitting})
        if strange:
            raise ValueError(f"{', '.join(strange)}: not for kind {self.kind}")
        if self.kind == "sdt" and self.role != "exit":
            raise ValueError(
                'kind sdt is a second card reader at the exit: say role = "exit"; the card '
                "reader of the entry stands in [reader]"
            )
        return self

    @property
    def reader_baud(self) -> int:
        """Of kind sdt: 115200 where the file does not say, as in [reader]."""
        return self.baud if "baud" in self.model_fields_set else _READER_BAUD

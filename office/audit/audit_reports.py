"""What an audit found, as files: JSON, CSV, XLSX, and the signed checkpoint that names them."""

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from nacl.signing import SigningKey

from gate.platform.printable_text import printable
from office.audit.exam_checkpoint import ExamLine, JournalLine, sign_checkpoint, signed_head
from office.audit.findings import ExamFound, GateFound

if TYPE_CHECKING:
    from office.store.database import OfficeStore

COLUMNS = tuple(GateFound.__annotations__)
_DIFFERENCES = ("gate", "epoch", "seq", "id", "recorded", "expected")
_DOUBLES = ("paper", "ticket", "gate", "at")

Row = Sequence[object]


def checkpoint_name(exam: str) -> str:
    """The file's name."""
    return f"checkpoint-{exam}.txt"


def report_files(found: ExamFound) -> dict[str, bytes]:
    """The reports by their names. The CSV holds ids and numbers only, so it is ASCII."""
    name = f"audit-{found['exam']}"
    text = json.dumps(found, ensure_ascii=False, indent=1) + "\n"
    return {
        f"{name}.json": text.encode(),
        f"{name}.csv": _csv(_gate_rows(found)),
        f"{name}.xlsx": _xlsx(found),
    }


def checkpoint_of(
    store: "OfficeStore",
    found: ExamFound,
    reports: dict[str, bytes],
    key: SigningKey,
    at: datetime,
) -> bytes:
    """The checkpoint, signed with the office's `key`. StorageRefused, StorageDamaged."""
    exam = ExamLine(
        exam=found["exam"],
        at=at,
        verdict=found["verdict"],
        gates=len(found["gates"]),
        events=sum(g["events"] for g in found["gates"]),
        decisions=found["replay"]["decisions"],
        doubles=len(found["doubles"]),
        absent=found["absent"],
        unused=found["unused"],
        differing=found["replay"]["differing"],
        without_description=found["replay"]["without_description"],
        files={name: hashlib.sha256(content).hexdigest() for name, content in reports.items()},
    )
    public = bytes(key.verify_key)
    lines = (_journal_line(store, gate, public) for gate in found["gates"])
    return sign_checkpoint(exam, lines, key)


def _journal_line(store: "OfficeStore", found: GateFound, public: bytes) -> JournalLine:
    gate, epoch = found["gate"], found["epoch"]
    heads = store.proofs.heads(gate, epoch)
    place = found["high"], str(found["head"])
    proof = signed_head(heads, store.proofs.words(gate), public, place)
    signed, enrolled = proof or (None, None)
    return JournalLine(**found, signed=signed, enrolled=enrolled)


def _gate_rows(found: ExamFound) -> list[Row]:
    rows = [
        {
            **gate,
            "missing": " ".join(f"{a}-{b}" for a, b in gate["missing"]),
            "conflicts": " ".join(map(str, gate["conflicts"])),
        }
        for gate in found["gates"]
    ]
    return [COLUMNS, *([row[column] for column in COLUMNS] for row in rows)]


def _csv(rows: Iterable[Row]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _xlsx(found: ExamFound) -> bytes:
    """Sheets: the exam, its journals, who entered twice, decisions that the rules do not give."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    replay = found["replay"]
    facts: list[Row] = [
        ("exam 考试", found["exam"]),
        ("verdict 结论", found["verdict"]),
        ("journals 日志", len(found["gates"])),
        ("decisions 判定", replay["decisions"]),
        ("differing 与规则不符", replay["differing"]),
        ("without description 缺考试说明", replay["without_description"]),
        ("doubles 重复入场", len(found["doubles"])),
        ("absent gates 未收到的闸机", " ".join(found["absent"])),
        ("unused gates 未使用的闸机", " ".join(found["unused"])),
    ]
    doubles = [
        (d["paper"], d["ticket"], there["gate"], there["at"])
        for d in found["doubles"]
        for there in d["gates"]
    ]
    differences = [
        (d["gate"], d["epoch"], d["seq"], d["id"], d["recorded"], d["expected"])
        for d in replay["differences"]
    ]
    book = Workbook(write_only=True)
    for title, rows in (
        ("exam", facts),
        ("gates", _gate_rows(found)),
        ("doubles", [_DOUBLES, *doubles]),
        ("differences", [_DIFFERENCES, *differences]),
    ):
        sheet = book.create_sheet(title)
        for row in rows:
            cells = [WriteOnlyCell(sheet, _shown(value)) for value in row]
            for cell, value in zip(cells, row, strict=True):
                if isinstance(value, str):
                    cell.data_type = "s"  # text is no formula
            sheet.append(cells)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _shown(value: object) -> bool | int | str | None:
    """A workbook takes no control characters."""
    if value is None or isinstance(value, bool | int):
        return value
    return printable(str(value))

"""Small rosters for tests: drawn templates, real keys, real files."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from nacl.public import PrivateKey
from nacl.signing import SigningKey

from gate.core.card import check_character
from gate.core.exam import Exam, Seat
from gate.core.staff_list import StaffMember
from gate.platform.durable_files import file_sha256
from gate.ports.values import TemplateRows
from gate.roster import file_writer, sealing
from gate.roster.exam_data import exam_from_toml
from gate.roster.file_format import COHORT_SIZE, CandidateRecord
from gate.roster.install import Installed, install, open_installed
from gate.roster.manifest import SUFFIX, Manifest, sign, stem
from gate.roster.open_roster import InstalledRoster

NOW = datetime(2027, 4, 1, 8, 0, tzinfo=UTC)
SITE, GATE = "wh-hs-01", "wh-hs-01-g1"

EXAM_TOML = """
exam = "hb-zk-2027-04"
name = "湖北省高等教育自学考试 2027年4月"
timezone = "Asia/Shanghai"
retention_days = 30
[defaults]
closes_after_min = 10
[[site]]
id = "wh-hs-01"
name = "武汉市洪山区第一考点"
[[site]]
id = "wh-wc-02"
name = "武汉市武昌区第二考点"
[[paper]]
id = "00015-am"
subject = "英语（二）"
start = 2027-04-10T09:00:00+08:00
end = 2027-04-10T11:30:00+08:00
[[paper]]
id = "00023-pm"
subject = "高等数学"
start = 2027-04-10T14:30:00+08:00
end = 2027-04-10T17:00:00+08:00
closes_after_min = -15
"""


def citizen(n: int) -> str:
    """The n-th valid citizen number of this test world."""
    first_17 = f"420111{19700101 + n % 28}{n:03d}"
    return first_17 + check_character(first_17)


def templates(n: int, seed: int = 1) -> TemplateRows:
    drawn = np.random.default_rng(seed).standard_normal((n, 128)).astype(np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def row(n: int, **changed: object) -> file_writer.RosterRow:
    record = {
        "ticket": f"4201{n:08d}",
        "name": f"考生{n}号",
        "seats": (Seat("00015-am", "03", f"{n:02d}"),),
        "template": templates(1, seed=1000 + n)[0],
        "mean": 0.25,
        "deviation": 0.0625,
        **changed,
    }
    return file_writer.RosterRow(
        citizen(n), CandidateRecord(**record), photo=b"\xff\xd8 a picture %d" % n
    )


@dataclass
class Office:
    """What the office has for one exam; `written` puts a roster and its manifest in a folder."""

    exam: Exam = field(default_factory=lambda: exam_from_toml(EXAM_TOML, "exam.toml"))
    signing: SigningKey = field(default_factory=SigningKey.generate)
    gate: PrivateKey = field(default_factory=PrivateKey.generate)
    index: bytes = field(default_factory=sealing.new_key)

    def written(
        self,
        folder: Path,
        version: int = 1,
        rows: list[file_writer.RosterRow] | None = None,
        *,
        site: str = SITE,
        gates: tuple[str, ...] = (GATE,),
        expires: datetime = NOW + timedelta(days=60),
        cohort: TemplateRows | None = None,
        staff: tuple[StaffMember, ...] = (),
    ) -> Path:
        rows = [row(1), row(2), row(3)] if rows is None else rows
        keys = sealing.RosterKeys(sealing.new_key(), self.index)
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{stem(self.exam.id, site, version)}.roster"
        elsewhere = [(r.number, site) for r in rows] + [(citizen(900), "wh-wc-02")]
        file_writer.write_roster(file, rows, elsewhere, cohort, keys, staff=staff)
        manifest = Manifest(
            exam=self.exam,
            site=site,
            version=version,
            previous=version - 1 or None,
            not_before=NOW - timedelta(hours=1),
            expires=expires,
            file=file.name,
            sha256=file_sha256(file),
            size=file.stat().st_size,
            counts={
                "candidates": len(rows),
                "with_reference": sum(r.record.template is not None for r in rows),
                "exam_candidates": len(elsewhere),
                "cohort": 0 if cohort is None else COHORT_SIZE,
            },
            keys={g: sealing.wrap(keys, bytes(self.gate.public_key)) for g in gates},
        )
        path = folder / f"{stem(self.exam.id, site, version)}{SUFFIX}"
        path.write_bytes(sign(manifest, bytes(self.signing)))
        return path

    def install(self, source: Path, state: Path, **changed: object) -> Installed:
        return install(
            source,
            state,
            **{
                "gate": GATE,
                "site": SITE,
                "office_public_key": bytes(self.signing.verify_key),
                "sealing_private_key": bytes(self.gate),
                "now": NOW,
                **changed,
            },
        )

    def open(self, state: Path) -> InstalledRoster | None:
        return open_installed(state, GATE, bytes(self.gate), bytes(self.signing.verify_key))

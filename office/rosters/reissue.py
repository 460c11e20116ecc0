"""A new version of rosters that were built before, for a changed exam description alone.

Examples are an extension granted on the day and a corrected window. The description stands in the
signed manifest, so the sealed file and its keys stay as they are. No photo, no list and no network
is needed again.
"""

import shutil
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from gate.core.exam import Exam
from gate.errors import ConfigInvalid, InputDamaged
from gate.platform.durable_files import file_sha256, write_file
from gate.platform.regular_file import read_regular
from gate.roster.keys import read_key
from gate.roster.manifest import SUFFIX, Manifest, sign, stem, verify
from gate.roster.repository import MANIFEST_BYTES_MAX, storage_refused
from office.audit.exam_versions import keep_version
from office.home import Home
from office.keys.enrolment import enrolments
from office.rosters.build import Built, check_dates, latest_version, remember_version


def newest(folder: Path, exam: Exam, home: Home) -> list[Path]:
    """The newest manifest of each site of `exam` in `folder`, by site. InputDamaged where there is
    none, SignatureRefused for one that this office did not sign."""
    public = read_key(home.office / "office.pub", "the office's public key")
    found: dict[str, tuple[int, Path]] = {}
    for path in sorted(folder.glob(f"{exam.id}_*{SUFFIX}")):
        manifest = verify(read_regular(path, MANIFEST_BYTES_MAX), public, str(path))
        if manifest.exam.id == exam.id:
            known = found.get(manifest.site, (0, path))
            found[manifest.site] = max(known, (manifest.version, path))
    if not found:
        raise InputDamaged(
            f"{folder} holds no roster of {exam.id}: name the folder that roster build wrote.",
            f"{folder} 中没有考试 {exam.id} 的名册：请指定 roster build 生成的文件夹。",
            path=str(folder),
        )
    return [path for _, (_, path) in sorted(found.items())]


def reissue(path: Path, exam: Exam, home: Home, out: Path, now: datetime) -> Built:
    """The roster of the manifest `path` once more, under `exam`, into `out`. Gates that were struck
    off since are left out; one that was enrolled since needs a new build. ConfigInvalid,
    InputDamaged, SignatureRefused, ExpiryRefused, StorageRefused."""
    public = read_key(home.office / "office.pub", "the office's public key")
    signing = read_key(home.office / "office-signing.key", "the office's signing key")
    before = verify(read_regular(path, MANIFEST_BYTES_MAX), public, str(path))
    _check_fits(before, exam)
    file = path.parent / before.file
    if not file.is_file() or file_sha256(file) != before.sha256:
        raise InputDamaged(
            f"{file} is missing or not the file that its manifest names: build the roster anew.",
            f"{file} 缺失或与清单不符：请重新生成名册。",
            path=str(file),
        )
    with storage_refused(out):
        out.mkdir(parents=True, exist_ok=True)
        version = max(latest_version(home, out, exam.id, before.site), before.version) + 1
        name = stem(exam.id, before.site, version)
        shutil.copyfile(file, out / f"{name}.roster")
        enrolled = enrolments(home)
        manifest = replace(
            before,
            exam=exam,
            version=version,
            previous=version - 1,
            file=f"{name}.roster",
            not_before=now.replace(microsecond=0),
            expires=check_dates(exam, now),
            keys={gate: key for gate, key in before.keys.items() if gate in enrolled},
        )
        signed = sign(manifest, signing)
        keep_version(home, manifest, signed)
        write_file(out / f"{name}{SUFFIX}", signed, 0o644)
        remember_version(home, exam.id, before.site, version)
    return Built(manifest, out / f"{name}{SUFFIX}")


def _check_fits(before: Manifest, exam: Exam) -> None:
    """The sealed rows name papers and were drawn for a site: those must still be there."""
    papers = {paper.id for paper in exam.papers}
    faults = [f"paper {p.id} is gone" for p in before.exam.papers if p.id not in papers]
    if before.site not in {site.id for site in exam.sites}:
        faults.append(f"site {before.site} is gone")
    if faults:
        raise ConfigInvalid(
            f"The exam description does not fit the rosters of {exam.id}: {', '.join(faults)}; "
            "build them anew from the candidates.",
            f"考试描述与已有名册不符（{', '.join(faults)}）：请用考生数据重新生成。",
            faults=tuple(faults),
        )

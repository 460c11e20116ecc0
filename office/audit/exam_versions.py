"""The exam descriptions that went out, by the version of the roster that each gate had.

Each build and reissue leaves its signed manifest in the office's folder. It holds windows, papers
and sealed keys, and nobody's data.
"""

import re
from collections.abc import Callable

from gate.core.exam import Exam
from gate.errors import InputRejected
from gate.platform.durable_files import write_file
from gate.platform.regular_file import read_regular
from gate.roster.manifest import SUFFIX, Manifest, stem, verify
from gate.roster.repository import MANIFEST_BYTES_MAX
from office.home import Home

_VERSION = re.compile(r"([a-z0-9-]{1,32})/([A-Za-z0-9-]{1,64})/v([0-9]{1,9})", re.ASCII)


def keep_version(home: Home, manifest: Manifest, signed: bytes) -> None:
    """Leaves the manifest `signed` in the office's folder. OSError."""
    home.manifests.mkdir(parents=True, exist_ok=True)
    name = stem(manifest.exam.id, manifest.site, manifest.version)
    write_file(home.manifests / f"{name}{SUFFIX}", signed, 0o600)


def exam_versions(home: Home, office_public: bytes | None) -> Callable[[object], Exam | None]:
    """The description that a version such as `hb-zk-2027-04/wh-hs-01/v2` holds. None for a version
    that is not kept, or whose manifest this office did not sign. None also where a gate wrote
    something else than text."""
    known: dict[str, Exam | None] = {}

    def exam_of(version: object) -> Exam | None:
        if not isinstance(version, str):
            return None
        if version not in known:
            known[version] = _read(home, version, office_public)
        return known[version]

    return exam_of


def _read(home: Home, version: str, office_public: bytes | None) -> Exam | None:
    named = _VERSION.fullmatch(version)
    if named is None or office_public is None:
        return None
    exam, site, number = named.groups()
    path = home.manifests / f"{stem(exam, site, int(number))}{SUFFIX}"
    if not path.is_file():
        return None
    try:
        manifest = verify(read_regular(path, MANIFEST_BYTES_MAX), office_public, str(path))
    except InputRejected:  # damaged, or somebody else's: it settles nothing
        return None
    is_it = (manifest.exam.id, manifest.site, manifest.version) == (exam, site, int(number))
    return manifest.exam if is_it else None

"""Which exams' personal data is to be destroyed now, by the office's own clock."""

from datetime import datetime

from gate.roster.manifest import SUFFIX
from office.home import Home
from office.retention.kept_files import end_of_retention, kept_files, manifests


def exams_kept(home: Home) -> list[str]:
    """Every exam that the office keeps a manifest of, sorted."""
    return sorted({path.name.partition("_")[0] for path in home.manifests.glob(f"*_*{SUFFIX}")})


def is_due(home: Home, exam: str, public: bytes, now: datetime) -> bool:
    """Whether retention of `exam` is over at `now`, aware, and something of it is still kept.
    StorageDamaged for a manifest that does not read; StorageRefused, OSError."""
    expires = end_of_retention(manifest for _, manifest in manifests(home, exam, public))
    return expires is not None and now >= expires and bool(kept_files(home, exam, public))

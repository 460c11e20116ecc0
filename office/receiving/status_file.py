"""What the office counts, kept as JSON for other programs. Nothing that is stored rests on it."""

import json
import logging
from pathlib import Path

log = logging.getLogger(__name__)


def write_status(path: Path, status: dict[str, object]) -> None:
    """Whole or not at all; a place that takes nothing is told and changes nothing else."""
    part = path.with_name(path.name + ".part")
    try:
        part.write_text(json.dumps(status), encoding="utf-8")
        part.replace(path)
    except OSError as e:
        log.warning("%s cannot be written: %s", path, e.strerror)

"""Which background an exam asks of its ticket photos: one photo serves all papers of a person."""

from pathlib import Path

from gate.errors import ConfigInvalid
from gate.models.background import KINDS
from gate.platform.regular_file import read_regular
from gate.platform.toml_values import decode_toml

_EXAM_BYTES_MAX = 4 << 20


def asked_background(exam_file: Path) -> str:
    """The strictest of all papers, of `KINDS`; plain where one paper asks for white and another for
    blue. The file has been read as an exam before. ConfigInvalid where it is none any more."""
    try:
        exam = decode_toml(read_regular(exam_file, _EXAM_BYTES_MAX).removeprefix(b"\xef\xbb\xbf"))
        usual = exam.get("defaults", {}).get("background", "any")
        asked = {paper.get("background", usual) for paper in exam["paper"]}
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as e:
        raise ConfigInvalid(
            f"{exam_file} changed while it was read: run the check again.",
            f"{exam_file} 在读取时被修改：请重新检查。",
            faults=[str(e)],
        ) from e
    return "plain" if {"blue", "white"} <= asked else max(asked, key=KINDS.index, default="any")

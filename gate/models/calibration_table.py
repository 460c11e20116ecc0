"""calibration.toml: its text, and whether it belongs to the networks that are pinned here.

A threshold is a property of the networks that gave the scores. So the table names them by SHA-256,
and neither the gate nor scripts/check takes a table whose networks are other ones.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, FiniteFloat

from gate.core.json_types import JsonFields, JsonObject
from gate.errors import InputDamaged, ModelDamaged
from gate.models.network_files import NetworkManifest, load_manifest
from gate.platform.regular_file import read_regular
from gate.platform.toml_values import decode_toml
from gate.ports.values import TemplateKind

TABLE = Path(__file__).with_name("calibration.toml")


_BYTES_MAX = 1 << 20


def _is_rate(text: str) -> str:
    if not 0 < float(text) < 1:
        raise ValueError("a false match rate is between 0 and 1")
    return text


_Rate = Annotated[str, AfterValidator(_is_rate)]


class _NetworkTable(BaseModel):
    name: str
    sha256: str


class _CurveTable(BaseModel):
    model: str
    mirror: bool
    frames: Annotated[int, Field(ge=1)]
    normalisation: str
    pairs: int
    thresholds: Annotated[dict[_Rate, FiniteFloat], Field(min_length=1)]


class _Form(BaseModel):
    """What a gate needs of the table; the rest is for people."""

    model_config = ConfigDict(strict=True)

    network: list[_NetworkTable] = []
    curve: list[_CurveTable]


MIRROR = {TemplateKind.SINGLE: False, TemplateKind.AUGMENTED: True}
"""What a table and a report say of each kind under `mirror`: mirror images were the first of what
augments a template."""


def kind_in_file(curve: JsonFields) -> TemplateKind:
    """The kind of a curve's probes, of its `mirror` in a table or report."""
    return TemplateKind.AUGMENTED if curve["mirror"] else TemplateKind.SINGLE


def read_table(path: Path) -> JsonObject:
    """The table, checked against the pinned networks. InputDamaged, ModelDamaged."""
    try:
        table = decode_toml(read_regular(path, _BYTES_MAX))
        _Form.model_validate(table)
    except (OSError, ValueError) as e:  # pydantic's error is a ValueError
        raise InputDamaged(
            f"The calibration table {path} cannot be read ({_first_line(e)}): write one with "
            "exam-gate calibrate.",
            f"无法读取校准表 {path}：请用 exam-gate calibrate 生成。",
        ) from e
    require_networks(table, path, load_manifest())
    return table


def _first_line(error: Exception) -> str:
    """pydantic tells one fault a line."""
    return str(error).splitlines()[0]


def require_networks(table: JsonFields, path: Path, manifest: NetworkManifest) -> None:
    """Refuses a table of other networks.

    `table`: as `read_table` checks it. ModelDamaged unless every network that the table was
    measured with is the pinned one.
    """
    networks = table.get("network", [])
    pinned = {o.name: o.sha256 for o in manifest.outputs}
    differing = [str(n.get("name")) for n in networks if pinned.get(n.get("name")) != n["sha256"]]
    if networks and not differing:
        return
    which = ", ".join(differing) or "no network at all"
    raise ModelDamaged(
        f"The calibration table {path} was measured with other networks than these ({which}): "
        "run exam-gate calibrate anew.",
        f"校准表 {path} 所用模型与当前模型不符（{which}）：请重新运行 exam-gate calibrate。",
        path=str(path),
        differing=differing,
    )


def as_toml(report: JsonFields) -> str:
    """The table of a calibration report, as text."""
    made, faces = report["made"], report["set"]
    lines = [
        "# Thresholds by false match rate, written by exam-gate calibrate; not by hand.",
        "# setting: of the probe, quick (one look, one view) or careful; references are careful.",
        "# pairs: impostor pairs behind a curve. A threshold has a margin: at most 3/4 of the rate",
        "# it is named by was measured, and by drawing people again the upper end (95%) is at most",
        "# `bound` times that rate; 1e-2 and 1e-6 are moved as far as the next. fmr, tar: shares",
        "# of impostor and genuine pairs that pass it.",
        "",
        "[calibration]",
        f"set = {_text(faces['name'])}",
        f"pictures = {faces['pictures']}",
        f"people = {faces['people']}",
        f"failed_to_acquire = {len(faces['failed'])}",
        f"seed = {made['seed']}",
        f"date = {made['date']}",
    ]
    for network in report["networks"]:
        lines += ["", "[[network]]", f"name = {_text(network['name'])}"]
        lines.append(f"sha256 = {_text(network['sha256'])}")
    for curve in report["curves"]:
        lines += ["", *_curve(curve, report["model"])]
    return "\n".join(lines) + "\n"


def _curve(curve: JsonFields, model: str) -> list[str]:
    rates = curve["rates"]
    lines = [
        "[[curve]]",
        f"model = {_text(model)}",
        f"setting = {_text(curve['setting'])}",
        f"mirror = {str(curve['mirror']).lower()}",
        f"frames = {curve['frames']}",
        f"normalisation = {_text(curve['normalisation'])}",
        f"cohort = {curve['cohort']}",
        f"top = {curve['top']}",
        f"pairs = {curve['pairs']}",
        f"genuine = {curve['genuine']}",
        f"bound = {curve['bound']}",
        f"thresholds = {_row(rates, 'threshold', '.5f')}",
        f"fmr = {_row(rates, 'fmr', '.2e')}",
    ]
    if all(r["table"]["fnmr"] is not None for r in rates):
        accepted = [{**r, "table": {"tar": 1 - r["table"]["fnmr"]}} for r in rates]
        lines.append(f"tar = {_row(accepted, 'tar', '.5f')}")
    return lines


def _row(rates: Sequence[JsonFields], key: str, form: str) -> str:
    """One value of each rate's threshold in the table, by the rate's name."""
    parts = (f'"{r["fmr"]:.0e}" = {r["table"][key]:{form}}' for r in rates)
    return "{ " + ", ".join(parts) + " }"


def _text(value: str) -> str:
    """A TOML basic string; escapes as JSON's, which it takes."""
    import json

    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def main(arguments: Sequence[str]) -> int:
    """python -m gate.models.calibration_table [FILE]: 0 when its networks are the pinned ones."""
    path = Path(arguments[0]) if arguments else TABLE
    try:
        read_table(path)
    except (InputDamaged, ModelDamaged) as e:
        print(f"{e.en}\n{e.zh}", file=sys.stderr)
        return e.exit_code
    print(f"{path.name}: measured with the pinned networks")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

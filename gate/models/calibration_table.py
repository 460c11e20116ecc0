"""calibration.toml: its text, and whether it belongs to the networks that are pinned here.

A threshold is a property of the networks that gave the scores. So the table names them by SHA-256,
and neither the gate nor scripts/check takes a table whose networks are other ones.

Version 2 has `floors` in each normalised curve. An older table is read with the floors that follow
from its own raw curves (`raw_floor.py`); a newer one is refused.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, FiniteFloat, model_validator

from gate.core.json_types import JsonFields, JsonObject
from gate.errors import InputDamaged, ModelDamaged
from gate.models.network_files import NetworkManifest, load_manifest
from gate.models.raw_floor import RAW, Points, floors, points_of
from gate.platform.regular_file import read_regular
from gate.platform.toml_values import decode_toml
from gate.ports.values import TemplateKind

TABLE = Path(__file__).with_name("calibration.toml")
VERSION = 2

_BYTES_MAX = 1 << 20


def _is_rate(text: str) -> str:
    if not 0 < float(text) < 1:
        raise ValueError("a false match rate is between 0 and 1")
    return text


_Rate = Annotated[str, AfterValidator(_is_rate)]
_Cosine = Annotated[FiniteFloat, Field(ge=-1, le=1)]


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
    floors: dict[_Rate, _Cosine] | None = None

    @model_validator(mode="after")
    def _has_a_floor_for_each_rate(self) -> Self:
        if self.floors is not None and set(self.floors) != set(self.thresholds):
            raise ValueError("a curve has floors for other rates than it has thresholds for")
        return self


class _SetTable(BaseModel):
    model_config = ConfigDict(strict=True)

    feature_norm_least: Annotated[FiniteFloat, Field(ge=0)] = 0.0


class _Form(BaseModel):
    """What a gate needs of the table; the rest is for people."""

    model_config = ConfigDict(strict=True)

    version: Annotated[int, Field(ge=1)] = 1
    calibration: _SetTable = _SetTable()
    network: list[_NetworkTable] = []
    curve: list[_CurveTable]

    @model_validator(mode="after")
    def _has_floors_or_what_they_come_from(self) -> Self:
        raw = {(c.model, c.mirror, c.frames) for c in self.curve if c.normalisation == RAW}
        for c in self.curve:
            if c.normalisation == RAW or c.floors is not None:
                continue
            if self.version >= VERSION:
                raise ValueError("a normalised curve has no floors")
            if (c.model, c.mirror, c.frames) not in raw:
                raise ValueError("a normalised curve has no raw curve beside it")
        return self


MIRROR = {TemplateKind.SINGLE: False, TemplateKind.AUGMENTED: True}
"""What a table and a report say of each kind under `mirror`: mirror images were the first of what
augments a template."""


def kind_in_file(curve: JsonFields) -> TemplateKind:
    """The kind of a curve's probes, of its `mirror` in a table or report."""
    return TemplateKind.AUGMENTED if curve["mirror"] else TemplateKind.SINGLE


def read_table(path: Path) -> JsonObject:
    """The table, checked against the pinned networks, every normalised curve with `floors`.
    InputDamaged, also for a table of a newer version; ModelDamaged."""
    try:
        table = decode_toml(read_regular(path, _BYTES_MAX))
        form = _Form.model_validate(table)
    except (OSError, ValueError) as e:  # pydantic's error is a ValueError
        raise InputDamaged(
            f"The calibration table {path} cannot be read ({_first_line(e)}): write one with "
            "exam-gate calibrate.",
            f"无法读取校准表 {path}：请用 exam-gate calibrate 生成。",
        ) from e
    if form.version > VERSION:
        raise InputDamaged(
            f"The calibration table {path} is of version {form.version}, this program reads up to "
            f"{VERSION}: update the program, or write a table with exam-gate calibrate.",
            f"校准表 {path} 的版本为 {form.version}，本程序最高支持 {VERSION}："
            "请升级程序，或用 exam-gate calibrate 重新生成。",
            path=str(path),
            version=form.version,
        )
    require_networks(table, path, load_manifest())
    return {**table, "curve": _with_floors(table["curve"])}


def _with_floors(curves: Sequence[JsonFields]) -> list[JsonFields]:
    """The curves of a checked table, each normalised one with its `floors`, where it has none
    yet."""
    raw = {_probes(c): points_of(c["thresholds"]) for c in curves if c["normalisation"] == RAW}
    return [_floored(c, raw) for c in curves]


def _floored(curve: JsonFields, raw: Mapping[tuple[str, bool, int], Points]) -> JsonFields:
    if curve["normalisation"] == RAW or "floors" in curve:
        return curve
    found = floors(raw[_probes(curve)], map(float, curve["thresholds"]), curve["frames"])
    return {**curve, "floors": {n: round(found[float(n)], 5) for n in curve["thresholds"]}}


def _probes(curve: JsonFields) -> tuple[str, bool, int]:
    return curve["model"], curve["mirror"], curve["frames"]


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
        "# of impostor and genuine pairs that pass it, without the floor. floors: the cosine that",
        "# the raw score has to reach too where the normalised one decides.",
        "",
        f"version = {VERSION}",
        "",
        "[calibration]",
        f"set = {_text(faces['name'])}",
        f"pictures = {faces['pictures']}",
        f"people = {faces['people']}",
        f"failed_to_acquire = {len(faces['failed'])}",
        f"seed = {made['seed']}",
        f"date = {made['date']}",
    ]
    if faces.get("feature_norm_least") is not None:
        lines.append(f"feature_norm_least = {faces['feature_norm_least']:.2f}")
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
    ]
    if curve["normalisation"] != RAW:
        lines.append(f"floors = {_row(rates, 'floor', '.5f')}")
    lines.append(f"fmr = {_row(rates, 'fmr', '.2e')}")
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

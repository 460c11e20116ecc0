"""Groups: the CSV, rates inside them, and the held-out proof, on populations that differ."""

from pathlib import Path

import numpy as np
import pytest

from gate.calibration.curves import Kind, measured, scores_of
from gate.calibration.groups import alike, by_lot, rates_by_group, read_groups
from gate.calibration.held_out import held_out
from gate.calibration.scores import all_against_all
from gate.calibration.template_sets import Side
from gate.calibration.worst_pairs import Limits, doubtful_pictures, worst_genuine, worst_impostors
from gate.errors import InputDamaged
from gate.models.matching import RAW, RAW_STRICT
from gate.ports.values import TemplateKind

PERSONS = ("ann", "ann", "bob", "cai")
STEMS = ("ann_1", "ann_2", "bob_1", "cai_1")


def read(tmp_path: Path, text: str, encoding: str = "utf-8") -> dict[str, list[int]]:
    path = tmp_path / "g.csv"
    path.write_bytes(text.encode(encoding))
    groups = read_groups(path, PERSONS, STEMS)
    return {g: np.flatnonzero(m).tolist() for g, m in groups.items()}


def test_groups_of_people_and_of_pictures(tmp_path: Path) -> None:
    assert read(tmp_path, "person,group\nann,a\nbob,b\ncai,a\n") == {"a": [0, 1, 3], "b": [2]}
    assert read(tmp_path, "picture,group\nann_2,x\ncai/cai_1,x\n") == {"x": [1, 3]}
    assert read(tmp_path, "note,Person,Group\n-,ann,a\n-,bob,\n\n") == {"a": [0, 1]}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_groups_as_spreadsheets_write_them(encoding: str, tmp_path: Path) -> None:
    assert read(tmp_path, "person,group\r\nann,湖北\r\n", encoding) == {"湖北": [0, 1]}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("person,group\nann,a\ndan,a\neve,b\n", r"2 person\(s\) .*\(dan, eve\)"),
        ("picture,group\nann_3,a\n", "1 picture"),
        ("name,group\nann,a\n", "person,group or picture,group"),
        ("person,group\n", "names no group"),
        ("", "person,group or picture,group"),
    ],
)
def test_a_groups_file_that_does_not_fit_is_named(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(InputDamaged, match=said) as refused:
        read(tmp_path, text)
    assert refused.value.exit_code == 4
    assert "分组文件" in refused.value.zh


def test_a_groups_file_that_is_missing_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(InputDamaged, match="cannot be read"):
        read_groups(tmp_path / "none.csv", PERSONS, STEMS)
    (tmp_path / "x.csv").write_bytes(b"\xff\xff\xff")
    with pytest.raises(InputDamaged, match="UTF-8 or GB 18030"):
        read_groups(tmp_path / "x.csv", PERSONS, STEMS)


def population(narrow: int, wide: int, seed: int = 1) -> tuple[Side, np.ndarray]:
    """Two pictures each of people all over the sphere and of people crowded around one place.

    So a network sees a population that it was not trained on.
    """
    rng = np.random.default_rng(seed)
    centre = rng.normal(size=128)
    people = np.concatenate(
        [rng.normal(size=(wide, 128)), 0.45 * centre + rng.normal(size=(narrow, 128))]
    )
    values = np.repeat(people, 2, axis=0)
    values = values + 0.75 * rng.normal(size=values.shape)
    values /= np.linalg.norm(values, axis=1, keepdims=True)
    labels = np.repeat(np.arange(narrow + wide), 2)
    side = Side(values.astype(np.float32), labels, np.ones(len(labels), bool))
    return side, labels >= wide


def test_a_raw_threshold_does_not_travel_and_a_normalised_one_does() -> None:
    side, crowded = population(narrow=220, wide=500)
    found = {h.normalisation: h for h in held_out({"crowded": crowded}, side, 1, (1e-3,))}
    assert found[RAW].fmr > 5e-3
    assert found[RAW_STRICT].fmr < found[RAW].fmr
    assert found["snorm-200/100"].fmr < 2e-3
    for h in found.values():
        assert h.pairs == 440 * 438 // 2
        assert h.calibrated_on == 1000 * 998 // 2
        assert h.fmr == pytest.approx(h.false_matches / h.pairs)


def test_a_small_group_is_measured_with_the_cohort_it_has() -> None:
    side, crowded = population(narrow=60, wide=300)
    kinds = {h.normalisation for h in held_out({"crowded": crowded}, side, 1, (1e-2,))}
    assert kinds == {RAW, RAW_STRICT, "snorm-60/30"}


def test_a_group_too_small_for_a_rate_is_passed_over() -> None:
    side, _ = population(narrow=20, wide=100)
    assert not list(held_out({"few": side.people < 29}, side, 1))
    assert not list(held_out({"all": side.people >= 0}, side, 1))


def test_rates_inside_groups_are_those_of_counting() -> None:
    side, crowded = population(narrow=60, wide=200)
    kind = Kind(TemplateKind.SINGLE, 1)
    scores = scores_of(side, side, kind, 1)
    curve = measured(side, kind, scores, 1, draws=0)
    groups = {"crowded": crowded, "wide": ~crowded}
    threshold = next(r.used for r in curve.rates if r.fmr == 1e-3)
    for rate in rates_by_group(groups, side, scores, curve, fmrs=(1e-3,), seed=1):
        own = side.taken(np.flatnonzero(groups[rate.group]))
        passing = np.triu(own.templates @ own.templates.T >= np.float32(threshold), 1)
        same = own.people[:, None] == own.people
        assert rate.pairs == int(np.triu(~same, 1).sum())
        assert rate.genuine == int(np.triu(same, 1).sum())
        assert rate.false_matches == pytest.approx(int((passing & ~same).sum()), abs=1)
        assert rate.missed == pytest.approx(rate.genuine - int((passing & same).sum()), abs=1)


def test_groups_by_lot_and_of_look_alikes_take_everybody_once() -> None:
    side, crowded = population(narrow=60, wide=200)
    for groups in (by_lot(side, 4, 1), alike(side, 3, 1)):
        assert (np.sum(list(groups.values()), axis=0) == 1).all()
        for member in groups.values():
            inside = set(side.people[member])
            assert not inside & set(side.people[~member])
    most = max(alike(side, 3, 1).values(), key=lambda m: (m & crowded).sum())
    assert (most & crowded).sum() > 0.8 * crowded.sum()


def labelled() -> tuple[Side, list[str]]:
    """Three people with three pictures each; one of b's shows a, one of c's pictures is b's."""
    rng = np.random.default_rng(4)
    people = rng.normal(size=(3, 128))
    shown = [0, 0, 0, 1, 1, 0, 2, 2, 1]
    values = np.array([people[n] + 0.4 * rng.normal(size=128) for n in shown])
    values[8] = values[3]  # the very same photograph
    values /= np.linalg.norm(values, axis=1, keepdims=True)
    side = Side(values.astype(np.float32), np.repeat(np.arange(3), 3), np.ones(9, bool))
    return side, ["a1", "a2", "a3", "b1", "b2", "b3", "c1", "c2", "c3"]


def test_labels_are_doubted_on_evidence_of_the_set() -> None:
    side, names = labelled()
    scores = all_against_all(side)
    limits = Limits(stranger=0.4, sure=0.6, ordinary=0.9)
    assert doubtful_pictures(side, names, limits) == ["b3", "c3"]
    impostors = {(p.one, p.other): p.doubt for p in worst_impostors(scores, side, names, limits)}
    assert impostors["b1", "c3"] == "same-photograph"
    assert impostors["a1", "b3"] == "other-odd"
    genuine = {(p.one, p.other): p.doubt for p in worst_genuine(scores, side, names, limits)}
    assert genuine["b1", "b3"] == "other-odd"
    assert genuine["a1", "a2"] == ""


def test_a_high_score_alone_argues_nothing() -> None:
    side, names = labelled()
    clean = side.taken(np.array([0, 1, 3, 4, 6, 7]))
    kept = [names[n] for n in (0, 1, 3, 4, 6, 7)]
    scores = all_against_all(Side(clean.templates, clean.people, clean.usable))
    limits = Limits(stranger=0.4, sure=0.6, ordinary=0.9)
    assert {p.doubt for p in worst_impostors(scores, clean, kept, limits)} == {""}

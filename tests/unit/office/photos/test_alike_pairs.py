"""All against all in blocks gives what a double loop gives, and keeps no more than it may."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.models.portrait_findings import finding
from office.photos import alike_pairs
from office.photos.alike_pairs import FoundPairs
from office.photos.folder import number_of
from office.photos.judged_photo import JudgedPhoto
from tests.examples import examples
from tests.roster_making import templates


def nothing(done: int, total: int) -> None:
    """A progress bar that nobody looks at."""


def pairs_above(rows: np.ndarray, least: float) -> list[tuple[int, int, float]]:
    """Photos of as many numbers, and no second bound."""
    hits, (count, _) = alike_pairs.pairs_above(rows, np.arange(len(rows)), (least, 2.0), nothing)
    found = list(zip(*(part.tolist() for part in hits), strict=True))
    assert len(found) <= count
    return found


def photo(file: str, template: np.ndarray) -> JudgedPhoto:
    return JudgedPhoto(file, (300, 400), 90.0, template.astype(np.float32).tobytes(), ())


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alike_pairs, "ROWS", 3)
    monkeypatch.setattr(alike_pairs, "COLUMNS", 5)


@given(st.integers(0, 23), st.integers(0, 1000), st.floats(-0.1, 0.3))
@examples(100)
def test_each_pair_above_the_bound_once(count: int, seed: int, least: float) -> None:
    rows = templates(count, seed) if count else np.empty((0, 128), np.float32)
    exact = rows @ rows.T
    wanted = {(a, b) for a in range(count) for b in range(a + 1, count) if exact[a, b] >= least}
    near = {(a, b) for a in range(count) for b in range(count) if abs(exact[a, b] - least) < 1e-5}
    found = [(a, b) for a, b, _ in pairs_above(rows, least)]
    assert len(found) == len(set(found))
    assert all(a < b for a, b in found)
    if all(sum(a == n for a, _ in wanted) <= alike_pairs.PAIRS_A_PHOTO for n in range(count)):
        assert set(found) ^ wanted <= near


def test_a_folder_of_copies_keeps_the_nearest_of_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alike_pairs, "PAIRS_A_PHOTO", 2)
    rows = np.repeat(templates(1), 40, axis=0)
    found = pairs_above(rows, 0.5)
    assert len(found) == 2 * 38 + 1  # the last but one has one after it, the last none
    one = templates(1)[0]
    rows = np.stack([one, *(one + 0.05 * n * templates(1, seed=9)[0] for n in (3, 1, 4, 2))])
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    assert [b for a, b, _ in pairs_above(rows, 0.5) if a == 0] == [2, 4]


def test_progress_ends_at_the_whole() -> None:
    seen: list[tuple[int, int]] = []
    alike_pairs.pairs_above(
        templates(7), np.arange(7), (0.5, 2.0), lambda done, total: seen.append((done, total))
    )
    assert seen == [(3, 7), (6, 7), (7, 7)]


def test_pairs_are_of_different_numbers_and_named_by_kind() -> None:
    one, aside = templates(1)[0], templates(1, seed=2)[0]
    aside = aside - (aside @ one) * one
    aside /= np.linalg.norm(aside)
    alike = 0.57 * one + np.sqrt(1 - 0.57**2) * aside
    photos = [
        photo("A001.jpg", one),
        photo("sub/A001 (1).png", one),
        photo("A002.jpg", one),
        photo("A003.jpg", alike),
        JudgedPhoto("A004.jpg", (0, 0), 0.0, b"", (finding("no-face"),)),
    ]
    found = alike_pairs.alike_pairs(photos, nothing)
    assert (found.same_face, found.look_alike) == (2, 3)
    assert {(p.first, p.second, p.kind) for p in found.listed} == {
        ("A001.jpg", "A002.jpg", "same-face"),
        ("sub/A001 (1).png", "A002.jpg", "same-face"),
        ("A001.jpg", "A003.jpg", "look-alike"),
        ("sub/A001 (1).png", "A003.jpg", "look-alike"),
        ("A002.jpg", "A003.jpg", "look-alike"),
    }


def test_no_photo_with_a_face_gives_no_pair() -> None:
    assert alike_pairs.alike_pairs([], nothing) == FoundPairs((), 0, 0)


def test_the_list_is_bounded_and_the_count_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alike_pairs, "PAIRS_MAX", 6)
    one = templates(1)[0]
    aside = templates(1, seed=2)[0]
    aside = aside - (aside @ one) * one
    aside /= np.linalg.norm(aside)
    cosines = np.linspace(1, 0.56, 12)
    rows = [c * one + np.sqrt(1 - c * c) * aside for c in cosines]
    photos = [photo(f"A{n:03d}.jpg", row) for n, row in enumerate(rows)]
    exact = np.stack(rows) @ np.stack(rows).T
    exact = np.sort(exact[np.triu_indices(12, 1)])[::-1]
    found = alike_pairs.alike_pairs(photos, nothing)
    assert [p.similarity for p in found.listed] == pytest.approx(exact[:6], abs=1e-6)
    assert found.same_face == (exact >= alike_pairs.SAME_FACE_MIN).sum()
    assert found.same_face + found.look_alike == len(exact)


def test_copies_of_one_number_do_not_push_another_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alike_pairs, "PAIRS_A_PHOTO", 2)
    one = templates(1)[0]
    photos = [photo(f"A001 ({n}).jpg", one) for n in range(1, 9)]
    photos.append(photo("A002.jpg", one + 0.05 * templates(1, seed=9)[0]))
    found = alike_pairs.alike_pairs(photos, nothing)
    assert found.same_face == len(found.listed) == 8
    assert {p.second for p in found.listed} == {"A002.jpg"}


@pytest.mark.parametrize(
    "name", ["a001.JPG", "x/A001 - 副本.png", "A001.jpg.jpeg", "A001 (2).heic"]
)
def test_copies_have_one_number(name: str) -> None:
    assert number_of(name) == "A001"

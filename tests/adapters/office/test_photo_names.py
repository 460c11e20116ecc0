"""Whose a photo is: claimed by ticket or ID number in any usual spelling, by nobody, or by two."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import InputDamaged
from office.rosters.candidate_references import Candidate, enrolled
from office.rosters.photo_names import Claims, claim, stem_of, without_copy_marks
from tests.examples import examples
from tests.roster_making import citizen

X = next(n for n in range(100) if citizen(n).endswith("X"))
PEOPLE = [
    Candidate("A001", citizen(1), "张三", ()),
    Candidate("A002", citizen(X), "阿依古丽·买买提", ()),
    Candidate("A001-1", citizen(3), "李四", ()),
]


def claimed(tmp_path: Path, *names: str) -> Claims:
    for name in names:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return claim(tmp_path, PEOPLE)


@pytest.mark.parametrize(
    "name",
    [
        "A001.jpg",
        "a001.JPEG",
        "A001.jpg.jpg",
        "A001.png.JPG",
        "A001(1).jpg",
        "A001 (2).png",
        "A001（1）.jpg",
        "A001 - 副本.jpg",
        "A001 - 副本 (2).jpg",
        "A001_副本.jpg",
        "A001 - Copy (3).jpg",
        "A001 - Copy.jpg",
        "Copy of A001.jpg",
        "Ａ００１.jpg",
        " A001 .jpg",
        "A001.heic",
        "A001.webp",
        "A001.bmp",
        "A001.TIF",
        "A001.jfif",
        "room 3/A001.jpg",
        "a/b/c/A001.jpg",
        f"{citizen(1)}.jpg",
        f"{citizen(1)[:6]}{citizen(1)[8:17]}.jpg",
        f"{citizen(1)}(1).jpg",
        "A001张三.jpg",
        "张三_A001.jpg",
        f"A001-张 三-{citizen(1)}.jpg",
        f"{citizen(1)}张三.png",
        "A001\u200b.jpg",
        "A001（张三）.jpg",
    ],
)
def test_a_photo_is_claimed(tmp_path: Path, name: str) -> None:
    found = claimed(tmp_path, name)
    assert found == Claims({"A001": tmp_path / name})


def test_a_last_letter_in_either_case(tmp_path: Path) -> None:
    assert set(claimed(tmp_path, f"{citizen(X)[:-1]}x.jpg").photos) == {"A002"}


def test_a_ticket_that_looks_like_a_copy_is_itself(tmp_path: Path) -> None:
    assert set(claimed(tmp_path, "A001-1.jpg", "A001.jpg").photos) == {"A001", "A001-1"}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("A009.jpg", "nobody"),
        ("of A001 and A002.jpg", "nobody"),
        ("A001李四.jpg", "nobody"),
        ("IMG_0001.jpg", "nobody"),
        ("A001.txt", "ending"),
        ("A001.zip", "ending"),
        ("A001", "ending"),
        (".jpg.jpg.", None),
        ("Thumbs.db", None),
        (".DS_Store", None),
        ("__MACOSX/A001.jpg", None),
        ("._A001.jpg", None),
        ("A001\x1b[2J.jpg", "nobody"),
        (f"A001 {citizen(3)}.jpg", "nobody"),
    ],
)
def test_what_is_nobodys_is_counted_and_named(
    tmp_path: Path, name: str, reason: str | None
) -> None:
    found = claimed(tmp_path, name)
    assert found.photos == {}
    assert [u.reason for u in found.unclaimed] == ([] if reason is None else [reason])
    assert all(u.file.isprintable() for u in found.unclaimed)


def test_a_number_that_two_people_have_is_nobodys(tmp_path: Path) -> None:
    twins = [
        Candidate("A001", citizen(1), "张三", ()),
        Candidate(citizen(1), citizen(2), "李四", ()),
    ]
    (tmp_path / f"{citizen(1)}.jpg").write_bytes(b"")
    (unclaimed,) = claim(tmp_path, twins).unclaimed
    assert unclaimed.reason == "two-candidates"


def test_two_photos_for_one_ticket_are_none(tmp_path: Path) -> None:
    found = claimed(tmp_path, "A001.jpg", "A001.png", "a001.jpeg", "A002.jpg", "A002 (1).jpg")
    assert found.photos == {}
    assert {ticket: len(paths) for ticket, paths in found.several.items()} == {"A001": 3, "A002": 2}
    unusable = enrolled(PEOPLE[:2], ["x"], found, None, lambda: None).unusable  # type: ignore[arg-type]
    assert [(u.ticket, u.reason) for u in unusable] == [
        ("A001", "several-photos"),
        ("A002", "several-photos"),
    ]
    assert "A001.jpg, A001.png, a001.jpeg" in unusable[0].en


def test_names_of_bytes_and_rings_of_links_are_no_matter(tmp_path: Path) -> None:
    with open(os.fsencode(tmp_path) + b"/\xd5\xc5A001.jpg", "wb"):
        pass
    (tmp_path / "ring").symlink_to(tmp_path)
    (unclaimed,) = claimed(tmp_path, "A002.jpg").unclaimed
    assert unclaimed.file.isprintable()


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(InputDamaged, match="folder of ticket photos"):
        claim(tmp_path / "none", [])


_PARTS = st.lists(
    st.sampled_from(
        [
            "A001",
            "a002",
            citizen(1),
            citizen(X).lower(),
            "张三",
            " ",
            "(1)",
            " - 副本",
            ".jpg",
            ".PNG",
            "_",
            "-",
            "1",
            "Copy of ",
            "\u200b",
            "Ａ",
            ".",
        ]
    ),
    min_size=1,
    max_size=6,
).map("".join)


@examples(200)
@given(st.sets(_PARTS.filter(lambda name: name not in (".", "..")), max_size=5))
def test_every_file_is_claimed_once_or_named(
    tmp_path_factory: pytest.TempPathFactory, names: set[str]
) -> None:
    folder = tmp_path_factory.mktemp("photos")
    found = claimed(folder, *names)
    claims = [*found.photos.values(), *(p for paths in found.several.values() for p in paths)]
    counted = len(claims) + len(found.unclaimed)
    assert counted == sum(not name.startswith(".") for name in names)
    assert len(set(claims)) == len(claims)
    assert not found.photos.keys() & found.several.keys()


@examples(200)
@given(_PARTS)
def test_stems_are_stripped_once(name: str) -> None:
    stem = without_copy_marks(stem_of(name)[0])
    assert without_copy_marks(stem_of(stem)[0]) == stem

"""The order of files in a folder of pictures."""

from pathlib import Path

from gate.calibration.picture_folder import in_order, is_picture


def test_numbers_count_by_value_and_hidden_files_are_left_out(tmp_path: Path) -> None:
    names = ("frame-10.jpg", "frame-2.jpg", "b1", "A9", ".hidden.jpg", "frame-2.png", "10", "9")
    for name in names:
        (tmp_path / name).touch()
    assert [p.name for p in in_order(tmp_path)] == [
        "9",
        "10",
        "A9",
        "b1",
        "frame-2.jpg",
        "frame-2.png",
        "frame-10.jpg",
    ]


def test_a_picture_is_one_by_its_suffix_in_any_case() -> None:
    assert [is_picture(Path(n)) for n in ("a.JPG", "a.jpeg", "a.png", "a.gif", "jpg")] == [
        True,
        True,
        True,
        False,
        False,
    ]

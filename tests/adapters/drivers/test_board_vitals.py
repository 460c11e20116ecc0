"""What the board says of heat and power: files as a Raspberry Pi has them."""

from pathlib import Path

import pytest

from gate.drivers.board_vitals import THERMAL, THROTTLED, read_board


@pytest.mark.parametrize(
    ("heat", "flags", "expected"),
    [
        (
            "51234\n",
            "50005\n",
            (51.2, ["under-voltage", "throttled", "under-voltage-was", "throttled-was"]),
        ),
        ("48000", "0", (48.0, [])),
        ("", "zz", (None, None)),
        (None, None, (None, None)),
    ],
)
def test_what_it_says(
    tmp_path: Path, heat: str | None, flags: str | None, expected: tuple[object, object]
) -> None:
    for name, text in ((THERMAL, heat), (THROTTLED, flags)):
        if text is not None:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
    found = read_board(tmp_path)
    assert (found["temperature_c"], found["power"]) == expected

"""What goes together on the command line of `exam-gate calibrate`."""

from pathlib import Path

import pytest

from gate.commands.calibrate import calibrate
from gate.errors import UsageError

FACES, RECORDINGS = Path("faces"), Path("recordings")


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"folder": FACES, "live": RECORDINGS},
        {"live": RECORDINGS, "against": "shipped"},
        {"live": RECORDINGS, "groups": Path("groups.csv")},
        {"live": RECORDINGS, "pairs": True},
        {"live": RECORDINGS, "degraded": True},
        {"folder": FACES, "cohort": Path("photos")},
        {"attacks": RECORDINGS, "folder": FACES},
        {"attacks": RECORDINGS, "live": RECORDINGS},
        {"attacks": RECORDINGS, "degraded": True},
        {"attacks": RECORDINGS, "groups": Path("groups.csv")},
        {"degraded": True},
        {"folder": FACES, "degraded": True, "pairs": False},
        {"folder": FACES, "degraded": True, "against": "shipped"},
    ],
)
def test_one_kind_of_measurement_at_a_time(arguments: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="Name a folder of faces, or recordings with --live"):
        calibrate(**arguments)  # type: ignore[arg-type]

"""What a Raspberry Pi says of its own heat and power, from the kernel's files."""

from pathlib import Path

THERMAL = "class/thermal/thermal_zone0/temp"
"""Thousandths of a degree Celsius."""
THROTTLED = "devices/platform/soc/soc:firmware/get_throttled"
"""Hex flags of the firmware (Raspberry Pi documentation, `vcgencmd get_throttled`)."""
FLAGS = {
    0: "under-voltage",
    1: "frequency-capped",
    2: "throttled",
    3: "soft-temperature-limit",
    16: "under-voltage-was",
    17: "frequency-capped-was",
    18: "throttled-was",
    19: "soft-temperature-limit-was",
}
"""By bit; those with `-was`: since the boot."""


def read_board(sys: Path = Path("/sys")) -> dict[str, object]:
    """`temperature_c`: of the processor; `power`: names of the flags that are set. None where the
    board does not say. Blocks for microseconds; raises nothing."""
    heat, flags = _number(sys / THERMAL, 10), _number(sys / THROTTLED, 16)
    return {
        "temperature_c": None if heat is None else round(heat / 1000, 1),
        "power": None if flags is None else [n for bit, n in FLAGS.items() if flags >> bit & 1],
    }


def _number(path: Path, base: int) -> int | None:
    try:
        return int(path.read_text(encoding="ascii").strip(), base)
    except (OSError, ValueError):
        return None

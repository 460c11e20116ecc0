"""The page of bad days, on made figures."""

from gate.calibration.exact_interval import exact_interval
from gate.calibration.report.degraded_page import degraded_page


def condition(name: str, accepted: int, missed: int, *, excused: bool = False) -> dict[str, object]:
    rate = missed / accepted if accepted else None
    of = {"rate": rate, "missed": missed, "tried": accepted}
    of["interval"] = exact_interval(missed, accepted)
    return {
        "name": name,
        "zh": f"{name} <条件>",
        "excused": excused,
        "frames": 400,
        "accepted": accepted,
        "frame": of,
        "attempt": of,
        "refused": {"more-light": 400 - accepted} if accepted < 400 else {},
        "right": ["more-light"],
        "right_advice": 400 - accepted,
    }


def report(*conditions: dict[str, object]) -> dict[str, object]:
    return {
        "conditions": conditions,
        "tickets": [],
        "quality": {"feature_norm": [], "eyes_px": []},
        "networks": [],
        "set": {
            "name": "faces",
            "people": 200,
            "left_out": 0,
            "cohort": 200,
            "frames_each": 2,
            "target": 1e-4,
        },
        "made": {
            "version": "1",
            "date": "2026-11-27",
            "machine": "any",
            "seed": 1,
            "runtime": "any",
            "seconds": 1.0,
            "peak_mb": 1,
            "command": "exam-gate",
        },
    }


def test_a_condition_without_an_accepted_frame_is_no_pass() -> None:
    page = degraded_page(report(condition("sound", 400, 0), condition("dark", 0, 0)))
    assert "In 1 of 2 conditions" in page
    assert "No frame is accepted: dark." in page
    assert 'class="lead open"' in page


def test_misses_are_named_and_what_is_excused_is_not() -> None:
    rows = [condition("sound", 400, 0), condition("roll", 400, 9)]
    page = degraded_page(report(*rows, condition("window", 400, 300, excused=True)))
    assert "In 1 of 2 conditions" in page
    assert "More are missed: roll." in page


def test_enough_frames_without_a_miss_are_a_pass() -> None:
    page = degraded_page(report(condition("sound", 400, 0)))
    assert 'class="lead yes"' in page
    assert "sound &lt;条件&gt;" in page

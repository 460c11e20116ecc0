"""orjson and Python's own json must never differ in what is taken, read or hashed."""

import json
import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gate.errors import InputRejected
from gate.sync.envelope import DEPTH_MAX, MAX_BYTES
from gate.sync.wire import read_spelled
from office.receiving.quick_json import read_quickly

NUMBERS = st.one_of(
    st.integers(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(1e-7, 1e-2),
    st.floats(1e12, 1e19),
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.text() | NUMBERS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.text(), VALUES, max_size=6)


def told(payload: bytes, read: object) -> tuple[str, bytes]:
    """What a reader makes of `payload`: the spelling of each part and of the whole, or refused."""
    try:
        raw, spelled = read(payload)  # type: ignore[operator]
        return repr(raw), b"|".join([spelled(raw), *map(spelled, raw.values())])
    except (InputRejected, ValueError, RecursionError):
        return "refused", b""


@given(OBJECTS, st.booleans(), st.sampled_from([None, 1]))
@example({"a": 1e16, "b": [1e-05, -0.0, 0.0001, 123456789012345.6]}, True, None)
@example({"a": 2**64, "b": -(2**63) - 1, "c": 2**63}, True, None)
def test_every_object_is_read_and_spelled_alike(
    value: dict[str, object], ensure_ascii: bool, indent: int | None
) -> None:
    payload = json.dumps(value, ensure_ascii=ensure_ascii, indent=indent).encode(
        "utf-8", "surrogatepass"
    )
    assert told(payload, read_quickly) == told(payload, read_spelled)


@pytest.mark.parametrize(
    "text",
    [
        *('{"a":-0}', '{"a":-0.0}', '{"a":1E5}', '{"a":1e400}', '{"a":0.00001}', '{"a":NaN}'),
        *('{"a":18446744073709551616}', '{"a":9223372036854775808}', '{"a":1.0}', '{"a":01}'),
        *('{"a":1,"a":2}', '{"a":"\\ud800"}', '{"\\u0000":1}', '{"a":"\x7f"}', '{"a":"\\/"}'),
        *('{"é":1,"z":2,"𝄞":3,"\uffff":4}', '[{"a":1}]', "\ufeff{}", "{}x", "", '{"a":1e22}'),
        '{"a":%s}' % ("[" * (DEPTH_MAX - 1) + "]" * (DEPTH_MAX - 1)),
        '{"a":%s}' % ("[" * DEPTH_MAX + "]" * DEPTH_MAX),
        '{"a":"%s"}' % ("x" * (MAX_BYTES - 8)),
        '{"a":"%s"}' % ("x" * (MAX_BYTES - 7)),
    ],
)
def test_what_readers_quarrel_about_is_read_alike(text: str) -> None:
    payload = text.encode("utf-8", "surrogatepass")
    assert told(payload, read_quickly) == told(payload, read_spelled)


@given(st.binary(max_size=60))
def test_garbage_is_refused_alike(payload: bytes) -> None:
    assert told(payload, read_quickly) == told(payload, read_spelled)


def test_an_ordinary_event_goes_by_orjson() -> None:
    """Or all of it would be as slow as before, and no other test would tell."""
    event = {"score": 0.7312, "fmr": 0.0001, "seq": 7, "signals": ["green:steady"], "none": None}
    _, spelled = read_quickly(json.dumps(event).encode())
    assert spelled is not read_spelled(b"{}")[1]
    assert math.isclose(json.loads(spelled(event))["score"], 0.7312)

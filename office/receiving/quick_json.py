"""A gate's JSON read and spelled by orjson, where that gives the same as `gate.sync.wire` does.

orjson is several times as quick as Python's own `json`. But what is hashed and signed rests on how
`json` spells a number. So a payload goes by orjson only where no two ways can differ. It has no
number that is very small or very large, and nothing in it lies deeper than the limit. Every other
payload is read again by `read_spelled`, which also says what is wrong with it.
"""

import orjson

from gate.core.json_types import JsonObject, JsonValue
from gate.sync.envelope import DEPTH_MAX, MAX_BYTES
from gate.sync.wire import Spelling, read_spelled

_LEAST, _MOST = 1e-4, 1e15
"""Between these a float has one spelling everywhere: the shortest digits without an exponent."""
_WHOLE_MAX = 2**63


def read_quickly(payload: bytes) -> tuple[JsonObject, Spelling]:
    """The same as `read_spelled`. InputRejected."""
    if len(payload) <= MAX_BYTES:
        try:
            raw = orjson.loads(payload)
        except orjson.JSONDecodeError:
            return read_spelled(payload)
        if type(raw) is dict and _is_plain(raw, 1):
            return raw, _spelled
    return read_spelled(payload)


def _spelled(value: JsonValue) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _is_plain(value: JsonValue, depth: int) -> bool:
    """Whether nothing in this list or object, which lies `depth` deep, can be spelled otherwise."""
    if depth > DEPTH_MAX:
        return False
    for inner in value.values() if type(value) is dict else value:
        kind = type(inner)
        if kind is str:
            continue
        if kind is float:
            if inner and not _LEAST <= abs(inner) < _MOST:
                return False
        elif kind is int:
            if not -_WHOLE_MAX <= inner < _WHOLE_MAX:
                return False
        elif (kind is dict or kind is list) and not _is_plain(inner, depth + 1):
            return False
    return True

"""JSON that may be damaged: whatever the bytes are, a value or a ValueError."""

import json

from gate.core.json_types import JsonValue


def decode_json(content: bytes) -> JsonValue:
    """The value of UTF-8 JSON. ValueError for everything else: other bytes, a form that is none,
    and nesting that the parser does not follow."""
    try:
        return json.loads(content.decode("utf-8"))
    except RecursionError as e:
        raise ValueError("nested too deep") from e

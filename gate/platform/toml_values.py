"""TOML that may be damaged: whatever the bytes are, a table or a ValueError."""

import tomllib

from gate.core.json_types import JsonObject


def decode_toml(content: bytes) -> JsonObject:
    """The table of UTF-8 TOML. ValueError for everything else: other bytes, a form that is none,
    numbers too long and nesting that the parser does not follow."""
    try:
        return tomllib.loads(content.decode("utf-8"))
    except RecursionError as e:
        raise ValueError("nested too deep") from e

"""The border to JSON: what a reader of JSON gave, before anybody has checked it.

`json.loads`, `tomllib` and a validator's error list give values of any type. A function
that takes one of these names reads such a value and must not trust it. What is only written out is
a `Mapping[str, object]`; what was checked is a dataclass or a TypedDict.
"""

from collections.abc import Mapping
from typing import Any

JsonValue = Any
"""None, a bool, a number, a str, a list of these, or a dict of them by str."""

JsonObject = dict[str, JsonValue]
"""A JSON object, as it was read."""

JsonFields = Mapping[str, JsonValue]
"""The same, for who only looks at it."""

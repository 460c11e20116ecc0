"""How often one name may ask in a span of time. In memory, of one web process."""

import time
from collections import OrderedDict
from collections.abc import Callable

_NAMES_MAX = 20_000


class RequestRate:
    """`most` within `span_s` seconds. `now_s`: monotonic seconds."""

    def __init__(
        self, most: int, span_s: float, now_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._most, self._span_s, self._now_s = most, span_s, now_s
        self._asked: OrderedDict[str, list[float]] = OrderedDict()

    def allows(self, name: str) -> bool:
        """Whether `name` may ask once more; it is counted then."""
        now_s = self._now_s()
        times = [t for t in self._asked.pop(name, []) if now_s - t < self._span_s]
        is_allowed = len(times) < self._most
        if is_allowed:
            times.append(now_s)
        self._asked[name] = times
        if len(self._asked) > _NAMES_MAX:
            self._asked.popitem(last=False)
        return is_allowed

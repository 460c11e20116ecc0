"""How many events a batch may hold while a broker takes less than this version sends.

Pure, time as an argument in monotonic seconds. A batch that was too large halves the limit, down to
single events. A limit that has stood for `wait_s` without a refusal doubles, up to what a batch may
hold.

Where the broker refuses the larger limit, the next wait is twice as long. So a broker that always
takes less is asked once in `WAIT_MAX_S`. One that takes whole batches again is soon trusted as
before.
"""

from dataclasses import dataclass, replace

from gate.sync.wire import MAX_EVENTS

WAIT_S, WAIT_MAX_S = 60.0, 3600.0


@dataclass(frozen=True, slots=True)
class BatchSize:
    """The limit of a batch at this moment.

    `most`: events, 1 to `MAX_EVENTS`, since `since_s`. `has_grown`: since the last refusal.
    """

    most: int = MAX_EVENTS
    wait_s: float = WAIT_S
    since_s: float = 0.0
    has_grown: bool = False


def halved(size: BatchSize, refused: int, now_s: float) -> BatchSize:
    """After the refusal of a batch of `refused` events. One that was under way while the limit was
    lowered says nothing new."""
    most = max(1, min(size.most, refused // 2))
    if most == size.most:
        return replace(size, since_s=now_s)
    wait_s = min(WAIT_MAX_S, 2 * size.wait_s) if size.has_grown else size.wait_s
    return BatchSize(most, wait_s, now_s)


def grown(size: BatchSize, now_s: float) -> BatchSize:
    """As it is at `now_s`."""
    if now_s < size.since_s + size.wait_s:
        return size
    if size.most < MAX_EVENTS:
        return replace(size, most=min(MAX_EVENTS, 2 * size.most), since_s=now_s, has_grown=True)
    return BatchSize(since_s=now_s)  # whole batches have passed for so long: as in the beginning

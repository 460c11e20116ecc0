"""The codec under Hypothesis: whole frames, cut, glued, flipped, and pure noise.

python -m tests.soak.fuzz_hypothesis RUNS SEED
"""

import json
import resource
import sys

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.soak.codec import SEEDS, check


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A good frame with some of it cut away, doubled or changed."""
    data = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(data)))
        match draw(st.integers(0, 3)):
            case 0:
                del data[at : at + draw(st.integers(1, 8))]
            case 1:
                data[at:at] = draw(st.binary(max_size=8))
            case 2:
                data[at : at + 1] = draw(st.binary(min_size=1, max_size=1))
            case 3:
                data[at:at] = data[at : at + 300]
    return bytes(data)


STREAMS = st.lists(st.binary(max_size=30) | mutated(), max_size=4).map(b"".join)
INPUTS = st.builds(lambda way, rest: bytes([way]) + rest, st.integers(0, 255), STREAMS)


def run(count: int, start: int) -> int:
    """How many inputs were tried; AssertionError with the smallest that fails."""
    tried = 0

    @seed(start)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(INPUTS)
    def holds(data: bytes) -> None:
        nonlocal tried
        tried += 1
        check(data)

    holds()
    return tried


def main() -> None:
    """In rounds, each with a seed of its own; prints one JSON object."""
    count, start = int(sys.argv[1]), int(sys.argv[2])
    tried, round_size, peaks = 0, 20_000, []
    while tried < count:
        tried += run(min(round_size, count - tried), start + tried)
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
    print(json.dumps({"inputs": tried, "peak_mib_first_round": peaks[0], "peak_mib": peaks[-1]}))


if __name__ == "__main__":
    main()

"""The stricter face policy of a candidate whose flag says that somebody looks much like them. Pure.

The rate that a paper asks for is that of two people drawn by chance. Somebody who looks like the
candidate passes more often, and may be sent in their place for that. So the target of such a
candidate is a tenth of the paper's.
"""

from dataclasses import replace

from gate.core.exam import FMR_LEAST, Candidate, Paper

FLAG = "lookalike"
"""As candidates.csv has it; `exam-office photos check` names those who should get it."""

TIMES_STRICTER = 10


def paper_for(candidate: Candidate, paper: Paper) -> Paper:
    """`paper` as it holds for `candidate`: unchanged, or with the lower target rate."""
    if FLAG not in candidate.flags:
        return paper
    stricter = min(paper.face.fmr, max(paper.face.fmr / TIMES_STRICTER, FMR_LEAST))
    return replace(paper, face=replace(paper.face, fmr=stricter))

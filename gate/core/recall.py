"""What a gate remembers after a restart, folded from its own journal."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from gate.core.reasons import Outcome, Reason
from gate.core.state import State, Unsettled, entered


def recall(state: State, events: Iterable[Mapping[str, Any]]) -> State:
    """`state` with everybody who is inside and every REFER that staff have not settled."""
    inside = set(state.inside)
    open_refers = {u.decision: u for u in state.unsettled}
    for event in events:
        match event["kind"]:
            case "decision" if event["outcome"] == Outcome.REFER:
                open_refers[event["id"]] = Unsettled(
                    event["id"], Reason(event["reason"]), dict(event)
                )
            case "verdict":
                open_refers.pop(event["decision"], None)
            case "acknowledged":
                for decision in event["decisions"]:
                    if decision in open_refers:
                        seen = replace(open_refers[decision], acknowledged=True)
                        open_refers[decision] = seen
        if event.get("outcome") == Outcome.ADMIT:
            inside |= entered(dict(event))
    return replace(state, inside=frozenset(inside), unsettled=tuple(open_refers.values()))

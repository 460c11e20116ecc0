"""What staff are told where a case is not signed: it is settled, followed, or signed by another."""

from datetime import datetime

from gate.core.local_time import time_text
from gate.core.settled_case import SettledCase
from gate.core.signatures import Signature
from gate.core.state import State, zone_of
from gate.errors import NoSuchEntry, UsageError

_WORDS = {True: ("放行", "admit"), False: ("不予放行", "send away")}


def not_open(state: State, decision: str) -> NoSuchEntry:
    """The case is not open: was it settled, or did another REFER follow?"""
    settled = state.settled.get(decision) or _followed_and_settled(state, decision)
    if settled is not None:
        return _settled(state, decision, settled)
    newer = next((u.decision for u in state.unsettled if decision in u.earlier), None)
    if newer is not None:
        return NoSuchEntry(
            f"Decision {decision} was followed by {newer} of the same candidate and paper: "
            "settle that one.",
            f"该考生本场已有更新的判定 {newer}：请处理该判定。",
            decision=decision,
            newer=newer,
        )
    return NoSuchEntry(
        f"No unsettled decision {decision}: see status for those that wait.",
        f"没有待处理的判定 {decision}：请查看状态。",
        decision=decision,
    )


def _followed_and_settled(state: State, decision: str) -> SettledCase | None:
    cases = state.settled.values()
    return next((s for s in cases if decision in s.verdict.get("earlier", ())), None)


def _settled(state: State, decision: str, settled: SettledCase) -> NoSuchEntry:
    zh, en = _WORDS[settled.admit]
    names = [settled.by] if settled.second is None else [settled.by, settled.second]
    when = _clock(state, settled.at)
    return NoSuchEntry(
        f"Case {decision} is settled: {en}, by {' and '.join(names)} at {when}. "
        "A correction is a request of its own.",
        f"判定 {decision} 已处理：{zh}，{'、'.join(names)}，{when}。更正请另行提交。",
        decision=decision,
        by=settled.by,
        second=settled.second,
        at=settled.at,
        admit=settled.admit,
    )


def signed_by_another(state: State, signature: Signature, *, admit: bool) -> UsageError:
    """Somebody else has signed first: this one confirms, or they differ."""
    zh, en = _WORDS[signature.admit]
    when, by = _clock(state, signature.at), signature.by
    facts = {"by": by, "at": signature.at, "verdict": signature.verdict}
    if signature.admit == admit:
        return UsageError(
            f"{by} has signed already at {when}: {en}. Confirm it with sign.",
            f"{by} 已于 {when} 签字（{zh}）：请用 sign 复核。",
            **facts,
        )
    return UsageError(
        f"{by} has signed another verdict at {when}: {en}. One of you signs anew, or the chief "
        "decides.",
        f"{by} 已于 {when} 签字为“{zh}”，意见不一：请协商后由其重新签字，或由主考决定。",
        **facts,
    )


def signed_already(by: str) -> UsageError:
    """One person does not sign twice."""
    return UsageError(
        f"{by} has signed this case already: somebody else must confirm.",
        f"{by} 已签过字：请由另一人复核。",
        by=by,
    )


def nobody_signed(decision: str) -> UsageError:
    """There is no verdict yet that could be confirmed."""
    return UsageError(
        f"Nobody has signed case {decision} yet: give a verdict first.",
        f"判定 {decision} 尚无人签字：请先作出处理。",
        decision=decision,
    )


def one_person(by: str, second: str) -> UsageError:
    """Two names of one person."""
    return UsageError(
        "by and second are one person's name: somebody else must confirm.",
        "操作人与复核人为同一人：请由另一人复核。",
        by=by,
        second=second,
    )


def second_signs_alone() -> UsageError:
    """Where staff have PINs, nobody signs for somebody else."""
    return UsageError(
        "The second person signs with an own PIN: leave second out, then use sign.",
        "复核人须用本人 PIN 签字：请去掉 second，再由复核人用 sign 签字。",
    )


def _clock(state: State, at: str) -> str:
    then = datetime.fromisoformat(at).replace(second=0, microsecond=0)
    return time_text(then, zone_of(state), then)

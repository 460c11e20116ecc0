"""One attempt to match the face in front of the gate: when it is looked at, and the verdict. Pure.

The single-view probes since the card come first. Where they leave it open, the frames that follow
get augmented templates. Their fusion is looked at as often as there is one more, until the answer
is sure or the attempt ends. Each look has its own share of the target rate (`fmr_budget.py`).

A face that passes is let in only while the newest frame shows it. An augmented template takes a
slow unit longer than a person needs to step aside. Then one more frame, of a single view, has to
confirm that the face is still there.

Where the paper asks for liveness, a face that passes has to be a living one too. Its frames have
been scored since it came, so nothing is waited for when it was seen before its card.

Where the paper asks for an action, the face that passed is held until it has done one. So it is
where the layers that ask for nothing could not tell (`wants_action`). The same face track must
last.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gate.core.action_order import LONGEST_S, ActionStatus, Ending, Instruction
from gate.core.events import FaceJudged
from gate.core.exam import LivenessRule
from gate.core.liveness import ACTION, FRAMES, FittedLayers, Liveness, LivenessVerdict, assess
from gate.core.reasons import Reason
from gate.models.face_track import TrackView
from gate.models.fmr_budget import share
from gate.models.matching import Match, Thresholds, compare, fuse, lowest_rate
from gate.models.probe_selection import (
    RECENT_NS,
    ProbeSelection,
    matched,
    unmatched,
    worse_than_measured,
)
from gate.ports import Probe, Reference
from gate.ports.values import TemplateKind

CONFIRM_NS = 3_000_000_000
"""After the end of its time an attempt waits so long, in ns, for the frame that confirms a match.
On a busy machine one look takes over a second, and two are needed."""
UNSEEN_NS = 3_000_000_000
"""After the end of its time an attempt waits so long until one frame since the card has been looked
at. A busy machine takes seconds for it, and until then nobody can say that there is no face."""
LIVENESS_FRAMES = FRAMES + 3
"""Frames of one face after which a layer that still has not judged is not waited for any more."""
PATIENT_LAYER = "geometry"
"""It takes frames together, the more the further away a face is. It is waited for as long as the
attempt lasts."""
ACTION_NS = round(LONGEST_S * 1e9) + CONFIRM_NS
"""An action that was ordered is not waited for any longer."""
JUDGED_ENDINGS = (Ending.DONE, Ending.FLAT)
"""After these the layer scores the frames that follow."""


@dataclass(frozen=True, slots=True)
class MatchTables:
    """Thresholds for single-view and for augmented probes, both against augmented references."""

    single: Thresholds
    augmented: Thresholds

    @classmethod
    def load(cls) -> "MatchTables":
        """Those that ship with this version. InputRejected."""
        return cls(*(Thresholds.load(kind=kind) for kind in TemplateKind))

    def of(self, kind: TemplateKind) -> Thresholds:
        """The thresholds for templates of `kind`."""
        return self.augmented if kind is TemplateKind.AUGMENTED else self.single

    def lowest_rate(self, reference: Reference) -> float:
        """The least target that an attempt with this reference can have. InputRejected."""
        return max(lowest_rate(reference, t) for t in (self.single, self.augmented))


@dataclass(frozen=True, slots=True)
class Held:
    """A match of the face of `track`, known since `at_ns`, not yet given out."""

    judged: FaceJudged
    track: int
    at_ns: int

    def is_gone(self, view: TrackView) -> bool:
        """Whether the face that was matched is no longer the one in `view`."""
        return view.track != self.track or not view.probes

    def is_confirmed(self, view: TrackView, now_ns: int) -> bool:
        """Whether a frame since the match, or a recent one, shows the same face; `now_ns`:
        monotonic."""
        newest_ns = view.probes[-1].mono_ns
        return newest_ns >= self.at_ns or now_ns - newest_ns <= RECENT_NS


class MatchAttempt:
    """Fed with views of what is seen until one is enough. InputRejected for a target rate that
    was not measured."""

    def __init__(
        self,
        selection: ProbeSelection,
        reference: Reference,
        fmr: float,
        tables: MatchTables,
        rule: LivenessRule = LivenessRule(),  # noqa: B008 - a value that nobody can change
    ) -> None:
        """`rule`: what is asked for of a face that matches; nothing, unless told otherwise."""
        self._selection = selection
        self._rule = rule
        self._fitted = FittedLayers()
        self._reference = reference
        self._tables = tables
        self._looks = share(fmr, selection.frames, tables.lowest_rate(reference))
        self._first_taken = self._looks.first is None
        self._augmented_seen = 0
        self._held: Held | None = None
        self._escalated = False
        self._action: ActionStatus | None = None
        self._ended_ns: int | None = None

    def excuse(self) -> None:
        """Staff excuse the candidate: no action is ordered any more."""
        self._rule = replace(self._rule, excused=True)

    @property
    def wants_action(self) -> Held | None:
        """The match that waits for an action to be ordered or done; None where none does. Each has
        an order of its own."""
        return self._held if self._is_action_asked and self._may_order else None

    @property
    def _is_action_asked(self) -> bool:
        return self._rule.asked == ACTION or self._escalated

    @property
    def _may_order(self) -> bool:
        return ACTION in self._fitted.working and not self._rule.excused

    @property
    def wants_augmented(self) -> bool:
        """Whether further frames are worth an augmented template: the first look was not enough,
        and no match waits for the next frame to confirm it."""
        return self._first_taken and self._held is None

    def look(
        self,
        view: TrackView,
        now_ns: int,
        fitted: FittedLayers | None = None,
        action: ActionStatus | None = None,
    ) -> FaceJudged | None:
        """The verdict on what is seen now, None while it is open. Each look is taken once in an
        attempt, even if another face has come since. `fitted`: the liveness layers of the unit.
        `action`: how far the action of `wants_action` has come, None before it was ordered."""
        self._fitted = fitted or FittedLayers()
        self._action = action
        judged = self._matched(view, now_ns)
        if judged is None or judged.liveness is not None:
            return judged
        return replace(judged, liveness=self._liveness(view))

    def _matched(self, view: TrackView, now_ns: int) -> FaceJudged | None:
        if self._held is None:
            self._take_looks(view, now_ns)
        if self._held is None and self._is_over(view, now_ns):
            return self._last_look(view, now_ns)
        return self._given_out(view, now_ns)

    def _take_looks(self, view: TrackView, now_ns: int) -> None:
        single, augmented = self._like_measured(view)
        if single and not self._first_taken:
            self._first_taken = True
            if self._looks.first is not None:
                self._hold_if_passed(single, self._looks.first, view, now_ns)
        elif self._augmented_seen < len(augmented) < self._selection.frames:
            self._augmented_seen = len(augmented)
            if self._looks.between is not None:
                self._hold_if_passed(augmented, self._looks.between, view, now_ns)

    def _hold_if_passed(
        self, probes: Sequence[Probe], fmr: float, view: TrackView, now_ns: int
    ) -> FaceJudged:
        judged = matched(self._selection, probes, self._match(probes, fmr))
        if judged.reason is Reason.OK:
            self._held = Held(judged, view.track, now_ns)
        return judged

    def _is_over(self, view: TrackView, now_ns: int) -> bool:
        if self._selection.is_complete(view, now_ns):
            return True
        unseen_ns = 0 if self._selection.has_looked(view) else UNSEEN_NS
        return now_ns >= self._selection.ends_ns + unseen_ns

    def _last_look(self, view: TrackView, now_ns: int) -> FaceJudged | None:
        single, augmented = self._like_measured(view)
        probes = augmented or single
        if not probes:
            seen = self._selection.single(view) or self._selection.augmented(view)
            return worse_than_measured(seen) if seen else unmatched(self._selection, view)
        judged = self._hold_if_passed(probes, self._looks.last, view, now_ns)
        return judged if self._held is None else self._given_out(view, now_ns)

    def _given_out(self, view: TrackView, now_ns: int) -> FaceJudged | None:
        """The match that is held, once the newest frame confirms it. Nothing where the face has
        changed since: the attempt goes on with the person who is there."""
        if self._held is None:
            return None
        if self._held.is_gone(view) or self._selection.is_crowded(view):
            if _is_told(self._action):
                failed = replace(self._held.judged, reason=Reason.LIVENESS_FAILED)
                return replace(failed, liveness=self._liveness(view))
            self._held, self._escalated = None, False
            return unmatched(self._selection, view) if self._is_over(view, now_ns) else None
        if self._held.is_confirmed(view, now_ns):
            return self._if_living(self._held.judged, view, now_ns)
        if now_ns < self._selection.ends_ns + CONFIRM_NS:
            return None
        return unmatched(self._selection, view)  # no frame came any more

    def _if_living(self, judged: FaceJudged, view: TrackView, now_ns: int) -> FaceJudged | None:
        """The match of a face that is living, or LIVENESS_FAILED; None while a layer has seen too
        little of it."""
        liveness = self._liveness(view)
        if liveness is None or liveness.passes(self._rule.fallback):
            if self.wants_action is None or _is_in_sight(view):
                return replace(judged, liveness=liveness)
            return None if self._is_acting(now_ns) else unmatched(self._selection, view)
        if liveness.verdict is LivenessVerdict.UNSURE and liveness.is_open:
            is_early = self._is_early(liveness, view, now_ns)
            if self._is_acting(now_ns) if self.wants_action else is_early:
                return None
            if self._may_escalate(liveness):
                self._escalated = True
                return None
        return replace(judged, reason=Reason.LIVENESS_FAILED, liveness=liveness)

    def _is_early(self, liveness: Liveness, view: TrackView, now_ns: int) -> bool:
        """Whether a passive layer may still judge."""
        if PATIENT_LAYER in self._fitted.working - liveness.means.keys():
            return now_ns < self._selection.ends_ns
        scored = self._selection.scored(view)
        is_seen = len([p for p in scored[-1:] if p.liveness]) + len(scored[:-1]) >= LIVENESS_FRAMES
        return not is_seen and now_ns < self._selection.ends_ns + CONFIRM_NS

    def _may_escalate(self, liveness: Liveness) -> bool:
        """Whether an action is ordered because layers that are there could not tell. What a missing
        layer leaves open is for the paper's fallback."""
        return self._may_order and not self._is_action_asked and not liveness.is_lacking

    def _is_acting(self, now_ns: int) -> bool:
        """Whether the action may still be ordered, done or scored."""
        if self._held is None:
            return False
        if self._action is None:
            return now_ns < max(self._held.at_ns, self._selection.ends_ns) + CONFIRM_NS
        if self._action["ending"] is None:
            return now_ns < self._held.at_ns + ACTION_NS
        if self._action["ending"] not in JUDGED_ENDINGS:
            return False
        if self._ended_ns is None:
            self._ended_ns = now_ns
        return now_ns < self._ended_ns + CONFIRM_NS

    def _liveness(self, view: TrackView) -> Liveness | None:
        frames = [p.liveness for p in self._selection.scored(view)]
        return assess(self._rule.asked, frames, self._fitted, escalated=self._escalated)

    def _like_measured(self, view: TrackView) -> tuple[tuple[Probe, ...], tuple[Probe, ...]]:
        """The single-view and the augmented probes that count. The rate that a threshold is named
        by says nothing of a probe that is worse than those it was measured on."""
        single, augmented = self._selection.single(view), self._selection.augmented(view)
        return tuple(p for p in single if self._tables.single.holds_for(p.quality)), tuple(
            p for p in augmented if self._tables.augmented.holds_for(p.quality)
        )

    def _match(self, probes: Sequence[Probe], fmr: float) -> Match:
        table = self._tables.of(probes[0].kind)
        fused = fuse([p.template for p in probes])
        return compare(self._reference, fused, len(probes), fmr, table)


def _is_told(action: ActionStatus | None) -> bool:
    """Whether something has been ordered: from then on one face must stay."""
    if action is None:
        return False
    ahead = action["instruction"] == Instruction.LOOK_AHEAD and action["step"] == 1
    return action["ending"] is not None or not ahead


def _is_in_sight(view: TrackView) -> bool:
    """Whether the newest frame shows the newest probe's face."""
    return view.probes[-1].mono_ns == view.observations[-1].mono_ns

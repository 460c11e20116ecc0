"""Does what events asked for. It may be killed anywhere and started again, any number of them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from enrolment.core.application import Application
from enrolment.core.events import Actor, FeeAsked, IdentityChecked, ReviewQueued, Role, TicketGiven
from enrolment.core.messages import MESSAGES
from enrolment.core.review_transitions import data_of
from enrolment.errors import EventRefused, ServiceDown
from enrolment.services.ports import IdentityService, MessageService, PaymentService
from enrolment.store import effect_rows
from enrolment.store.applications import Applications
from enrolment.store.chain import lock
from enrolment.store.effect_rows import EffectKey, OpenEffect
from enrolment.store.opening import writing
from enrolment.store.tables import applications

_WORKER = Actor(Role.SYSTEM, "worker")
_TICKET_DIGITS = 6


@dataclass
class Worker:
    """The effects of one round's applications, and the services that carry them out."""

    store: Applications
    identity: IdentityService
    payments: PaymentService
    messages: MessageService

    def work(self, at: datetime, at_most: int = 1_000_000) -> int:
        """Does up to `at_most` open effects; how many were done. What a service that is down
        should have done stays open until its lease is over."""
        done = 0
        for _ in range(at_most):
            with writing(self.store.engine) as connection:
                effect = effect_rows.take(connection, self.store.round_id, at)
            if effect is None:
                return done
            try:
                self._perform(effect, at)
            except ServiceDown:
                continue
            done += 1
        return done

    def _perform(self, effect: OpenEffect, at: datetime) -> None:
        state = self.store.load(effect.key.application)
        try:
            match effect.kind:
                case "AskIdentity":
                    self._ask_identity(state, effect.key, at)
                case "AskFee":
                    self._ask_fee(state, effect.key, at)
                case "AssignTicket":
                    self._assign_ticket(state, effect.key, at)
                case "QueueReview":
                    event = ReviewQueued(at=at, by=_WORKER)
                    self.store.apply(state.id, event, cause=effect.key)
                case "Tell":
                    self._tell(state, effect)
                    self._finish(effect.key, at)
        except EventRefused:  # locked or expired in between: nothing more is asked for
            self._finish(effect.key, at)

    def _ask_identity(self, state: Application, key: EffectKey, at: datetime) -> None:
        data = data_of(state)
        face = self.store.media.get(self.store.round_id, state.photo)
        reasons = self.identity.check(key.text, data.name, data.number, face)
        event = IdentityChecked(at=at, by=Actor(Role.SYSTEM, "identity"), reasons=reasons)
        self.store.apply(state.id, event, cause=key)

    def _ask_fee(self, state: Application, key: EffectKey, at: datetime) -> None:
        self.payments.make_order(key.text, state.fee_fen)
        event = FeeAsked(at=at, by=_WORKER, order=key.text, fen=state.fee_fen)
        self.store.apply(state.id, event, cause=key)

    def _assign_ticket(self, state: Application, key: EffectKey, at: datetime) -> None:
        district = data_of(state).district
        with writing(self.store.engine) as connection:
            lock(connection, self.store.round_id)
            taken = connection.execute(
                select(func.max(applications.c.ticket)).where(
                    applications.c.round == self.store.round_id,
                    applications.c.district == district,
                )
            ).scalar_one()
            number = int(taken[len(district) :]) + 1 if taken else 1
            event = TicketGiven(at=at, by=_WORKER, ticket=f"{district}{number:0{_TICKET_DIGITS}d}")
            self.store.apply_within(connection, state.id, event, cause=key)

    def _tell(self, state: Application, effect: OpenEffect) -> None:
        if state.data is not None:
            said = MESSAGES[effect.argument]
            self.messages.send(effect.key.text, state.data.phone, f"{said.zh} {said.en}")

    def _finish(self, key: EffectKey, at: datetime) -> None:
        with writing(self.store.engine) as connection:
            effect_rows.finish(connection, key, at)

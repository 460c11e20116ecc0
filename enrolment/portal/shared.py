"""What every page of one portal has."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from starlette.requests import Request

from enrolment.portal.request_rate import RequestRate
from enrolment.services.payment_messages import Payment, signed
from enrolment.services.ports import MessageService, SignedCallback
from enrolment.store.applications import Applications
from enrolment.store.portal_sessions import PortalSession, PortalSessions
from gate.web.client_address import is_loopback


def local_now() -> datetime:
    """The wall clock."""
    return datetime.now().astimezone()


@dataclass(frozen=True, slots=True)
class Shared:
    """`payment_key`: of the simulated payment service. `queue_max`: uploads that wait at most."""

    store: Applications
    messages: MessageService
    payment_key: bytes
    now: Callable[[], datetime] = local_now
    queue_max: int = 2000
    code_rate: RequestRate = field(default_factory=lambda: RequestRate(30, 3600.0))
    sign_in_rate: RequestRate = field(default_factory=lambda: RequestRate(60, 600.0))
    upload_rate: RequestRate = field(default_factory=lambda: RequestRate(60, 3600.0))

    @property
    def sessions(self) -> PortalSessions:
        """Who has signed in."""
        return PortalSessions(self.store.engine)

    def callback(self, payment: Payment) -> SignedCallback:
        """What the simulated payment service sends."""
        return signed(payment, self.payment_key)


def shared_of(request: Request) -> Shared:
    """Of the application that serves the request."""
    shared: Shared = request.app.state.shared
    return shared


def session_of(request: Request) -> PortalSession | None:
    """The browser's session."""
    session: PortalSession | None = request.state.session
    return session


def address_of(request: Request) -> str:
    """Where the request comes from. A proxy on this machine is believed in what it says of its
    client: the last address of X-Forwarded-For, which it has added itself."""
    peer = request.client.host if request.client else ""
    said = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    return said if said and is_loopback(peer) else peer

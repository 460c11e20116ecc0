"""The fee: a redirect to the payment service, which is simulated here, and its signed callback."""

import secrets

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from enrolment.core.status import Status
from enrolment.errors import CallbackForged
from enrolment.portal.forms import Form
from enrolment.portal.own_application import own_begun
from enrolment.portal.pages import leads_to
from enrolment.portal.shared import Shared, shared_of
from enrolment.services.payment_messages import Payment, read_callback
from enrolment.services.payments import take_payment
from enrolment.services.ports import SignedCallback
from gate.errors import InputDamaged


def pay(request: Request, form: Form) -> Response:
    """The candidate pays at the simulated service: it sends its callback. HTTPException 404,
    409."""
    shared, found = shared_of(request), own_begun(request)
    if not found.order or request.path_params["order"] != found.order:
        raise HTTPException(404)
    if found.status is not Status.FEE_DUE:
        raise HTTPException(409)
    payment = Payment(f"sim-{secrets.token_hex(8)}", found.order, found.fee_fen, shared.now())
    _take(shared, shared.callback(payment))
    return leads_to("/application")


async def callback(request: Request) -> Response:
    """The service's word: JSON, and its signature in X-Signature."""
    said = SignedCallback(await request.body(), request.headers.get("x-signature", ""))
    try:
        await run_in_threadpool(_take, shared_of(request), said)
    except CallbackForged as e:
        return PlainTextResponse(str(e), 403)
    except InputDamaged as e:
        return PlainTextResponse(str(e), 400)
    return PlainTextResponse("taken")


def _take(shared: Shared, said: SignedCallback) -> None:
    take_payment(shared.store, read_callback(said, shared.payment_key), shared.now())

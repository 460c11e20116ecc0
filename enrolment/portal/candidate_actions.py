"""What candidates do: each form gives one event, or says in a sentence why not."""

import re
import secrets

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from enrolment.core.events import (
    Actor,
    CorrectionHandedIn,
    DataChanged,
    DocumentsHandedIn,
    ManualRequested,
    Role,
    SignatureGiven,
    Started,
    Submitted,
)
from enrolment.core.personal_data import PersonalData, data_faults, normalised
from enrolment.core.review_transitions import data_of
from enrolment.core.status import Status
from enrolment.errors import CodeRefused, DataRefused, NumberTaken, TooOften, UploadRefused
from enrolment.portal.forms import Form
from enrolment.portal.own_application import (
    account_of,
    apply_form,
    candidate,
    own,
    own_begun,
)
from enrolment.portal.pages import leads_to, page_of
from enrolment.portal.picture_kinds import check_picture
from enrolment.portal.shared import address_of, session_of, shared_of
from enrolment.store import candidate_files, portal_accounts
from enrolment.store.portal_sessions import CANDIDATE
from gate.web.client_address import machine_of

_PHONE = re.compile(r"1[3-9][0-9]{9}")
SIGNATURE_BYTES_MAX = 512 << 10


def send_code(request: Request, form: Form) -> Response:
    """Sends a code to the phone. The answer is the same whether the phone is known."""
    shared, phone = shared_of(request), "".join(form.text("phone").split())
    if not _PHONE.fullmatch(phone):
        return page_of(request, "sign_in.html", 422, bad_phone=True)
    if not shared.code_rate.allows(machine_of(address_of(request))):
        return page_of(request, "sign_in.html", 429, said=_address_too_often())
    try:
        code = portal_accounts.new_code(shared.store, phone, shared.now())
    except TooOften as said:
        return page_of(request, "sign_in.html", 429, said=said, phone=phone)
    text = f"验证码 {code}，5 分钟内有效，请勿告知他人。 Your code is {code}, for 5 minutes."
    shared.messages.send(f"code-{secrets.token_hex(8)}", phone, text)
    return page_of(request, "sign_in.html", phone=phone, is_sent=True)


def sign_in(request: Request, form: Form) -> Response:
    """The code that the phone got."""
    shared, phone = shared_of(request), "".join(form.text("phone").split())
    if not shared.sign_in_rate.allows(machine_of(address_of(request))):
        return page_of(request, "sign_in.html", 429, said=_address_too_often())
    try:
        account = portal_accounts.account_of(
            shared.store, phone, "".join(form.text("code").split()), shared.now()
        )
    except CodeRefused as said:
        return page_of(request, "sign_in.html", 403, said=said, phone=phone, is_sent=True)
    before = session_of(request)
    return leads_to("/application", shared.sessions.begin(shared.now(), CANDIDATE, account, before))


def sign_out(request: Request, form: Form) -> Response:
    """Ends the session."""
    session = session_of(request)
    if session is not None:
        shared_of(request).sessions.end(session)
    return leads_to("/")


def consent(request: Request, form: Form) -> Response:
    """Agreed: the application begins. Declined: the offices on site."""
    if form.text("agree") != "yes":
        return leads_to("/offices")
    shared, account = shared_of(request), account_of(request)
    if own(request) is None:
        application = secrets.token_hex(8)
        event = Started(
            at=shared.now(), by=Actor(Role.CANDIDATE, application), consent=form.text("consent")
        )
        shared.store.begin(event, application)
        portal_accounts.bind(shared.store, account, application)
    return leads_to("/application/data")


def save_data(request: Request, form: Form) -> Response:
    """Saves the form, and submits it the first time."""
    shared, found = shared_of(request), own_begun(request)
    given = normalised(
        PersonalData(
            name=form.text("name"),
            number=form.text("number"),
            phone=form.text("phone"),
            district=form.text("district"),
            level=form.text("level"),
            subjects=tuple(form.texts.get("subjects", [])),
            school=form.text("school"),
            exempt=form.text("exempt") == "yes",
        )
    )
    by = candidate(found)
    try:
        apply_form(request, form, DataChanged(at=shared.now(), by=by, data=given), found)
    except (DataRefused, NumberTaken) as said:
        return page_of(
            request,
            "data.html",
            422,
            application=found,
            data=given,
            faults={fault.field: fault for fault in data_faults(given, found.round)},
            said=said,
            may_change_identity=True,
        )
    if found.status is Status.DRAFT:
        shared.store.apply(found.id, Submitted(at=shared.now(), by=by))
    return leads_to("/application")


def sign(request: Request, form: Form) -> Response:
    """The signature, as a picture. UploadRefused."""
    shared, found = shared_of(request), own_begun(request)
    picture = form.files.get("signature", b"")
    if not picture or len(picture) > SIGNATURE_BYTES_MAX:
        raise UploadRefused(
            "Sign in the field, or choose a picture of your signature below 512 KB.",
            "请在签名框内手写签名，或选择 512 KB 以内的签名图片。",
        )
    check_picture(picture)
    name = shared.store.media.put(shared.store.round_id, picture)
    event = SignatureGiven(at=shared.now(), by=candidate(found), signature=name)
    apply_form(request, form, event, found)
    return leads_to("/application")


def hand_in(request: Request, form: Form) -> Response:
    """The documents, all at once: the first time, or the one correction. DataRefused."""
    shared, found = shared_of(request), own_begun(request)
    is_correction = found.status is Status.CORRECTION_ASKED
    asked = found.lacking if is_correction else found.round.proofs_of(data_of(found).level)
    for picture in form.files.values():
        check_picture(picture)
    given = tuple(sorted(name for name in form.files if name in asked))
    for name in given:
        candidate_files.keep_document(shared.store, found.id, name, form.files[name], shared.now())
    kind = CorrectionHandedIn if is_correction else DocumentsHandedIn
    by = candidate(found)
    apply_form(request, form, kind(at=shared.now(), by=by, documents=given), found)
    return leads_to("/application")


def ask_manual(request: Request, form: Form) -> Response:
    """The manual check. DataRefused without proofs; HTTPException 409 where none is due."""
    shared, found = shared_of(request), own_begun(request)
    if found.status is not Status.CLOSED_TO_MANUAL:
        raise HTTPException(409)
    for picture in form.files.values():
        check_picture(picture)
    proofs = tuple(
        candidate_files.keep_document(shared.store, found.id, "manual", picture, shared.now())
        for picture in form.files.values()
    )
    by = candidate(found)
    apply_form(request, form, ManualRequested(at=shared.now(), by=by, proofs=proofs), found)
    return leads_to("/application")


def _address_too_often() -> TooOften:
    return TooOften(
        "Too many requests came from your network: try again in some minutes.",
        "您所在网络请求过多：请稍候几分钟再试。",
    )

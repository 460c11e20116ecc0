"""Card, video and ticket photo: a form with a file, or parts that go on where they stopped."""

import json

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from enrolment.core.application import Application
from enrolment.errors import CheckWaits, TooOften, UploadRefused
from enrolment.portal.forms import Form, check_csrf
from enrolment.portal.own_application import own_begun
from enrolment.portal.pages import leads_to
from enrolment.portal.picture_kinds import check_kind_of
from enrolment.portal.shared import session_of, shared_of
from enrolment.store import candidate_files, check_tasks, uploads
from enrolment.store.check_tasks import CheckKind
from enrolment.store.uploads import PART_BYTES_MAX, UploadProgress
from gate.errors import GateError
from gate.platform.json_values import decode_json

SECONDS_EACH = 6
"""What one check takes, for the waiting time that is told."""


def upload_form(request: Request, form: Form) -> Response:
    """A file of a form. UploadRefused without one."""
    kind = _kind(request.path_params["kind"])
    content = form.files.get("file", b"")
    uploads.check_size(len(content))
    _ask(request, own_begun(request), kind, content)
    return leads_to("/application")


async def begin_upload(request: Request) -> Response:
    """JSON `kind` and `size`; the upload's id. 0 bytes and too many are refused here, before any
    is sent."""
    check_csrf(session_of(request), request.headers.get("x-csrf", ""))
    body = await request.body()
    return await run_in_threadpool(_begun, request, body)


def _begun(request: Request, body: bytes) -> Response:
    try:
        raw = decode_json(body)
        kind, size = _kind(str(raw["kind"])), int(raw["size"])
    except (ValueError, KeyError, TypeError) as e:
        raise HTTPException(400) from e
    shared, found = shared_of(request), own_begun(request)
    try:
        check_tasks.check_is_needed(found, kind)
        _check_room(request, found)
        upload = uploads.begin(shared.store, found.id, kind, size, shared.now())
    except GateError as said:
        return told(said)
    return _progress(UploadProgress(upload, kind, size, 0))


def upload_progress(request: Request) -> Response:
    """How many bytes have arrived."""
    found = own_begun(request)
    try:
        return _progress(
            uploads.progress(shared_of(request).store, found.id, request.path_params["upload"])
        )
    except UploadRefused as said:
        return told(said)


async def upload_part(request: Request) -> Response:
    """The bytes from `offset`; the last ones begin the check. HTTPException 400."""
    check_csrf(session_of(request), request.headers.get("x-csrf", ""))
    offset = request.query_params.get("offset", "")
    if not (offset.isascii() and offset.isdigit() and len(offset) < 10):
        raise HTTPException(400)
    part = await request.body()
    if len(part) > PART_BYTES_MAX:
        raise HTTPException(413)
    return await run_in_threadpool(_part, request, int(offset), part)


def _part(request: Request, offset: int, part: bytes) -> Response:
    shared, found = shared_of(request), own_begun(request)
    upload = request.path_params["upload"]
    try:
        after = uploads.add_part(shared.store, found.id, upload, offset=offset, part=part)
        if after.received == after.size:
            content = uploads.finish(shared.store, found.id, upload)
            _ask(request, found, CheckKind(after.kind), content)
    except GateError as said:
        return told(said)
    return _progress(after)


def _ask(request: Request, found: Application, kind: CheckKind, content: bytes) -> None:
    shared = shared_of(request)
    check_tasks.check_is_needed(found, kind)
    check_kind_of(kind, content)
    _check_room(request, found)
    if check_tasks.waiting_kind(shared.store, found.id) is not None:
        raise CheckWaits(
            "Your last upload is being checked: wait for its result.",
            "上一次上传正在检查：请等待结果。",
        )
    digits = (
        candidate_files.use_challenge(shared.store, found.id) if kind is CheckKind.VIDEO else ""
    )
    check_tasks.ask(shared.store, found.id, kind, content, at=shared.now(), digits=digits)


def _check_room(request: Request, found: Application) -> None:
    """TooOften where one account uploads all the time, or too many wait already."""
    shared = shared_of(request)
    if not shared.upload_rate.allows(found.id):
        raise TooOften(
            "You have uploaded very often within an hour: go on later.",
            "一小时内上传次数过多：请稍后再试。",
        )
    waiting = check_tasks.waiting_count(shared.store)
    if waiting >= shared.queue_max:
        minutes = waiting * SECONDS_EACH // 60 + 1
        raise TooOften(
            f"{waiting} uploads wait already: try again in about {minutes} minutes. Nothing of "
            "yours is lost.",
            f"已有 {waiting} 份在排队：请约 {minutes} 分钟后再试，已填内容不会丢失。",
        )


def told(said: GateError) -> Response:
    """The sentence, for the page that uploads."""
    received = said.facts.get("received")
    body = {"zh": said.zh, "en": str(said), "received": received}
    return Response(json.dumps(body, ensure_ascii=False), 422, media_type="application/json")


def _progress(of: UploadProgress) -> Response:
    return JSONResponse({"upload": of.id, "received": of.received, "size": of.size})


def _kind(name: str) -> CheckKind:
    try:
        return CheckKind(name)
    except ValueError as e:
        raise HTTPException(404) from e

"""Runs the portal: pages over HTTPS, and what follows an event. Services are simulated."""

import os
from pathlib import Path

from starlette.formparsers import MultiPartParser

from enrolment.check_worker import CheckWorker
from enrolment.portal.background_work import BackgroundWork, Work
from enrolment.portal.shared import Shared, local_now
from enrolment.portal.web_app import portal_app
from enrolment.services.message_file import MessageFile
from enrolment.services.ports import IdentityService, UploadChecks
from enrolment.services.simulated import SimulatedPayments
from enrolment.store.applications import Applications
from enrolment.store.uploads import UPLOAD_BYTES_MAX
from enrolment.worker import Worker
from gate.platform.durable_files import write_file
from gate.web.bounded_connection import BoundedConnection
from gate.web.bounded_listener import listeners
from gate.web.certificate import own_addresses, own_certificate, utc_now
from gate.web.https_server import listen_address, serve_https

_KEY_BYTES = 32


class UploadingConnection(BoundedConnection):
    """A phone on a slow network sends a picture in one form."""

    request_s = 60.0


def run_portal(
    store: Applications, listen: str, identity: IdentityService, checks: UploadChecks | None
) -> None:
    """Until SIGTERM. `checks`: judge uploads in this process; None where exam-enrol worker does.
    UsageError, NetworkFault, StorageRefused; OSError."""
    host, port = listen_address(listen)
    root = store.media.root
    certificate, key = own_certificate(root, own_addresses(host), utc_now())
    payments = SimulatedPayments(key=_payment_key(root / "payment.key"))
    messages = MessageFile(root / "messages.jsonl")
    MultiPartParser.spool_max_size = UPLOAD_BYTES_MAX + 1  # no upload lies unsealed on the disk
    shared = Shared(store, messages, payments.key)
    sockets = listeners(host, port)
    works: list[Work] = [Worker(store, identity, payments, messages).work]
    if checks is not None:
        works.append(CheckWorker(store, checks).work)
    beside = BackgroundWork(works, local_now)
    beside.start()
    try:
        serve_https(portal_app(shared), sockets, certificate, key, UploadingConnection)
    finally:
        beside.stop()


def _payment_key(path: Path) -> bytes:
    if not path.exists():
        write_file(path, os.urandom(_KEY_BYTES), 0o600)
    return path.read_bytes()

"""Signed callbacks and the reconciliation file, read with care."""

import csv
import hashlib
import hmac
import io
import json
import re
from datetime import datetime
from typing import NamedTuple

from enrolment.errors import CallbackForged
from enrolment.services.ports import SignedCallback
from gate.errors import InputDamaged
from gate.platform.json_values import decode_json

COLUMNS = ("payment", "order", "fen", "paid_at")
CALLBACK_BYTES_MAX = 4096
_ID = re.compile(r"[A-Za-z0-9-]{1,64}", re.ASCII)
_FEN = re.compile(r"[0-9]{1,9}", re.ASCII)


class Payment(NamedTuple):
    """One payment: who says so is checked already."""

    payment: str
    order: str
    fen: int
    paid_at: datetime


def signed(payment: Payment, key: bytes) -> SignedCallback:
    """The callback of `payment`, HMAC-SHA256 over its bytes."""
    body = json.dumps(
        {**payment._asdict(), "paid_at": payment.paid_at.isoformat()}, sort_keys=True
    ).encode()
    return SignedCallback(body, _signature(body, key))


def read_callback(callback: SignedCallback, key: bytes) -> Payment:
    """CallbackForged where the signature is not the service's; InputDamaged."""
    right = _signature(callback.body, key).encode()
    said = callback.signature.encode(errors="replace")
    if len(callback.body) > CALLBACK_BYTES_MAX or not hmac.compare_digest(right, said):
        raise CallbackForged(
            "The signature of the callback is not the payment service's.",
            "支付回调签名无效。",
        )
    try:
        raw = decode_json(callback.body)
        fields = [str(raw[name]) for name in COLUMNS]
    except (ValueError, KeyError, TypeError) as e:
        raise _damaged("callback") from e
    return _payment(fields, "callback")


def read_reconciliation(text: str) -> list[Payment]:
    """Every line of the file. InputDamaged names the line; then nothing of it is used."""
    try:
        rows = list(csv.reader(io.StringIO(text)))
    except csv.Error as e:
        raise _damaged("a line that is not CSV") from e
    if not rows or tuple(rows[0]) != COLUMNS:
        raise _damaged("line 1")
    return [_payment(row, f"line {line}") for line, row in enumerate(rows[1:], 2) if row]


def write_reconciliation(payments: list[Payment]) -> str:
    """The file that `read_reconciliation` reads."""
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(COLUMNS)
    table.writerows([p.payment, p.order, p.fen, p.paid_at.isoformat()] for p in payments)
    return out.getvalue()


def _payment(fields: list[str], place: str) -> Payment:
    if len(fields) != len(COLUMNS):
        raise _damaged(place)
    payment, order, fen, paid_at = fields
    if not _ID.fullmatch(payment) or not _ID.fullmatch(order) or not _FEN.fullmatch(fen):
        raise _damaged(place)
    try:
        at = datetime.fromisoformat(paid_at)
    except ValueError as e:
        raise _damaged(place) from e
    if at.tzinfo is None:
        raise _damaged(place)
    return Payment(payment, order, int(fen), at)


def _signature(body: bytes, key: bytes) -> str:
    return hmac.new(key, body, hashlib.sha256).hexdigest()


def _damaged(place: str) -> InputDamaged:
    return InputDamaged(
        f"What the payment service says is damaged at {place}: ask it for the file again.",
        f"支付数据在 {place} 处损坏：请重新获取对账文件。",
        place=place,
    )

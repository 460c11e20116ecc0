"""Callbacks and reconciliation files: whatever the bytes are, a payment or a refusal."""

import json
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrolment.errors import CallbackForged
from enrolment.rounds.round_data import round_from_toml
from enrolment.services.payment_messages import (
    CALLBACK_BYTES_MAX,
    Payment,
    read_callback,
    read_reconciliation,
    signed,
    write_reconciliation,
)
from enrolment.services.ports import SignedCallback
from gate.errors import ConfigInvalid, InputDamaged
from tests.adapters.enrolment.making import OFFICES_CSV, ROUND_TOML
from tests.examples import examples

KEY = b"k"
GOOD = Payment("p1", "o1", 10500, datetime(2027, 1, 5, 6, tzinfo=UTC))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)


def resigned(body: bytes) -> SignedCallback:
    from enrolment.services.payment_messages import _signature

    return SignedCallback(body, _signature(body, KEY))


def test_what_is_written_is_read() -> None:
    assert read_callback(signed(GOOD, KEY), KEY) == GOOD
    assert read_reconciliation(write_reconciliation([GOOD, GOOD])) == [GOOD, GOOD]


@examples(200)
@given(
    st.binary(max_size=60)
    | st.fixed_dictionaries(dict.fromkeys(GOOD._fields, VALUES)).map(
        lambda v: json.dumps(v).encode()
    )
)
def test_a_signed_callback_of_any_bytes_is_a_payment_or_damaged(body: bytes) -> None:
    with suppress(InputDamaged):
        assert 0 <= read_callback(resigned(body), KEY).fen < 10**9


@pytest.mark.parametrize("body", [b"[" * CALLBACK_BYTES_MAX, b'{"payment":' * 300])
def test_deep_nesting_is_damaged(body: bytes) -> None:
    with pytest.raises(InputDamaged):
        read_callback(resigned(body), KEY)


@pytest.mark.parametrize("signature", ["", "0" * 64, "é", "\ud800"])
def test_another_signature_is_forged(signature: str) -> None:
    with pytest.raises(CallbackForged):
        read_callback(SignedCallback(signed(GOOD, KEY).body, signature), KEY)


@examples(200)
@given(st.text(max_size=60), st.integers(0, 60))
def test_a_reconciliation_file_of_any_text_is_read_or_damaged(put: str, at: int) -> None:
    good = write_reconciliation([GOOD])
    with suppress(InputDamaged):
        read_reconciliation(good[:at] + put + good[at:])


@pytest.mark.parametrize("text", ["a\rb", '"' + "x" * 200_000 + '"', "\0"])
def test_what_is_no_csv_is_told(text: str) -> None:
    with pytest.raises(InputDamaged):
        read_reconciliation(text)
    with pytest.raises(ConfigInvalid):
        round_from_toml(ROUND_TOML, "ROUND.toml", OFFICES_CSV + text)

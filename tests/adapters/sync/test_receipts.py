"""Which receipts a gate believes."""

from pathlib import Path

import pytest
from nacl.signing import SigningKey

from gate.core.journal_entries import GENESIS
from gate.errors import InputRejected, Refused, SignatureRefused
from gate.ports import Receipt
from gate.store.journal import SqliteJournal
from gate.sync.receipts import accept
from gate.sync.wire import encode_receipt
from tests.journal_making import GATE, OTHER, entry, opened

AT = "2027-04-10T01:00:00.000+00:00"
OFFICE, FOREIGN = SigningKey(b"\x01" * 32), SigningKey(b"\x02" * 32)


async def receipt(journal: SqliteJournal, upto: int, **other: object) -> Receipt:
    head = (await journal.read(upto, 1))[0]["hash"] if upto else GENESIS
    values = {
        "generation": 5,
        "gate": GATE,
        "epoch": journal.head.epoch,
        "high": upto,
        "head": head,
        "missing": (),
        "at": AT,
        "top": upto,
    }
    return Receipt(**(values | other))


async def judged(journal: SqliteJournal, told: Receipt, key: SigningKey = OFFICE) -> Receipt:
    return await accept(
        encode_receipt(told, key),
        gate=GATE,
        office_public=OFFICE.verify_key.encode(),
        journal=journal,
    )


@pytest.fixture
async def journal(tmp_path: Path):
    async with opened(tmp_path) as journal:
        for number in range(9):
            await journal.append(entry(number))
        await journal.keep_receipt(await receipt(journal, 4))
        yield journal


async def test_one_that_says_more_counts(journal: SqliteJournal) -> None:
    for told in (
        await receipt(journal, 5),
        await receipt(journal, 9),
        await receipt(journal, 4),
        await receipt(journal, 4, missing=((5, 6),), top=8),
        await receipt(journal, 2, generation=6),
        await receipt(journal, 0, generation=6),
    ):
        assert await judged(journal, told) == told


@pytest.mark.parametrize(
    ("change", "why", "told"),
    [
        ({"gate": OTHER}, "gate", f"for gate {OTHER}"),
        ({"epoch": "0" * 16}, "epoch", "for the journal 0000"),
        ({"head": "a" * 64}, "fork", "another event 5"),
        ({"generation": 4}, "generation", "of generation 4, 5 is known"),
        ({"high": 10, "top": 10}, "above", "speaks of event 10, the head is 9"),
        ({"missing": ((7, 9),), "top": 12}, "above", "speaks of event 12"),
        ({"high": 0, "generation": 6}, "fork", "another event 0"),
        ({"at": "9999-12-31T23:59:59.000+00:00"}, "time", "dated '9999"),
        ({"at": "1970-01-01T00:00:00.000+00:00"}, "time", "dated '1970"),
        ({"at": "2027-04-10T01:00:00"}, "time", "dated"),
        ({"at": ""}, "time", "dated"),
    ],
)
async def test_a_wrong_one_is_refused(
    journal: SqliteJournal, change: dict[str, object], why: str, told: str
) -> None:
    known = await journal.receipt()
    with pytest.raises(Refused, match=told) as refused:
        await judged(journal, await receipt(journal, 5, **change))
    assert refused.value.why == why
    assert await journal.receipt() == known


async def test_one_that_goes_back_within_a_generation_is_refused(journal: SqliteJournal) -> None:
    with pytest.raises(Refused, match="ends at 3, 4 is receipted") as refused:
        await judged(journal, await receipt(journal, 3))
    assert refused.value.why == "older"


async def test_an_office_may_take_back_what_it_said_above_its_mark(journal: SqliteJournal) -> None:
    await journal.keep_receipt(await receipt(journal, 4, missing=((6, 6),), top=9))
    told = await receipt(journal, 4)
    assert await judged(journal, told) == told


async def test_one_by_another_key_is_refused(journal: SqliteJournal) -> None:
    with pytest.raises(SignatureRefused):
        await judged(journal, await receipt(journal, 5), FOREIGN)


async def test_garbage_is_refused(journal: SqliteJournal) -> None:
    with pytest.raises(InputRejected):
        await accept(b"\x00", gate=GATE, office_public=b"\x00" * 32, journal=journal)

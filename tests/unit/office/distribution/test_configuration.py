"""Desired and reported configuration, from what was commanded and what gates said."""

import json

import pytest

from gate.core.office_commands import CommandAnswer, Result
from office.distribution.configuration import GateConfiguration, configurations, desired
from office.store.database import OfficeStore
from office.store.kept_commands import GateSaid


def command(at: str, **changes: object) -> dict[str, object]:
    return {"issued": f"2027-04-10T08:{at}:00.000+00:00", "args": {"set": changes}}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], {}),
        ([("g", command("10", heartbeat_s=30), None)], {"g": {"heartbeat_s": 30}}),
        ([("g", command("10", heartbeat_s=30), "refused")], {}),
        ([("g", command("10", heartbeat_s=30), "expired")], {}),
        (
            [
                ("g", command("12", heartbeat_s=60), "done"),
                ("g", command("10", heartbeat_s=30, mirror=True), "done"),
            ],
            {"g": {"heartbeat_s": 60, "mirror": True}},
        ),
        ([("g", command("10", other=1), "done"), ("g", {"args": 5}, "done")], {"g": {}}),
    ],
)
def test_the_last_word_on_each_key_counts(
    given: list[tuple[str, dict[str, object], str | None]], expected: dict[str, object]
) -> None:
    assert desired(given) == expected


def test_what_differs_is_named() -> None:
    wanted = GateConfiguration({"heartbeat_s": 30, "mirror": True}, {"heartbeat_s": 30})
    assert wanted.differing == ["mirror"]
    assert GateConfiguration({"mirror": True}).differing == ["mirror"]
    assert GateConfiguration().differing == []


def test_both_come_from_the_database(tmp_path) -> None:
    record = json.dumps(command("10", heartbeat_s=30)).encode()
    said = json.dumps({"reported": {"heartbeat_s": 45}})
    with OfficeStore(tmp_path / "office.sqlite") as store:
        with store.transaction():
            store.commands.keep("c-1", "configure", "2099-01-01", record, ["s-g1", "s-g2"])
            store.commands.keep_word(GateSaid("s-g1", "cfg/rep", "e", "s", "2027", said))
            refused = CommandAnswer("c-1", Result.REFUSED, "No.")
            store.commands.keep_result("s-g2", refused, "2027", b"{}")
        found = configurations(store)
    assert {gate: c.differing for gate, c in found.items()} == {"s-g1": ["heartbeat_s"]}

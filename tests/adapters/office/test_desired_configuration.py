"""What the office wants of a gate stands on its retained topic: a unit with a new card finds it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from nacl.signing import SigningKey

from gate.core.configuration import Configuration
from gate.core.office_commands import Command, CommandAnswer, Result
from gate.errors import InputRejected, SignatureRefused
from gate.roster.keys import read_key
from gate.sync.command_exchange import CommandExchange
from gate.sync.command_wire import encode_command
from gate.sync.configuration_wire import PREFIX, decode_desired, encode_desired
from gate.sync.wire import Topics
from office.distribution.configuration import desired_now
from office.home import Home
from office.receiving.configuration_announcer import LOOK_EVERY_S, ConfigurationAnnouncer
from office.store.database import OfficeStore
from tests.adapters.office.test_commands import exam_office
from tests.adapters.sync.test_asyncapi import parts_of
from tests.journal_making import EXAM, GATE, OTHER, SITE
from tests.mqtt_making import broker_at, made_home, office_at
from tests.scenarios.running import running
from tests.scenarios.test_office_commands import journaled

AT = datetime(2027, 4, 10, 1, tzinfo=UTC)
KEY = SigningKey(b"\x05" * 32)
PUBLIC = KEY.verify_key.encode()
TOPICS = Topics(EXAM, SITE, GATE)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return made_home(tmp_path / "office")


@pytest.mark.system
async def test_a_unit_with_a_new_card_goes_by_it_without_another_command(
    home: Home, tmp_path: Path
) -> None:
    with broker_at(home, tmp_path / "broker") as broker, office_at(home, broker.port):
        first, second = (parts_of(home, broker.port, tmp_path / name) for name in ("1", "2"))
        first.clock.at = second.clock.at = datetime.now(UTC)
        async with running(first) as gate:
            words = (GATE, "configure", "mirror=true", "heartbeat_s=20", "--wait", "20")
            code, said = await exam_office(home, *words)
            assert code == 0, said
            await gate.until(lambda: reported(home).get("mirror") is True)
        async with running(second) as gate:
            await gate.until(lambda: str(word(home).get("command")).startswith(PREFIX))
            assert reported(home) == {"heartbeat_s": 20, "log_level": "info", "mirror": True}
            (began,) = await journaled(second, "command")
        assert (began["verb"], began["command"][:4], began["by"]) == ("configure", PREFIX, "office")


def word(home: Home) -> dict[str, Any]:
    with OfficeStore(home.database) as store:
        said = store.commands.words("cfg/rep").get(GATE)
    return {} if said is None else dict(json.loads(said.payload))


def reported(home: Home) -> dict[str, Any]:
    return dict(word(home).get("reported", {}))


class Uplink:
    """What the exchange needs of the state of an uplink."""

    def __init__(self) -> None:
        self.office_public = PUBLIC
        self.configuration = Configuration()
        self.refused = {"configuration": 0}
        self.came: list[Command] = []
        self.take_command: Callable[[Command], None] = self.came.append


def hear(uplink: Uplink, payload: bytes) -> None:
    exchange = CommandExchange(uplink, TOPICS, "s", lambda *_, **__: 0)  # type: ignore[arg-type]
    exchange.hear_desired(payload)


def test_only_what_is_not_in_force_becomes_a_command_and_the_same_one_each_time() -> None:
    uplink = Uplink()
    payload = encode_desired(GATE, {"heartbeat_s": 45, "mirror": True}, AT, KEY)
    hear(uplink, payload)
    hear(uplink, payload)
    one, again = uplink.came
    assert one == again, "its id tells the journal that it is one"
    assert (one.verb, one.args, one.to) == ("configure", {"set": {"mirror": True}}, GATE)
    assert (one.issued, one.expires) == (AT, AT + timedelta(days=7))
    uplink.configuration = Configuration(mirror=True)
    hear(uplink, payload)
    assert len(uplink.came) == 2


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        (encode_desired(GATE, {"mirror": True}, AT, SigningKey.generate()), SignatureRefused),
        (encode_desired(OTHER, {"mirror": True}, AT, KEY), InputRejected),
        (encode_desired(GATE, {"mirror": "x"}, AT, KEY), InputRejected),
        (encode_desired(GATE, {"shell": "x"}, AT, KEY), InputRejected),
        (encode_desired(GATE, {}, AT, KEY), InputRejected),
        (encode_desired(GATE, {"mirror": True}, AT.replace(year=9999), KEY), InputRejected),
        (
            encode_desired(GATE, {"mirror": True}, AT, KEY).replace(b"true", b"false"),
            SignatureRefused,
        ),
        (b"{}", InputRejected),
        (b"", InputRejected),
    ],
)
def test_anything_else_is_refused_and_counted(payload: bytes, error: type[Exception]) -> None:
    uplink = Uplink()
    with pytest.raises(error):
        hear(uplink, payload)
    assert (uplink.came, uplink.refused) == ([], {"configuration": 1})


def keep(store: OfficeStore, name: str, changes: dict[str, Any], life: timedelta) -> None:
    command = Command(name, "configure", {"set": changes}, GATE, AT, AT + life)
    expires = command.expires.isoformat(timespec="milliseconds")
    with store.transaction():
        store.commands.keep(name, "configure", expires, encode_command(command, KEY), [GATE])


def answer(store: OfficeStore, name: str, result: Result) -> None:
    with store.transaction():
        store.commands.keep_result(GATE, CommandAnswer(name, result, "x"), "t", b"{}")


def test_what_expired_unheard_or_was_refused_is_wanted_no_more() -> None:
    hour = timedelta(hours=1)
    with OfficeStore(Path(":memory:")) as store:
        keep(store, "c-1", {"mirror": True}, hour)
        keep(store, "c-2", {"heartbeat_s": 20}, hour)
        keep(store, "c-3", {"log_level": "debug"}, hour)
        answer(store, "c-1", Result.DONE)
        answer(store, "c-3", Result.REFUSED)
        assert desired_now(store, AT) == {GATE: {"mirror": True, "heartbeat_s": 20}}
        assert desired_now(store, AT + hour) == {GATE: {"mirror": True}}


def test_it_is_said_when_it_changes_each_day_and_on_a_new_connection(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [AT]
    monkeypatch.setattr(
        "office.receiving.wall_clock.now", lambda: now[0].isoformat(timespec="milliseconds")
    )
    signing = SigningKey(read_key(home.office / "office-signing.key", "key"))
    with OfficeStore(home.database) as store:
        announcer = ConfigurationAnnouncer(home, store, signing)
        at_s = iter(range(0, 1000, int(LOOK_EVERY_S)))
        assert announcer.due(next(at_s)) == []
        keep(store, "c-1", {"mirror": True}, timedelta(days=1))
        assert announcer.due(next(at_s)) == [], "it is enrolled for no exam, and was never heard"
        with store.transaction():
            store.database.execute(
                "INSERT INTO mark (gate, epoch, sitting, exam, site, high, head, top, heard) "
                "VALUES (:gate, 'e', :exam, :exam, :site, 0, '', 0, 't')",
                **{"gate": GATE, "exam": EXAM, "site": SITE},
            )
        announcer.forget()
        ((topic, payload),) = announcer.due(next(at_s))
        assert topic == TOPICS.cfg
        said = decode_desired(payload, bytes(signing.verify_key))
        assert (said.gate, said.changes, said.at) == (GATE, {"mirror": True}, AT)
        assert announcer.due(next(at_s)) == []
        answer(store, "c-1", Result.DONE)
        assert announcer.due(next(at_s)) == [], "it is the same"
        now[0] += timedelta(days=1)
        assert len(announcer.due(next(at_s))) == 1
        keep(store, "c-2", {"mirror": False}, timedelta(days=2))
        answer(store, "c-2", Result.DONE)
        ((_, payload),) = announcer.due(next(at_s))
        assert decode_desired(payload, bytes(signing.verify_key)).changes == {"mirror": False}
        home.enrolment(GATE).unlink()
        now[0] += timedelta(days=1)
        assert announcer.due(next(at_s)) == [(TOPICS.cfg, b"")], "a unit that is gone"

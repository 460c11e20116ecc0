"""docs/asyncapi.yaml against a real broker: traffic has its forms, and its permissions hold."""

import asyncio
import hashlib
import json
import queue
import re
import shutil
import subprocess
import tarfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from nacl.signing import SigningKey

from gate.core.office_commands import Command
from gate.roster.keys import read_key
from gate.sync.command_wire import encode_command
from gate.sync.link import Acked, Address, LinkEvent, Message, MqttConnection, Subscribed, Up, Will
from gate.sync.mirror import mirrored
from gate.sync.site_exchange import SiteExchange
from gate.sync.wire import Topics, encode_note
from office.distribution.published import publish
from office.home import Home
from office.keys.certificates import issue_client, load_authority
from office.keys.enrolment import read_enrolment
from office.keys.key_files import make_keys
from office.receiving.guard_enrolments import GUARD_CONTROL, messages
from office.store.database import OfficeStore
from tests.checkout import ROOT
from tests.journal_making import EXAM, GATE, OTHER, SITE
from tests.mqtt_making import broker_at, client_of, heard, office_at, office_link, uplink_of
from tests.roster_making import NOW, Office
from tests.scenarios.fakes import FakeRoster, Rig, rig
from tests.scenarios.running import Running, running
from tests.waiting import soon

pytestmark = pytest.mark.system

AWAY = "wh-wc-02-g1"
PLACE = {"exam": EXAM, "site": SITE, "gate": GATE}
ROLES = {"own": GATE, "site": OTHER, "others": AWAY}


@cache
def asyncapi() -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "docs" / "asyncapi.yaml").read_text(encoding="utf-8")))


def address(channel: str) -> str:
    return str(asyncapi()["channels"][channel]["address"]).format(**PLACE)


def permitted(channel: str, role: str) -> set[str]:
    return set(asyncapi()["channels"][channel]["x-permissions"][role])


def channel_of(topic: str) -> str:
    for name, channel in asyncapi()["channels"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[a-z0-9-]+", channel["address"]), topic):
            return str(name)
    raise AssertionError(f"{topic} stands in no channel")


def check(channel: str, payload: bytes) -> None:
    (message,) = asyncapi()["channels"][channel]["messages"].values()
    name = message["$ref"].removeprefix("#/components/messages/")
    wanted = {**asyncapi(), "$ref": f"#/components/schemas/{name}"}
    jsonschema.Draft202012Validator(wanted).validate(json.loads(payload))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "office")
    since = datetime.now(UTC) - timedelta(days=1)
    make_keys(home, gates=(GATE, OTHER, AWAY), broker=("127.0.0.1",), not_before=since)
    authority = load_authority(home.ca / "ca.crt", home.ca / "ca.key", since)
    issue_client(authority, "spy", home.office / "spy.crt", home.office / "spy.key")
    return home


def test_every_reference_leads_somewhere_and_every_schema_is_one() -> None:
    def walk(node: object) -> Iterator[str]:
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                yield node["$ref"]
            for value in node.values():
                yield from walk(value)
        elif isinstance(node, list):
            for value in node:
                yield from walk(value)

    for reference in walk(asyncapi()):
        found: Any = asyncapi()
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]
    for schema in asyncapi()["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    sent = {o["channel"]["$ref"].rsplit("/", 1)[1] for o in asyncapi()["operations"].values()}
    assert sent == set(asyncapi()["channels"])


SPECS = "@asyncapi/specs@6.11.1"
SCHEMA_SHA256 = "d4571a420e6ffb7fcc7066c95a6db1202f299a3c51daa103d0706bf30f95e626"


@pytest.mark.system
@pytest.mark.skipif(not shutil.which("npm"), reason=f"no npm to fetch {SPECS} with")
def test_the_document_is_asyncapi_3(tmp_path: Path) -> None:
    """By the schema of the specification, which its npm package has."""
    words = ["npm", "pack", "--silent", "--ignore-scripts", SPECS]
    subprocess.run(words, cwd=tmp_path, check=True, timeout=100, capture_output=True)
    (archive,) = tmp_path.glob("*.tgz")
    with tarfile.open(archive) as tar:
        file = tar.extractfile("package/schemas/3.0.0.json")
        schema = b"" if file is None else file.read()
    assert hashlib.sha256(schema).hexdigest() == SCHEMA_SHA256
    lint = jsonschema.Draft7Validator(json.loads(schema))
    assert [
        f"{list(e.absolute_path)} {e.message}"[:300] for e in lint.iter_errors(asyncapi())
    ] == []
    for wrong in ({"asyncapi": "2.6.0"}, {"more": 1}, {"operations": {"o": {"action": "shout"}}}):
        assert not lint.is_valid(asyncapi() | wrong)


@pytest.mark.long
def test_the_parser_of_asyncapi_finds_no_fault(tmp_path: Path) -> None:
    """npm's @asyncapi/parser follows references and knows more rules than the schema."""
    words = ["npm", "install", "--silent", "--ignore-scripts", "@asyncapi/parser@3.6.6"]
    subprocess.run(words, cwd=tmp_path, check=True, timeout=110)
    (tmp_path / "lint.mjs").write_text(LINT, encoding="utf-8")
    page = (ROOT / "docs" / "asyncapi.yaml").read_text(encoding="utf-8")
    for text, faults in ((page, False), (page.replace("action: send", "action: shout", 1), True)):
        (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
        done = subprocess.run(["node", "lint.mjs"], cwd=tmp_path, capture_output=True, check=True)
        assert bool(json.loads(done.stdout)) == faults, done.stdout


LINT = """
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";
const found = await new Parser().validate(readFileSync("a.yaml", "utf8"));
console.log(JSON.stringify(found.filter((f) => f.severity < 2).map((f) => [f.path, f.message])));
"""
"""Errors and warnings."""


@pytest.mark.parametrize("role", ROLES)
def test_the_broker_allows_what_the_table_says_and_nothing_else(
    home: Home, tmp_path: Path, role: str
) -> None:
    channels = list(asyncapi()["channels"])
    news: queue.Queue[LinkEvent] = queue.Queue()
    told: queue.Queue[LinkEvent] = queue.Queue()
    with broker_at(home, tmp_path / "broker") as broker:
        office = office_link(home, broker.port, told)
        heard(told, Up)
        enrolled = [read_enrolment(home.enrolment(gate)) for gate in ROLES.values()]
        for message in messages(enrolled):
            heard(told, Acked, mid=office.publish(GUARD_CONTROL, message))
        gate = client_of(home, ROLES[role], broker.port, news)
        gate.open()
        heard(news, Up)
        for channel in channels:
            code = heard(news, Acked, mid=gate.publish(address(channel), b"{}")).code
            assert (code < 128) == ("write" in permitted(channel, role)), (channel, code)
        heard(news, Subscribed, mid=gate.subscribe(*map(address, channels)))
        for channel in channels:
            heard(told, Acked, mid=office.publish(address(channel), f"to {channel}".encode()))
        heard(told, Acked, mid=office.publish("eg/1/office/state", b"end"))
        came = set()
        while (message := heard(news, Message)).payload != b"end":
            came.add(message.payload.decode().removeprefix("to "))
        assert came - {"{}"} == {c for c in channels if "read" in permitted(c, role)}
        gate.leave()
        office.leave()


@asynccontextmanager
async def spying(home: Home, port: int) -> AsyncIterator[tuple[MqttConnection, list[Message]]]:
    """Hears every topic of a broker without the guard, under a name that may."""
    seen: list[Message] = []
    news: queue.Queue[LinkEvent] = queue.Queue()

    def post(event: LinkEvent) -> None:
        if isinstance(event, Message):
            seen.append(event)
        news.put(event)

    files = home.ca / "ca.crt", home.office / "spy.crt", home.office / "spy.key"
    link = MqttConnection(Address("127.0.0.1", port, *files, name="spy"), post, Will("x", b""))
    link.open()
    await asyncio.to_thread(heard, news, Up)
    await asyncio.to_thread(heard, news, Subscribed, mid=link.subscribe("eg/1/#"))
    yield link, seen
    link.leave()


def parts_of(home: Home, port: int, folder: Path) -> Rig:
    parts = rig(folder)
    signing = SigningKey(read_key(home.gate(GATE) / "gate-signing.key", "key"))
    exchange = SiteExchange(GATE, signing)
    uplink = uplink_of(home, port, parts.journal, exam=None, site_exchange=exchange)
    roster = FakeRoster()
    roster.gates = {g: read_enrolment(home.enrolment(g)).signing for g in (GATE, OTHER)}
    parts.rosters.next = roster
    return replace(parts, unit=replace(parts.unit, uplink=uplink, site_link=exchange))


async def answers(gate: Running, spy: MqttConnection, seen: list[Message], raw: bytes) -> None:
    spy.publish(address("commands"), raw)
    name = json.loads(raw)["id"]
    await gate.until(
        lambda: [m for m in seen if m.topic.endswith("cmd/res") and name in m.payload.decode()]
    )


def keep_desired(home: Home, given: Command, key: SigningKey) -> None:
    """As `exam-office command` keeps it; what it asks for is in force already."""
    again = replace(given, id="c-kept")
    expires = again.expires.isoformat(timespec="milliseconds")
    with OfficeStore(home.database) as store, store.transaction():
        store.commands.keep(again.id, again.verb, expires, encode_command(again, key), [GATE])


async def test_live_traffic_of_a_gate_and_its_office_has_the_forms(
    home: Home, tmp_path: Path
) -> None:
    key = SigningKey(read_key(home.office / "office-signing.key", "key"))
    publish(home, Office(signing=key).written(tmp_path / "built"), key, NOW)
    with broker_at(home, tmp_path / "broker", guarded=False) as broker:
        acl = tmp_path / "broker" / "acl"
        acl.write_text(acl.read_text() + "\nuser spy\ntopic readwrite eg/1/#\n")
        broker.stop()
        broker.start()
        async with spying(home, broker.port) as (spy, seen):
            with office_at(home, broker.port):
                parts = parts_of(home, broker.port, tmp_path)
                async with running(parts) as gate:
                    # Said behind its own subscription: from then on it hears commands.
                    await gate.until(lambda: any(b"ready" in m.payload for m in seen))
                    at = parts.clock.at
                    given = Command("c-1", "configure", {"set": {"mirror": True}}, GATE, at, at)
                    given = replace(given, expires=at + timedelta(hours=1), by="office")
                    await answers(gate, spy, seen, encode_command(given, key))
                    keep_desired(home, given, key)
                    given = replace(given, id="c-2", verb="update", args={})
                    await answers(gate, spy, seen, encode_command(given, key))
                    spy.publish(address("commands"), encode_command(given, SigningKey.generate()))
                    parts.reader.queue.put_nowait(parts.card())
                    assert (await gate.decision())["outcome"] == "ADMIT"
                    parts_seen = {"ev", "hb", "alert", "rcpt", "in", "mirror", "res", "rep", "cfg"}
                    await gate.until(
                        lambda: parts_seen <= {m.topic.rsplit("/", 1)[1] for m in seen}
                    )
        await soon(lambda: sum(m.topic.endswith("state") for m in seen) >= 4)
    came = {channel_of(m.topic) for m in seen}
    assert came == set(asyncapi()["channels"]) - {"guard"}  # whose test is the table's
    for message in seen:
        check(channel_of(message.topic), message.payload)
    states = [json.loads(m.payload) for m in seen if m.topic == address("states")]
    birth, last = states[0], states[-1]
    assert (birth["state"], last["state"]) == ("ready", "closed")
    beat = next(json.loads(m.payload) for m in seen if m.topic == address("heartbeats"))
    for place in ("epoch", "session"):
        assert birth[place] == beat[place] == last[place]
    assert 1 <= birth["seq"] < last["seq"], "how far the journal goes, then and at the end"
    sent = [json.loads(m.payload) for m in seen if m.topic == address("batches")]
    assert last["head"] == max(sent, key=lambda b: b["to"])["head"]


def test_a_message_of_another_form_is_noticed() -> None:
    will = json.loads(encode_note(gate=GATE, session="s", state="lost"))
    check("states", json.dumps(will).encode())
    note = will | {"state": "ready", "epoch": "0" * 16, "seq": 0, "head": "0" * 64}
    check("states", json.dumps(note).encode())
    wrongs = (
        {"state": "odd"},
        {"gate": "G"},
        {"v": 2},
        {"more": 1},
        {"state": "lost"},
        {"seq": -1},
    )
    for wrong in wrongs:
        with pytest.raises(jsonschema.ValidationError):
            check("states", json.dumps(note | wrong).encode())


def test_the_mirror_is_flat_and_names_nobody() -> None:
    event: Any = {
        "kind": "decision",
        "seq": 7,
        "at": "2027-04-10T08:45:00.000+08:00",
        "ticket": "7700001",
        "key": "ab",
        "outcome": "ADMIT",
        "reason": "OK",
        "liveness": {"verdict": "live"},
        "signals": ["green:steady"],
    }
    payload = mirrored(event, Topics(EXAM, SITE, GATE))
    assert payload is not None
    check("mirror", payload)
    assert b"7700001" not in payload
    assert mirrored({**event, "kind": "start"}, Topics(EXAM, SITE, GATE)) is None

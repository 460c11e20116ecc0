"""Rosters over HTTPS: the real server, real certificates, the real installer."""

import asyncio
import contextlib
import http.client
import json
import os
import shutil
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from nacl.public import PrivateKey
from nacl.signing import SigningKey

from gate.core import roster_notice
from gate.core.roster_notice import RosterNotice
from gate.errors import CertificateRefused, InputDamaged, Refused, SignatureRefused, VersionRefused
from gate.roster import fetching
from gate.roster.content_client import ContentClient
from gate.roster.fetching import RosterFetcher
from gate.roster.install import current_manifest
from gate.roster.keys import read_key
from gate.sync.roster_notice_wire import decode_notice, encode_notice
from office.distribution.content_server import ContentServer
from office.distribution.published import announced, manifests_in, publish
from office.home import Home
from office.keys.enrolment import read_enrolment, revoke, write_enrolment
from tests.journal_making import GATE, SITE
from tests.mqtt_making import made_home
from tests.roster_making import NOW, Office, row
from tests.waiting import soon

LARGE = [row(n, name="考生" * 20) for n in range(1, 400)]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return made_home(tmp_path / "office")


@pytest.fixture(autouse=True)
def soon_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "RETRY_S", 0.02)


def signing_of(home: Home) -> SigningKey:
    return SigningKey(read_key(home.office / "office-signing.key", "key"))


def office_of(home: Home) -> Office:
    key = read_key(home.gate(GATE) / "gate-sealing.key", "key")
    return Office(signing=signing_of(home), gate=PrivateKey(key))


def published(home: Home, folder: Path, version: int = 1, **other: object) -> RosterNotice:
    """Built by this office, sealed to `GATE`, and out."""
    path = office_of(home).written(folder, version, **other)  # type: ignore[arg-type]
    return publish(home, path, signing_of(home), NOW, spread_s=0).notice


@contextlib.contextmanager
def server_at(home: Home) -> Iterator[ContentServer]:
    files = home.broker / "server.crt", home.broker / "server.key"
    with ContentServer(home, ("127.0.0.1", 0), *files) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class CuttingLine:
    """A line to `port` that ends each of the first `cuts` connections after `most` bytes."""

    def __init__(self, port: int, cuts: int, most: int) -> None:
        self._port, self._cuts, self._most = port, cuts, most
        self.connections = 0

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        left = self._most if self.connections <= self._cuts else 1 << 40
        there, back = await asyncio.open_connection("127.0.0.1", self._port)

        async def up() -> None:
            while chunk := await reader.read(4096):
                back.write(chunk)

        sending = asyncio.create_task(up())
        while left > 0 and (chunk := await there.read(min(4096, left))):
            writer.write(chunk)
            await writer.drain()
            left -= len(chunk)
        sending.cancel()
        back.close()
        writer.close()


def client_of(home: Home, port: int, gate: str = GATE) -> ContentClient:
    unit = home.gate(gate)
    files = unit / "ca.crt", unit / "gate.crt", unit / "gate.key"
    return ContentClient(f"https://127.0.0.1:{port}", *files)


def fetcher_of(home: Home, port: int, state: Path, gate: str = GATE) -> RosterFetcher:
    office = read_key(home.office / "office.pub", "key")
    return RosterFetcher(
        state,
        client_of(home, port, gate),
        gate=gate,
        site=SITE,
        office=office,
        sealing=read_key(home.gate(gate) / "gate-sealing.key", "key"),
        decode=lambda payload: decode_notice(payload, office),
        now=lambda: NOW,
    )


@contextlib.asynccontextmanager
async def at_work(fetcher: RosterFetcher) -> AsyncIterator[RosterFetcher]:
    task = asyncio.create_task(fetcher.run())
    try:
        yield fetcher
    finally:
        task.cancel()
        await asyncio.wait({task})


def version_at(state: Path) -> int | None:
    path = current_manifest(state)
    return None if path is None else int(json.loads(path.read_bytes())["version"])


async def test_rosters_come_by_themselves_and_late_changes_too(home: Home, tmp_path: Path) -> None:
    first, unit = published(home, tmp_path / "built"), tmp_path / "unit"
    with server_at(home) as server:
        async with at_work(fetcher_of(home, server.port, unit)) as fetcher:
            await soon(lambda: version_at(unit) == 1)  # a poll, without a word by MQTT
            published(home, tmp_path / "built", 2)
            (second,) = announced(home)
            fetcher.hear(second.payload)
            await soon(lambda: version_at(unit) == 2 and fetcher.fault is None)
            await soon(lambda: not (unit / "roster" / "incoming").exists())
    assert not (home.published / "content" / first.manifest).exists()


async def test_what_was_cut_off_goes_on_where_it_stopped(home: Home, tmp_path: Path) -> None:
    """Five connections end early; none could carry the file alone, and together they do."""
    published(home, tmp_path / "built", rows=LARGE)
    (file,) = (tmp_path / "built").glob("*.roster")
    target, size = tmp_path / "got" / "r", file.stat().st_size
    sha256 = json.loads(next((tmp_path / "built").glob("*.json")).read_bytes())["sha256"]
    with server_at(home) as server:
        line = CuttingLine(server.port, 5, size // 4)
        listening = await asyncio.start_server(line.carry, "127.0.0.1", 0)
        client = client_of(home, listening.sockets[0].getsockname()[1])
        parts = []
        while not target.exists():
            with contextlib.suppress(ConnectionError):
                await asyncio.to_thread(client.fetch, sha256, size, target)
            part = target.with_name("r.part")
            parts.append(part.stat().st_size if part.exists() else size)
        listening.close()
    assert parts == sorted(parts)
    assert 0 < parts[0] < parts[-2] < size
    assert target.read_bytes() == file.read_bytes()


async def test_an_altered_content_is_told_and_fetched_anew(home: Home, tmp_path: Path) -> None:
    notice, unit = published(home, tmp_path / "built", rows=LARGE), tmp_path / "unit"
    content = next(p for p in (home.published / "content").iterdir() if p.name != notice.manifest)
    good = content.read_bytes()
    content.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    with server_at(home) as server:
        async with at_work(fetcher_of(home, server.port, unit)) as fetcher:
            await soon(lambda: "altered" in (fetcher.fault or ""))
            assert version_at(unit) is None
            content.write_bytes(good)
            await soon(lambda: version_at(unit) == 1 and fetcher.fault is None)


async def test_an_older_version_and_another_site_are_refused_and_told(
    home: Home, tmp_path: Path
) -> None:
    now, unit = published(home, tmp_path / "built", 5), tmp_path / "unit"
    with server_at(home) as server:
        async with at_work(fetcher_of(home, server.port, unit)) as fetcher:
            await soon(lambda: version_at(unit) == 5)
        for notice, word in (
            (replace(now, version=4, manifest="a" * 64), "older"),
            (replace(now, site="wh-wc-02"), "another site"),
            (replace(now, manifest="b" * 64), "another roster"),
        ):
            fetcher = fetcher_of(home, server.port, unit)
            fetcher.hear(encode_notice(notice, NOW.isoformat(), signing_of(home)))
            shutil.rmtree(home.published)  # nothing but what was heard
            home.published.mkdir()
            async with at_work(fetcher):
                await soon(lambda it=fetcher, w=word: w in (it.fault or ""))
            assert version_at(unit) == 5


def test_a_notice_of_another_office_is_refused(home: Home, tmp_path: Path) -> None:
    notice = published(home, tmp_path / "built")
    fetcher = fetcher_of(home, 1, tmp_path / "unit")
    with pytest.raises(SignatureRefused):
        fetcher.hear(encode_notice(notice, NOW.isoformat(), SigningKey.generate()))


async def test_a_manifest_that_is_not_the_noticed_one_is_refused(
    home: Home, tmp_path: Path
) -> None:
    notice, unit = published(home, tmp_path / "built", 2), tmp_path / "unit"
    lying = replace(notice, version=3)
    shutil.copy(home.published / "content" / notice.manifest, tmp_path / "kept")
    with server_at(home) as server:
        (home.published / f"{notice.exam}_{SITE}.notice").unlink()
        fetcher = fetcher_of(home, server.port, unit)
        fetcher.hear(encode_notice(lying, NOW.isoformat(), signing_of(home)))
        async with at_work(fetcher):
            await soon(lambda: "names the manifest of" in (fetcher.fault or ""))
    assert version_at(unit) is None


async def test_a_full_disk_waits_and_takes_nothing_of_the_journals_room(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    published(home, tmp_path / "built")
    unit = tmp_path / "unit"
    reserve = roster_notice.RESERVE_BYTES
    monkeypatch.setattr(roster_notice, "RESERVE_BYTES", 1 << 60)
    with server_at(home) as server:
        async with at_work(fetcher_of(home, server.port, unit)) as fetcher:
            await soon(lambda: "The disk lacks" in (fetcher.fault or ""))
            assert not list((unit / "roster" / "incoming").iterdir())
            monkeypatch.setattr(roster_notice, "RESERVE_BYTES", reserve)
            await soon(lambda: version_at(unit) == 1)


async def test_a_server_that_is_away_is_tried_again(home: Home, tmp_path: Path) -> None:
    published(home, tmp_path / "built")
    unit = tmp_path / "unit"
    with socket.socket() as taken:  # bound, and nobody listens
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        fetcher = fetcher_of(home, port, unit)
        async with at_work(fetcher):
            await soon(lambda: "cannot be read" in (fetcher.fault or ""))
            assert version_at(unit) is None


def test_a_gate_sees_its_own_site_alone(home: Home, tmp_path: Path) -> None:
    mine = published(home, tmp_path / "built")
    theirs = published(home, tmp_path / "theirs", site="wh-wc-02")
    with server_at(home) as server:
        client = client_of(home, server.port)
        listed = json.loads(client.index(SITE))["rosters"]
        assert [row["manifest"] for row in listed] == [mine.manifest]
        assert client.content(mine.manifest, mine.bytes)
        with pytest.raises(Refused):
            client.index("wh-wc-02")
        with pytest.raises(Refused):
            client.content(theirs.manifest, theirs.bytes)
        enrolled = read_enrolment(home.enrolment(GATE))
        write_enrolment(home, replace(enrolled, site="wh-wc-02"))
        assert client.content(theirs.manifest, theirs.bytes)
        revoke(home, GATE, "stolen")
        with pytest.raises(Refused):
            client.index("wh-wc-02")


def test_nobody_without_a_certificate_of_the_office_is_heard(home: Home, tmp_path: Path) -> None:
    notice = published(home, tmp_path / "built")
    stranger = made_home(tmp_path / "stranger")
    with server_at(home) as server:
        unit, theirs = home.gate(GATE), stranger.gate(GATE)
        client = ContentClient(
            f"https://127.0.0.1:{server.port}",
            unit / "ca.crt",
            theirs / "gate.crt",
            theirs / "gate.key",
        )
        with pytest.raises((CertificateRefused, ConnectionError)):
            client.content(notice.manifest, notice.bytes)
        bare = ssl.create_default_context(cafile=str(unit / "ca.crt"))
        connection = http.client.HTTPSConnection("127.0.0.1", server.port, context=bare)
        with contextlib.suppress(OSError):  # with TLS 1.3 the server's alert may come later
            connection.request("GET", f"/1/rosters/{SITE}")
        with pytest.raises((OSError, http.client.HTTPException)):
            connection.getresponse()
        connection.close()
        wrong = ContentClient(
            f"https://127.0.0.1:{server.port}",
            theirs / "ca.crt",
            unit / "gate.crt",
            unit / "gate.key",
        )
        with pytest.raises(CertificateRefused):
            wrong.content(notice.manifest, notice.bytes)


@pytest.mark.parametrize(
    "request_line",
    [
        b"GET /1/content/../../ca/ca.key HTTP/1.1",
        b"GET /1/content/" + b"a" * 64 + b" HTTP/1.1",
        b"GET /../office/office-signing.key HTTP/1.1",
        b"GET /1/rosters/ HTTP/1.1",
        b"GET /1/rosters/wh-wc-02 HTTP/1.1",
        b"POST /1/rosters/wh-hs-01 HTTP/1.1",
        b"\x00\xff\xfe",
        b"GET " + b"/" * 70_000 + b" HTTP/1.1",
    ],
)
def test_whatever_a_gate_asks_it_gets_nothing_else(home: Home, request_line: bytes) -> None:
    unit = home.gate(GATE)
    context = ssl.create_default_context(cafile=str(unit / "ca.crt"))
    context.load_cert_chain(unit / "gate.crt", unit / "gate.key")
    with server_at(home) as server:
        plain = socket.create_connection(("127.0.0.1", server.port), 10)
        with context.wrap_socket(plain, server_hostname="127.0.0.1") as secure:
            secure.sendall(request_line + b"\r\nHost: x\r\nConnection: close\r\n\r\n")
            answer = b""
            with contextlib.suppress(OSError):
                while chunk := secure.recv(4096):
                    answer += chunk
        assert b" 200 " not in answer.split(b"\r\n")[0]
        assert b"PRIVATE" not in answer
        assert client_of(home, server.port).index(SITE) == b'{"rosters": []}'


@pytest.mark.parametrize(
    ("asked", "status", "length"),
    [
        ("bytes=0-", 206, None),
        ("bytes=10-19", 206, 10),
        ("bytes=999999999-", 416, 0),
        ("bytes=-5", 200, None),
        ("nonsense", 200, None),
    ],
)
def test_ranges(home: Home, tmp_path: Path, asked: str, status: int, length: int | None) -> None:
    notice, unit = published(home, tmp_path / "built"), home.gate(GATE)
    context = ssl.create_default_context(cafile=str(unit / "ca.crt"))
    context.load_cert_chain(unit / "gate.crt", unit / "gate.key")
    with server_at(home) as server:
        connection = http.client.HTTPSConnection("127.0.0.1", server.port, context=context)
        path = f"/1/content/{notice.manifest}"
        connection.request("GET", path, headers={"Range": asked})
        answer = connection.getresponse()
        assert answer.status == status
        assert len(answer.read()) == (notice.bytes if length is None else length)
        connection.close()


def test_publishing_goes_forward_only(home: Home, tmp_path: Path) -> None:
    key = signing_of(home)
    second = office_of(home).written(tmp_path / "built", 2)
    first = office_of(home).written(tmp_path / "built", 1)
    assert manifests_in(tmp_path / "built") == [second]
    out = publish(home, second, key, NOW)
    assert out.notice.spread_s == 3600
    assert publish(home, second, key, NOW) == out
    with pytest.raises(VersionRefused):
        publish(home, first, key, NOW)
    third = office_of(home).written(tmp_path / "built", 3)
    assert publish(home, third, key, NOW).notice.spread_s == 60
    os.truncate(tmp_path / "built" / third.name.replace(".manifest.json", ".roster"), 100)
    with pytest.raises(InputDamaged):
        publish(home, third, key, NOW)
    with pytest.raises(SignatureRefused):
        publish(home, Office().written(tmp_path / "strange", 9), key, NOW)
    with pytest.raises(InputDamaged):
        manifests_in(tmp_path)

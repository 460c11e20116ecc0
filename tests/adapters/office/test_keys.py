"""Keys and certificates: made once, never replaced, and good for a real TLS handshake."""

import contextlib
import os
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from gate.config.settings import load
from gate.errors import InputDamaged, UsageError
from gate.roster.keys import read_key, write_key
from office.commands.broker_config import broker_config
from office.home import Home
from office.keys.certificates import names_of
from office.keys.enrolment import enrolments
from office.keys.key_files import Made, make_keys
from office.receiving.broker_guard import GuardNotBuilt

GATE = "wh-hs-01-g1"


@pytest.fixture(autouse=True)
def _unsynced(monkeypatch: pytest.MonkeyPatch) -> None:
    """No power is cut here, and real syncs would be most of the time."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


def made(root: Path, *gates: str, **options: object) -> Made:
    since = datetime.now(UTC) - timedelta(days=700)
    return make_keys(Home(root), gates=gates, **{"not_before": since, **options})


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    root = tmp_path_factory.mktemp("office")
    made(root, GATE)
    return Home(root)


def contents(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def test_everything_of_the_layout_is_made(home: Home) -> None:
    assert set(contents(home.root)) == {
        "ca/ca.crt",
        "ca/ca.key",
        "broker/server.crt",
        "broker/server.key",
        "broker/ca.crt",
        "broker/ca.crl",
        "office/office.crt",
        "office/office.key",
        "office/office-signing.key",
        "office/office.pub",
        "examiner/examiner.key",
        "examiner/examiner.pub",
        "gates/wh-hs-01-g1.json",
        *(
            f"gates/wh-hs-01-g1/{name}"
            for name in (
                "ca.crt",
                "gate.crt",
                "gate.key",
                "gate-signing.key",
                "gate-sealing.key",
                "office.pub",
                "examiner.pub",
                "gate.toml",
                "gate-enrolled.json",
            )
        ),
    }


def test_private_files_are_private(home: Home) -> None:
    loose = [p for p in home.root.rglob("*.key") if p.stat().st_mode & 0o077]
    assert loose == []


def test_second_run_changes_nothing(home: Home) -> None:
    before = contents(home.root)
    assert made(home.root, GATE).files == []
    assert contents(home.root) == before


def test_what_is_missing_is_made_and_nothing_else(tmp_path: Path) -> None:
    made(tmp_path, GATE)
    before = contents(tmp_path)
    (tmp_path / "office/office.pub").unlink()
    (tmp_path / f"gates/{GATE}.json").unlink()
    files = made(tmp_path, GATE, "wh-hs-01-g2").files
    assert contents(tmp_path).items() >= before.items()  # derived from the private halves
    assert {p.parent.name for p in files} == {"office", "gates", "wh-hs-01-g2"}


def test_handed_over_keys_are_not_made_again(tmp_path: Path) -> None:
    made(tmp_path, GATE)
    (tmp_path / "examiner/examiner.key").unlink()
    for key in (tmp_path / f"gates/{GATE}").glob("*.key"):
        key.unlink()
    (tmp_path / "ca/ca.key").unlink()
    assert made(tmp_path, GATE).files == []
    with pytest.raises(InputDamaged, match=r"ca\.key is missing"):
        made(tmp_path, "wh-hs-01-g2")


def handshake(server: ssl.SSLContext, client: ssl.SSLContext, host: str) -> dict:
    """Both ends in memory; what the server learned of the client."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(to_client, to_server, server_hostname=host),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    waiting = list(ends)
    for _ in range(10):
        for end in list(waiting):
            try:
                end.do_handshake()
                waiting.remove(end)
            except ssl.SSLWantReadError:
                pass
    assert waiting == []
    with contextlib.suppress(ssl.SSLWantReadError):
        ends[0].read(1)  # TLS 1.3: the client learns of a refusal only here
    return ends[1].getpeercert()


def contexts(home: Home, name: str, folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(home.broker / "server.crt", home.broker / "server.key")
    server.load_verify_locations(home.broker / "ca.crt")
    server.verify_mode = ssl.CERT_REQUIRED
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.load_cert_chain(folder / f"{name}.crt", folder / f"{name}.key")
    client.load_verify_locations(home.ca / "ca.crt")
    for context in (server, client):
        context.verify_flags |= ssl.VERIFY_X509_STRICT
    return server, client


@pytest.mark.parametrize("host", ["broker.local", "localhost", "127.0.0.1"])
def test_gate_and_broker_shake_hands(home: Home, host: str) -> None:
    learned = handshake(*contexts(home, "gate", home.gate(GATE)), host)
    assert learned["subject"] == ((("commonName", GATE),),)


def test_office_shakes_hands(home: Home) -> None:
    learned = handshake(*contexts(home, "office", home.office), "localhost")
    assert learned["subject"] == ((("commonName", "office"),),)


def test_wrong_host_and_stranger_are_refused(home: Home, tmp_path: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        handshake(*contexts(home, "gate", home.gate(GATE)), "elsewhere.local")
    made(tmp_path, GATE)
    server, _ = contexts(home, "gate", home.gate(GATE))
    _, stranger = contexts(Home(tmp_path), "gate", Home(tmp_path).gate(GATE))
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(server, stranger, "localhost")


def test_a_gates_certificate_cannot_be_the_broker(home: Home) -> None:
    _, client = contexts(home, "gate", home.gate(GATE))
    impostor = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    impostor.load_cert_chain(home.gate(GATE) / "gate.crt", home.gate(GATE) / "gate.key")
    with pytest.raises(ssl.SSLCertVerificationError, match="purpose"):
        handshake(impostor, client, GATE)


def test_enrolment_and_unit_belong_together(home: Home) -> None:
    enrolled = enrolments(home)[GATE]
    settings = load(home.gate(GATE) / "gate.toml")
    assert (settings.unit.id, settings.unit.site) == (enrolled.gate, enrolled.site)
    seed = read_key(settings.keys.signing, "signing")
    assert bytes(SigningKey(seed).verify_key) == enrolled.signing
    assert read_key(settings.keys.office, "office") == read_key(
        home.office / "office.pub", "office"
    )
    assert settings.mqtt.host == "broker.local"
    assert settings.mqtt.certificate.exists()


def test_broker_names(tmp_path: Path) -> None:
    made(tmp_path, broker=["mq.example.org", "192.168.1.10", "fe80::1"])
    held = names_of(Home(tmp_path).broker / "server.crt")
    assert held == ["mq.example.org", "192.168.1.10", "fe80::1"]
    made(tmp_path, GATE)
    assert load(Home(tmp_path).gate(GATE) / "gate.toml").mqtt.host == "mq.example.org"
    again = made(tmp_path, broker=["mq.example.org", "other.example.org"])
    assert again.lacking == ["other.example.org"]
    assert names_of(Home(tmp_path).broker / "server.crt") == held


@pytest.mark.parametrize(
    ("gate", "site"), [("office", None), ("g1", None), ("WH-g1", None), ("wh-02-g1", "wh-01")]
)
def test_gate_ids_that_do_not_fit(tmp_path: Path, gate: str, site: str | None) -> None:
    with pytest.raises(UsageError):
        made(tmp_path, gate, site=site)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["", "a b", "主机", "host:8883/", "-x"])
def test_broker_names_that_do_not_fit(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="--broker"):
        made(tmp_path, broker=[name])


@pytest.mark.parametrize("text", ["", "AAAA\n", "not base64!\n", "\xff"])
def test_damaged_key_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "k").write_text(text, encoding="latin-1")
    with pytest.raises(InputDamaged, match="damaged") as raised:
        read_key(tmp_path / "k", "a key")
    assert raised.value.exit_code == 4
    with pytest.raises(InputDamaged, match="exam-office keys"):
        read_key(tmp_path / "none", "a key")


def test_key_file_round_trip(tmp_path: Path) -> None:
    write_key(tmp_path / "k", bytes(range(32)), private=True)
    assert read_key(tmp_path / "k", "a key") == bytes(range(32))
    assert (tmp_path / "k").stat().st_mode & 0o777 == 0o600
    with pytest.raises(ValueError, match="32 bytes"):
        write_key(tmp_path / "k", b"short", private=True)


def test_a_unit_is_told_the_broker_that_was_named(tmp_path: Path) -> None:
    """Also where the broker's certificate stands and lacks the name, which is said."""
    made(tmp_path)
    lacking = made(tmp_path, GATE, broker=["broker.example.org"]).lacking
    assert lacking == ["broker.example.org"]
    assert load(Home(tmp_path).gate(GATE) / "gate.toml").mqtt.host == "broker.example.org"


@pytest.mark.parametrize(
    ("named", "host", "port"),
    [
        ("broker.example.org:18883", "broker.example.org", 18883),
        ("192.168.1.10:1", "192.168.1.10", 1),
        ("[fe80::1]:8884", "fe80::1", 8884),
        ("fe80::1", "fe80::1", 8883),
        ("broker.local", "broker.local", 8883),
    ],
)
def test_a_unit_is_told_the_port_that_was_named(
    tmp_path: Path, named: str, host: str, port: int
) -> None:
    """And so is one that is enrolled later."""
    made(tmp_path, GATE, broker=[named])
    made(tmp_path, "wh-hs-01-g2")
    for gate in (GATE, "wh-hs-01-g2"):
        mqtt = load(Home(tmp_path).gate(gate) / "gate.toml").mqtt
        assert (mqtt.host, mqtt.port) == (host, port)
    assert names_of(Home(tmp_path).broker / "server.crt") == [host]


@pytest.mark.parametrize("named", ["host:0", "host:65536", "[fe80::1]:x", "host:", ":8883"])
def test_ports_that_are_none(tmp_path: Path, named: str) -> None:
    with pytest.raises(UsageError, match="--broker"):
        made(tmp_path, broker=[named])


def test_the_brokers_own_port_is_remembered_and_other_gate_tomls_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made(tmp_path / "home", GATE)
    broker_config(out=tmp_path / "broker", home=tmp_path / "home", listen="127.0.0.1:18883")
    said = capsys.readouterr().out
    assert said.startswith(("/usr/sbin/mosquitto -c", "mosquitto -c"))
    assert f"gate.toml of {GATE} names another port: set port = 18883" in said
    made(tmp_path / "home", "wh-hs-01-g2")
    assert load(tmp_path / "home/gates/wh-hs-01-g2/gate.toml").mqtt.port == 18883


def test_a_machine_without_a_compiler_is_told_and_may_do_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(tmp_path / "home", GATE)
    monkeypatch.setenv("PATH", str(tmp_path))
    where = {"out": tmp_path / "broker", "home": tmp_path / "home", "listen": "127.0.0.1:18883"}
    with pytest.raises(GuardNotBuilt, match="--without-guard") as told:
        broker_config(**where)
    assert told.value.exit_code == 1
    assert not (tmp_path / "broker" / "mosquitto.conf").exists()
    broker_config(**where, without_guard=True)
    conf = (tmp_path / "broker" / "conf.d" / "exam-gate.conf").read_text(encoding="utf-8")
    assert "\nplugin " not in conf

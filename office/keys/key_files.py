"""Making the keys and certificates that are missing, and never touching those that are there.

A private key may be gone while its public half is there. It then counts as handed over (to the unit
or to the chief examiner), not as missing.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from nacl.public import PrivateKey
from nacl.signing import SigningKey

from gate.errors import UsageError
from gate.platform.durable_files import write_file
from gate.platform.regular_file import read_regular
from gate.roster.keys import read_key, write_key
from gate.sync.enrolled_key import encode_enrolled
from office.home import Home
from office.keys.broker_address import known_port, parse_broker_address, remember_port
from office.keys.certificates import (
    Authority,
    issue_client,
    issue_server,
    load_authority,
    make_authority,
    names_of,
    write_revocations,
)
from office.keys.enrolment import Enrolment, read_enrolment, write_enrolment

_BYTES_MAX = 1 << 20

BROKER_NAMES = ("broker.local", "localhost", "127.0.0.1")
_ID = re.compile(r"[a-z0-9-]{1,64}")
_Pair = tuple[bytes, bytes]
"""A private key and its public half."""

_GATE_TOML = """\
# Unit {gate}. Every key and its default: docs/operations.md. Paths are relative to this file.
[unit]
id = "{gate}"
site = "{site}"
[mqtt]
host = "{host}"
port = {port}
ca = "ca.crt"
certificate = "gate.crt"
key = "gate.key"
[keys]
signing = "gate-signing.key"
sealing = "gate-sealing.key"
office = "office.pub"
examiner = "examiner.pub"
[reader]
port = "/dev/exam-gate-reader"
[camera]
kind = "picamera2"
[signals]
barrier_rest = "released"
"""


@dataclass(slots=True)
class Made:
    """What a run has made.

    `files`: what was made, in order. `lacking`: names that the broker's certificate, being there
    already, does not carry.
    """

    files: list[Path] = field(default_factory=list)
    lacking: list[str] = field(default_factory=list)


def make_keys(
    home: Home,
    *,
    gates: Sequence[str] = (),
    site: str | None = None,
    broker: Sequence[str] = (),
    board: Sequence[str] = (),
    not_before: datetime,
) -> Made:
    """Make everything that `home` lacks, and the folders of `gates`. `site` defaults to each
    gate's id up to its last hyphen; `broker`: HOST or HOST:PORT. `board`: names
    and addresses of the board. `not_before`: of new certificates.

    UsageError (a gate's id), InputDamaged (what is there cannot be read).
    """
    enrolled = [(gate, _site_of(gate, site)) for gate in gates]
    addresses = [parse_broker_address(text) for text in broker]
    home.root.mkdir(parents=True, exist_ok=True, mode=0o700)
    making = _Making(home, not_before)
    making.office()
    making.broker([address.host for address in addresses])
    if board:
        making.board(list(board))
    named = [address.port for address in addresses if address.port is not None]
    if named:
        remember_port(home, named[0])
    for gate, at in enrolled:
        host = addresses[0].host if addresses else names_of(home.broker / "server.crt")[0]
        making.gate(gate, at, host)
    return making.made


def _site_of(gate: str, site: str | None) -> str:
    named = site if site is not None else gate.rpartition("-")[0]
    if not named or not _ID.fullmatch(gate) or not gate.startswith(f"{named}-") or gate == "office":
        raise UsageError(
            f"Gate id {gate!r} does not fit: use a-z, 0-9 and -, beginning with the site id, such "
            f"as {named or 'wh-hs-01'}-g1.",
            f"闸机编号 {gate!r} 不合规：须以考点编号开头，如 {named or 'wh-hs-01'}-g1。",
            gate=gate,
        )
    return named


class _Making:
    """One run: remembers what it made, loads the authority only when it has to sign."""

    def __init__(self, home: Home, not_before: datetime) -> None:
        self.home = home
        self.made = Made()
        self._not_before = not_before
        self._authority: Authority | None = None

    def office(self) -> None:
        home = self.home
        self._certificate(
            home.ca / "ca.crt", lambda path, key: make_authority(path, key, self._not_before)
        )
        self._certificate(
            home.office / "office.crt",
            lambda path, key: issue_client(self.authority(), "office", path, key),
        )
        self._pair(home.office / "office-signing.key", home.office / "office.pub", _ed25519)
        self._pair(home.examiner / "examiner.key", home.examiner / "examiner.pub", _x25519)

    def broker(self, names: list[str]) -> None:
        certificate = self.home.broker / "server.crt"
        if certificate.exists():
            held = names_of(certificate)
            self.made.lacking = [name for name in names if name not in held]
        wanted = names or list(BROKER_NAMES)
        self._certificate(
            certificate, lambda path, key: issue_server(self.authority(), wanted, path, key)
        )
        self._copy(self.home.ca / "ca.crt", self.home.broker / "ca.crt")
        if (self.home.ca / "ca.key").exists():  # else it is kept elsewhere, and was never asked for
            self._make(
                self.home.revocations, lambda path: write_revocations(self.authority(), (), path)
            )

    def board(self, names: list[str]) -> None:
        certificate = self.home.board / "board.crt"
        self._certificate(
            certificate, lambda path, key: issue_server(self.authority(), names, path, key)
        )

    def gate(self, gate: str, site: str, host: str) -> None:
        folder = self.home.gate(gate)
        self._certificate(
            folder / "gate.crt", lambda path, key: issue_client(self.authority(), gate, path, key)
        )
        self._make(self.home.enrolment(gate), lambda _: self._enrol(gate, site, folder))
        if (self.home.office / "office-signing.key").exists():  # else it is kept elsewhere
            self._make(folder / "gate-enrolled.json", lambda path: self._vouch(gate, site, path))
        self._copy(self.home.ca / "ca.crt", folder / "ca.crt")
        self._copy(self.home.office / "office.pub", folder / "office.pub")
        self._copy(self.home.examiner / "examiner.pub", folder / "examiner.pub")
        text = _GATE_TOML.format(gate=gate, site=site, host=host, port=known_port(self.home))
        self._make(folder / "gate.toml", lambda path: write_file(path, text.encode(), 0o644))

    def _enrol(self, gate: str, site: str, folder: Path) -> None:
        signing = self._private(folder / "gate-signing.key", _ed25519)
        sealing = self._private(folder / "gate-sealing.key", _x25519)
        write_enrolment(self.home, Enrolment(gate, site, signing, sealing))

    def _vouch(self, gate: str, site: str, path: Path) -> None:
        """The office's word for the gate's key: public, and travels with what the gate exports."""
        office = SigningKey(read_key(self.home.office / "office-signing.key", "the signing key"))
        signing = read_enrolment(self.home.enrolment(gate)).signing
        at = datetime.now(UTC).isoformat(timespec="seconds")
        write_file(path, encode_enrolled(gate, site, signing, at=at, office=office) + b"\n", 0o644)

    def authority(self) -> Authority:
        if self._authority is None:
            ca = self.home.ca
            self._authority = load_authority(ca / "ca.crt", ca / "ca.key", self._not_before)
        return self._authority

    def _pair(self, private: Path, public: Path, kind: Callable[[bytes | None], _Pair]) -> None:
        self._make(
            public, lambda path: write_key(path, self._private(private, kind), private=False)
        )

    def _private(self, path: Path, kind: Callable[[bytes | None], _Pair]) -> bytes:
        """The public half of the key in `path`, which is made where it is missing."""
        if path.exists():
            return kind(read_key(path, "a private key"))[1]
        raw, public = kind(None)
        self._make(path, lambda to: write_key(to, raw, private=True))
        return public

    def _copy(self, source: Path, target: Path) -> None:
        self._make(target, lambda path: write_file(path, read_regular(source, _BYTES_MAX), 0o644))

    def _certificate(self, path: Path, how: Callable[[Path, Path], None]) -> None:
        """With its key beside it, which is made where it is missing too."""
        key = path.with_suffix(".key")
        new = [] if key.exists() else [key]
        if not path.exists():
            how(path, key)
            self.made.files += [*new, path]

    def _make(self, path: Path, how: Callable[[Path], object]) -> None:
        if not path.exists():
            how(path)
            self.made.files.append(path)


def _ed25519(raw: bytes | None) -> _Pair:
    key = SigningKey.generate() if raw is None else SigningKey(raw)
    return bytes(key), bytes(key.verify_key)


def _x25519(raw: bytes | None) -> _Pair:
    key = PrivateKey.generate() if raw is None else PrivateKey(raw)
    return bytes(key), bytes(key.public_key)

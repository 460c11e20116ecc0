"""Where the office keeps its keys, its enrolled gates and its database.

    ca/ca.crt ca.key                       the certificate authority
    broker/server.crt server.key ca.crt    what mosquitto needs
    broker/ca.crl                          certificates of units that were struck off
    broker/port                            the port of its listener, where it is not 8883
    office/office.crt office.key           MQTT client certificate, CN `office`
    office/office-signing.key office.pub   Ed25519: rosters and receipts
    office/index-<exam>.key                HMAC key of one exam's ID numbers
    office/rooms-<exam>.json               rooms by paper, as the last build saw them
    office/expected-<exam>.json            candidates by paper, site and room of the last build
    office/board-users.json                who may sign in at the board, with argon2id hashes
    office/board-audit.jsonl               what people did at the board
    office/board.token                     opens /metrics, /api and /wall of the board
    office/wall.token                      opens /wall of the board in a browser elsewhere
    board/board.crt board.key              the board's HTTPS certificate, of the office's authority
    office/rosters.json                    highest version built of each exam and site
    office/manifests/                      every signed manifest: the exam as each version has it
    office/destructions/                   signed certificates of what was destroyed of an exam
    office/destroying.json                 a destruction that was begun and not ended
    examiner/examiner.key examiner.pub     X25519: evidence pictures
    gates/<id>.json                        enrolment: gate, site, public keys
    gates/<id>/                            handed to the unit: ca.crt gate.crt gate.key
                                           gate-signing.key gate-sealing.key office.pub examiner.pub
                                           gate-enrolled.json: the office's word for its signing key
    published/                             rosters that gates fetch: notices, contents by SHA-256
    office.sqlite                          what was received, unless --database names another
    office/database.json                   that there is one, and its highest generation
    receive.lock office.sqlite.writing     held by who receives, by who writes

Key files hold raw 32 bytes in base64, one line, mode 0600 where they are private.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from gate.platform.user_paths import place_of_user


def default_home() -> Path:
    """`EXAM_OFFICE_HOME`, else exam-office under `XDG_DATA_HOME` (~/.local/share). UsageError."""
    if os.environ.get("EXAM_OFFICE_HOME"):
        return place_of_user("EXAM_OFFICE_HOME", "", "--home")
    return place_of_user("XDG_DATA_HOME", "~/.local/share", "--home") / "exam-office"


@dataclass(frozen=True, slots=True)
class Home:
    """The folders above, by name. Creates nothing."""

    root: Path

    @property
    def ca(self) -> Path:
        """The folder of the certificate authority."""
        return self.root / "ca"

    @property
    def broker(self) -> Path:
        """The folder of the broker's files."""
        return self.root / "broker"

    @property
    def revocations(self) -> Path:
        """The list of certificates that were struck off."""
        return self.broker / "ca.crl"

    @property
    def broker_port(self) -> Path:
        """The file with the port of the broker's listener."""
        return self.broker / "port"

    @property
    def office(self) -> Path:
        """The folder of the office's own keys."""
        return self.root / "office"

    @property
    def examiner(self) -> Path:
        """The folder of the chief examiner's keys."""
        return self.root / "examiner"

    @property
    def gates(self) -> Path:
        """The folder of the enrolments."""
        return self.root / "gates"

    @property
    def database(self) -> Path:
        """The SQLite file of what was received, where no other database is named."""
        return self.root / "office.sqlite"

    @property
    def record(self) -> Path:
        """What outlives the database."""
        return self.office / "database.json"

    @property
    def published(self) -> Path:
        """The folder of the rosters that gates fetch."""
        return self.root / "published"

    def rooms(self, exam: str) -> Path:
        """The file of the rooms of `exam`, by paper."""
        return self.office / f"rooms-{exam}.json"

    def expected(self, exam: str) -> Path:
        """The file of how many candidates `exam` has, by paper and site."""
        return self.office / f"expected-{exam}.json"

    @property
    def board(self) -> Path:
        """The folder of the board's certificate."""
        return self.root / "board"

    @property
    def board_accounts(self) -> Path:
        """The file of who may sign in at the board."""
        return self.office / "board-users.json"

    @property
    def board_audit(self) -> Path:
        """The file of what people did at the board."""
        return self.office / "board-audit.jsonl"

    @property
    def wall_token(self) -> Path:
        """The file of the token for a big screen elsewhere."""
        return self.office / "wall.token"

    @property
    def board_token(self) -> Path:
        """The file of the token for programs that read the board."""
        return self.office / "board.token"

    def gate(self, gate: str) -> Path:
        """The folder that is handed to one unit."""
        return self.gates / gate

    def enrolment(self, gate: str) -> Path:
        """The file that enrols `gate`."""
        return self.gates / f"{gate}.json"

    def index_key(self, exam: str) -> Path:
        """The file with the HMAC key of the ID numbers of `exam`."""
        return self.office / f"index-{exam}.key"

    @property
    def versions(self) -> Path:
        """The file of the highest versions built."""
        return self.office / "rosters.json"

    @property
    def manifests(self) -> Path:
        """The folder of the manifests that went out."""
        return self.office / "manifests"

    @property
    def destructions(self) -> Path:
        """The folder of the certificates of destruction."""
        return self.office / "destructions"

    @property
    def destroying(self) -> Path:
        """The file of a destruction that was begun and not ended."""
        return self.office / "destroying.json"

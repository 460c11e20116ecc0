"""exam-enrol as a person runs it, up to the roster that a gate installs."""

import csv
import json
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import text

import enrolment.__main__
from enrolment.core.status import Status
from enrolment.services.payments import take_payment
from enrolment.store.opening import writing
from enrolment.store.round_rows import save_round
from tests.adapters.enrolment.making import (
    OFFICES_CSV,
    ROUND_ID,
    ROUND_TOML,
    Portal,
    data_of,
    opened,
)
from tests.networks import faces_folder, networks
from tests.roster_making import EXAM_TOML, GATE, SITE
from tests.unit.enrolment.world import T0, days, started

ROOMS_CSV = """district,site,room,seats,columns
420111,wh-hs-01,01,6,3
420111,wh-hs-01,02,6,3
420106,wh-wc-02,01,6,3
420106,wh-wc-02,02,6,3
"""


def run(program: str, *words: object) -> tuple[int, str]:
    """Exit code, and what it said on both."""
    done = subprocess.run(
        [sys.executable, "-m", program, *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )
    return done.returncode, done.stdout + done.stderr


class Folder:
    """A folder with a round; `enrol` runs exam-enrol on it, in this process."""

    def __init__(
        self, root: Path, patch: pytest.MonkeyPatch, said: pytest.CaptureFixture[str]
    ) -> None:
        self.root, self._patch, self._said = root, patch, said
        (root / "ROUND.toml").write_text(ROUND_TOML, encoding="utf-8")
        (root / "offices.csv").write_text(OFFICES_CSV, encoding="utf-8")
        (root / "exam.toml").write_text(EXAM_TOML, encoding="utf-8")
        (root / "rooms.csv").write_text(ROOMS_CSV, encoding="utf-8")
        self.portal = Portal(opened(root))

    def enrol(self, verb: str, *words: object) -> tuple[int, str]:
        where = ("--database", f"sqlite:///{self.root / 'enrol.sqlite'}")
        arguments = ("exam-enrol", verb, *words, *where, "--media", self.root / "media")
        self._patch.setattr(sys, "argv", [*map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            enrolment.__main__.main()
        return int(ended.value.code or 0), "".join(self._said.readouterr())

    def register(self, n: int, photo: bytes) -> str:
        state = self.portal.fee_due(data_of(n), T0, photo=photo)
        take_payment(self.portal.store, self.portal.payments.pay(state.order, days(1)), days(1))
        self.portal.worker.work(days(1))
        return self.portal.store.load(state.id).ticket

    def seat(self, *words: object) -> tuple[int, str]:
        return self.enrol("seat", ROUND_ID, self.root / "exam.toml", *words)

    def export(self, to: str = "out") -> tuple[int, str]:
        return self.enrol("export", ROUND_ID, "--out", self.root / to)

    def rows(self, of: str = "out") -> list[dict[str, str]]:
        with (self.root / of / "candidates.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))


@pytest.fixture
def folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Folder:
    return Folder(tmp_path, monkeypatch, capsys)


def blue() -> bytes:
    content = BytesIO()
    Image.new("RGB", (400, 500), (30, 90, 200)).save(content, "JPEG")
    return content.getvalue()


def studio_portraits() -> list[bytes]:
    try:
        found = sorted(faces_folder().glob("london/*_neutral.jpg"))[:4]
    except pytest.skip.Exception:
        return []
    return [path.read_bytes() for path in found]


def test_a_round_is_opened_and_opened_again(folder: Folder) -> None:
    code, said = folder.enrol("open", folder.root / "ROUND.toml")
    assert (code, "version 1, 2 district(s), 2 office(s)" in said) == (0, True), said
    (folder.root / "ROUND.toml").write_text(ROUND_TOML.replace("fee_yuan = 165", "fee_yuan = 170"))
    assert "version 2" in folder.enrol("open", folder.root / "ROUND.toml")[1]


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("open", "nowhere.toml"), 4, "cannot be read"),
        (("report", "other-round"), 1, "There is no round other-round"),
        (("export", "other-round", "--out", "o"), 1, "There is no round other-round"),
        (("shred", ROUND_ID), 2, "add --yes"),
        (("seat", ROUND_ID, "nowhere.toml"), 2, "--rooms"),
    ],
)
def test_a_wrong_use_is_one_sentence(
    folder: Folder, words: tuple[str, ...], code: int, sentence: str
) -> None:
    ended, said = folder.enrol(*words)
    assert (ended, sentence in said, "Traceback" in said) == (code, True, False), said


def test_a_wrong_description_names_every_fault(folder: Folder) -> None:
    (folder.root / "ROUND.toml").write_text(
        ROUND_TOML.replace("fee_yuan = 165", "fee_yuan = -1").replace("Asia/Shanghai", "x")
    )
    code, said = folder.enrol("open", folder.root / "ROUND.toml")
    assert code == 3
    assert "ROUND.toml has 2 mistake(s)" in said


def test_seats_by_hand_and_by_lot(folder: Folder) -> None:
    tickets = [folder.register(n, blue()) for n in range(1, 6)]
    assert folder.export()[0] == 1
    code, said = folder.seat("--rooms", folder.root / "rooms.csv", "--seed", 7)
    assert (code, "5 of them changed" in said) == (0, True), said
    assert "0 of them changed" in folder.seat("--rooms", folder.root / "rooms.csv", "--seed", 7)[1]
    assert folder.export()[0] == 0
    drawn = folder.rows()
    assert {row["ticket"] for row in drawn} == set(tickets)
    by_hand = folder.root / "seats.csv"
    lines = [",".join((r["ticket"], r["paper"], r["site"], "09", r["seat"])) for r in drawn]
    by_hand.write_text("ticket,paper,site,room,seat\n" + "\n".join(lines[1:]) + "\nx,y,z,1,1\n")
    code, said = folder.seat("--assignment", by_hand)
    assert (code, "the exam has no site 'z'" in said) == (3, True), said
    by_hand.write_text("ticket,paper,site,room,seat\n" + "\n".join(lines[1:]) + "\n")
    code, said = folder.seat("--assignment", by_hand)
    assert (code, "no seat" in said) == (3, True), said
    seat_of = {(r["ticket"], r["paper"]): n for n, r in enumerate(drawn)}
    lines = [f"{ticket},{paper},wh-hs-01,09,{n:02d}" for (ticket, paper), n in seat_of.items()]
    by_hand.write_text("ticket,paper,site,room,seat\n" + "\n".join(lines) + "\n")
    assert folder.seat("--assignment", by_hand)[0] == 0
    assert folder.export("second")[0] == 0
    assert {row["room"] for row in folder.rows("second")} == {"09"}


def test_too_few_rooms_are_told_by_district_and_paper(folder: Folder) -> None:
    for n in (2, 4, 6):
        folder.register(n, blue())
    (folder.root / "rooms.csv").write_text(
        "district,site,room,seats,columns\n420111,wh-hs-01,01,2,2\n"
    )
    code, said = folder.seat("--rooms", folder.root / "rooms.csv")
    assert (code, "420111 00015-am: 3 candidates, 2 seats" in said) == (3, True), said


@pytest.mark.models
@pytest.mark.system
def test_the_office_and_a_gate_take_the_export_unchanged(folder: Folder) -> None:
    """With faces where the pictures are there; else nobody has a reference, and all is built."""
    photos = studio_portraits() or [blue()] * 4
    with_reference = 0 if photos[0] == blue() else 4
    for n, photo in enumerate(photos, 1):
        folder.register(2 * n, photo)
    assert folder.seat("--rooms", folder.root / "rooms.csv")[0] == 0
    assert folder.export()[0] == 0
    root = folder.root
    assert run("office", "keys", "--home", root / "office", "--gate", GATE)[0] == 0
    words = [root / "exam.toml", root / "out" / "candidates.csv", root / "out" / "photos"]
    where = ("--out", root / "rosters", "--home", root / "office", "--models", networks())
    code, said = run("office", "roster", "build", *words, *where)
    assert f"4 candidates, {with_reference} with a reference" in said, said
    assert "0 row(s) rejected" in said
    assert "unclaimed" not in said
    assert code == (0 if with_reference else 1), said
    config = root / "office" / "gates" / GATE / "gate.toml"
    config.write_text(
        f'[unit]\nid = "{GATE}"\nsite = "{SITE}"\n[paths]\nstate = "{root / "state"}"\n'
        f'runtime = "{root / "run"}"\nmodels = "{networks()}"\n'
        '[reader]\nport = "simulated"\n[camera]\nkind = "pictures"\n'
        '[mqtt]\nhost = "127.0.0.1"\nport = 1\n'
    )
    code, said = run("gate", "roster", "install", root / "rosters", "--config", config)
    assert code == 0, said


def test_the_report_counts_and_finds_what_differs(folder: Folder) -> None:
    folder.register(1, blue())
    folder.portal.fee_due(data_of(2))
    code, said = folder.enrol("report", ROUND_ID, "--verify", "--json")
    found = json.loads(said)
    assert code == 0, said
    assert found["statuses"] == {"420106": {"registered": 1}, "420111": {"fee_due": 1}}
    assert found["payments"] == {"fee": [1, 10500]}
    with writing(folder.portal.store.engine) as connection:
        connection.execute(text("UPDATE application SET status = 'paid' WHERE status = 'fee_due'"))
    code, said = folder.enrol("report", ROUND_ID, "--verify")
    assert (code, "differs from its events" in said) == (1, True), said


def test_the_payment_services_file_books_what_was_missing(folder: Folder) -> None:
    folder.register(1, blue())
    state = folder.portal.fee_due(data_of(2))
    folder.portal.payments.pay(state.order, days(2))
    file = folder.root / "payments.csv"
    file.write_text(folder.portal.payments.reconciliation(days(3)), encoding="utf-8")
    for missing in (1, 0):
        code, said = folder.enrol("reconcile", ROUND_ID, file)
        assert (code, f"2 payment(s), {missing} were missing" in said) == (0, True), said
    assert folder.portal.store.load(state.id).status is Status.PAID
    file.write_text("payment,order,fen,paid_at\np,o,x,y\n", encoding="utf-8")
    code, said = folder.enrol("reconcile", ROUND_ID, file)
    assert (code, "line 2" in said) == (4, True), said


def test_expire_ends_what_is_over(folder: Folder) -> None:
    over = ROUND_TOML.replace("2027-01", "2026-01")
    event = started(T0.replace(year=2026))
    with writing(folder.portal.store.engine) as connection:
        save_round(connection, ROUND_ID, over, OFFICES_CSV, T0)
    state = folder.portal.store.begin(event)
    code, said = folder.enrol("expire", ROUND_ID)
    assert (code, "1 application(s)" in said) == (0, True), said
    assert folder.portal.store.load(state.id).status is Status.EXPIRED


def test_a_shredded_round_is_gone(folder: Folder) -> None:
    folder.register(1, blue())
    assert folder.enrol("shred", ROUND_ID, "--yes")[0] == 0
    assert folder.enrol("report", ROUND_ID)[0] == 0
    code, said = folder.enrol("export", ROUND_ID, "--out", folder.root / "out")
    assert (code, "There is no key" in said) == (4, True), said
    assert not (folder.root / "out").exists()

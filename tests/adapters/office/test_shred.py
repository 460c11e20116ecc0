"""exam-office shred: what names people is gone from the disk, what proves the exam stays."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from nacl.signing import SigningKey
from typer.testing import CliRunner

from gate.errors import InputRejected, NoSuchEntry, Refused, StorageDamaged, UsageError
from gate.platform.durable_files import file_sha256
from gate.roster.keys import read_key, write_key
from gate.roster.manifest import SUFFIX, Manifest, sign, stem
from gate.roster.sealing import RosterKeys, new_key, wrap
from office.__main__ import app
from office.audit.exam_versions import keep_version
from office.distribution.published import publish
from office.home import Home
from office.keys.enrolment import enrolments
from office.retention import destruction
from office.retention.certificate import verify_certificate
from tests.adapters.office.test_audit import CLOSED, GATE, OTHER, SITE, audited, decisions, received
from tests.unit.gate.core.world import EXAM

OVER, COMING = datetime(2020, 5, 10, tzinfo=UTC), datetime(2120, 5, 10, tzinfo=UTC)
PEOPLE, FACE = b"sealed rows of people " * 99, b"\xff\xd8\xff a face \xff\xd9"


class Cut(BaseException):
    """The power goes."""


def made(root: Path, expires: datetime = OVER) -> Home:
    """An office after an exam: two gates, keys, manifests, a published roster, a folder of lists.
    The last `expires` is that of the newest version."""
    for gate in (GATE, OTHER):
        words = ["keys", "--home", str(root), "--gate", gate]
        assert CliRunner().invoke(app, words).exit_code == 0
    home = Home(root)
    write_key(home.index_key(EXAM.id), new_key(), private=True)
    build(home, 1, OVER)
    build(home, 2, expires)
    home.expected(EXAM.id).write_text("{}")
    return home


def build(home: Home, version: int, expires: datetime, exam: Any = EXAM) -> Path:
    signing = read_key(home.office / "office-signing.key", "key")
    out = home.root.with_name("built")
    out.mkdir(exist_ok=True)
    file = out / f"{stem(exam.id, SITE, version)}.roster"
    file.write_bytes(exam.id.encode() + b"%d " % version + PEOPLE)
    keys = RosterKeys(new_key(), new_key())
    manifest = Manifest(
        exam=exam,
        site=SITE,
        version=version,
        previous=version - 1 or None,
        not_before=datetime(2020, 4, 1, tzinfo=UTC),
        expires=expires,
        file=file.name,
        sha256=file_sha256(file),
        size=file.stat().st_size,
        counts={},
        keys={gate: wrap(keys, e.sealing) for gate, e in enrolments(home).items()},
    )
    signed = sign(manifest, signing)
    keep_version(home, manifest, signed)
    path = out / f"{stem(exam.id, SITE, version)}{SUFFIX}"
    path.write_bytes(signed)
    publish(home, path, SigningKey(signing), datetime.now(UTC))
    return path


def lists(root: Path) -> Path:
    folder = root.with_name("lists")
    (folder / "photos").mkdir(parents=True)
    (folder / "candidates.csv").write_text("ticket,name\n420100000001,考生1号\n", encoding="utf-8")
    (folder / "photos" / "420100000001.jpg").write_bytes(FACE)
    return folder


def secrets_of(home: Home) -> list[bytes]:
    """What must not be found: the index key, every sealed key, the rows."""
    found = [home.index_key(EXAM.id).read_bytes().strip(), PEOPLE[:40]]
    for path in home.manifests.glob(f"{EXAM.id}_*"):
        found += [key.encode() for key in json.loads(path.read_bytes())["keys"].values()]
    return [*found, FACE, "考生1号".encode(), b"420100000001.jpg"]


def on_disk(*roots: Path) -> bytes:
    files = [p for root in roots for p in root.rglob("*") if p.is_file()]
    return b"\n".join(str(p).encode() + b"\n" + p.read_bytes() for p in files)


def shred(home: Home, *words: str, exam: str = EXAM.id) -> dict[str, Any]:
    done = CliRunner().invoke(app, ["shred", exam, "--home", str(home.root), "--json", *words])
    if done.exception is not None:
        raise done.exception
    return dict(json.loads(done.stdout))


def verified(home: Home) -> int:
    return CliRunner().invoke(app, ["verify", "--home", str(home.root)]).exit_code


@pytest.fixture
def home(tmp_path: Path) -> Home:
    it = made(tmp_path / "office")
    received(it, GATE, [*decisions(), *CLOSED])
    return it


def test_what_names_people_is_gone_and_what_proves_the_exam_stays(home: Home) -> None:
    folder, secret = lists(home.root), secrets_of(home)
    assert all(one in on_disk(home.root, folder) for one in secret)
    manifests = {file_sha256(path) for path in home.manifests.iterdir()}
    before = audited(home)
    assert verified(home) == 0
    done = shred(home, "--also", str(folder))
    left = on_disk(home.root)
    assert [one for one in secret if one in left] == []
    assert not folder.exists()
    assert audited(home) == before
    assert before[0] == 0
    assert verified(home) == 0
    assert (done["why"], done["complete"], done["open_cases"]) == ("retention", True, 0)
    (journal,) = done["journals"]
    assert (journal["gate"], journal["high"]) == (GATE, 7)
    groups = {group["what"]: group for group in done["destroyed"]}
    assert {what: group["files"] for what, group in groups.items()} == {
        "index key": 1,
        "sealed keys": 2,
        "published roster": 4,
        "handed in": 2,
    }
    assert set(groups["sealed keys"]["sha256"]) == manifests
    assert groups["handed in"]["sha256"] == [], "a list may be guessed, line by line"
    assert home.expected(EXAM.id).exists()


def test_an_outsider_verifies_the_certificate_and_every_changed_byte_is_told(
    home: Home, tmp_path: Path
) -> None:
    path = Path(shred(home)["certificate"])
    public = tmp_path / "office.pub"
    shutil.copy(home.office / "office.pub", public)
    outside = Home(tmp_path / "nothing-here")
    words = ("--verify", str(path), "--office", str(public))
    assert shred(outside, *words)["valid"] is True
    with pytest.raises(InputRejected):
        shred(outside, *words, exam="another")
    raw, key = path.read_bytes(), read_key(public, "key")
    for place in range(len(raw)):
        altered = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
        with pytest.raises(InputRejected):
            verify_certificate(altered, key, "it")
    for altered in (raw[:-1], raw + b"\n", b" " + raw, b"", b"[]", b"{}\n", b"[" * 9999):
        with pytest.raises(InputRejected):
            verify_certificate(altered, key, "it")
    with pytest.raises(InputRejected):
        verify_certificate(raw, b"\1" * 32, "it")


def test_again_changes_nothing_and_says_so(home: Home) -> None:
    words = ("--also", str(lists(home.root)))
    first = shred(home, *words)
    before = on_disk(home.root)
    again = shred(home, *words)
    assert (first.pop("done_before"), again.pop("done_before")) == (False, True)
    assert (first.pop("absent"), again.pop("absent")) == ([], [words[1]])
    assert again == first
    assert on_disk(home.root) == before
    said = CliRunner().invoke(app, ["shred", EXAM.id, "--home", str(home.root)]).stdout
    assert "destroyed before, nothing changed" in said


def test_what_comes_later_gets_a_certificate_of_its_own(home: Home) -> None:
    shred(home)
    folder = lists(home.root)
    later = shred(home, "--also", str(folder))
    assert (later["number"], [g["what"] for g in later["destroyed"]]) == (2, ["handed in"])
    assert not folder.exists()


def test_another_exam_stays_as_it_is(home: Home) -> None:
    other = replace(EXAM, id=f"{EXAM.id}-2")
    write_key(home.index_key(other.id), new_key(), private=True)
    build(home, 1, OVER, other)

    def of_other() -> dict[str, bytes]:
        found = [home.index_key(other.id), *home.manifests.glob(f"{other.id}_*")]
        found += home.published.glob(f"{other.id}_*")
        (listed,) = home.published.glob(f"{other.id}_*.contents")
        found += [home.published / "content" / name for name in listed.read_text().split()]
        return {path.name: path.read_bytes() for path in found}

    before = of_other()
    assert len(before) == 6
    shred(home)
    assert of_other() == before


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        (lambda root: made(root, COMING), "retention of .* ends on 2120-05-10"),
        (made, "missing or a gate is not closed"),
        (lambda root: with_gap(made(root)), "missing or a gate is not closed"),
        (lambda root: with_open_case(made(root)), "1 doubtful case"),
    ],
    ids=["early", "nothing received", "a gap", "an open case"],
)
def test_it_is_refused_while_something_stands_against_it(
    prepare: Callable[[Path], Home], said: str, tmp_path: Path
) -> None:
    home = prepare(tmp_path / "office")
    kept = (home.office, home.published)
    before = {p: p.read_bytes() for root in kept for p in root.rglob("*") if p.is_file()}
    with pytest.raises(Refused, match=said):
        shred(home)
    assert {path: path.read_bytes() for path in before} == before
    assert not home.destructions.exists()
    done = shred(home, "--now", "the court says so", "--by", "主任")
    assert (done["why"], done["reason"], done["by"]) == ("now", "the court says so", "主任")
    assert done["complete"] is (said.startswith("1 doubtful"))
    assert not home.index_key(EXAM.id).exists()


def with_gap(home: Home) -> Home:
    received(home, GATE, [*decisions(), *CLOSED], leave_out=1)
    return home


def with_open_case(home: Home) -> Home:
    doubtful = {"outcome": "REFER", "reason": "FACE_MISMATCH", "doubtful": True}
    received(home, GATE, [*decisions(**doubtful), *CLOSED])
    return home


def test_what_cannot_be_asked_for_is_one_sentence_and_destroys_nothing(home: Home) -> None:
    secret = secrets_of(home)[:-3]
    folder = lists(home.root)
    (folder / "away").symlink_to(home.root)
    for words in (
        ("--now", " "),
        ("--now", "a\x07b"),
        ("--also", str(home.office)),
        ("--also", str(home.root.parent)),
        ("--also", str(folder)),
        ("--also", str(folder / "away")),
        ("--also", str(folder / "none")),
    ):
        with pytest.raises(UsageError):
            shred(home, *words)
    for exam in ("*", "../x", "", "a_b", "[a-z]*"):
        with pytest.raises(UsageError):
            shred(home, "--now", "why", exam=exam)
    with pytest.raises(NoSuchEntry):
        shred(home, exam="another")
    path = next(home.manifests.iterdir())
    whole = path.read_bytes()
    path.write_bytes(whole[:99])
    with pytest.raises(StorageDamaged):
        shred(home, "--now", "why")
    path.write_bytes(whole)
    assert all(one in on_disk(home.root) for one in secret)


def test_the_power_cut_at_every_step_and_run_again_ends_well(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before each step, and in the middle of each overwriting."""
    secret = secrets_of(home)
    steps = 0
    while True:
        root = tmp_path / f"cut-{steps}" / "office"
        shutil.copytree(home.root, root)
        at, folder = Home(root), lists(root)
        with monkeypatch.context() as patched:
            cut_at(patched, steps)
            try:
                shred(at, "--also", str(folder))
                was_cut = False
            except Cut:
                was_cut = True
        if not was_cut:
            break
        shred(at, "--also", str(folder))  # the same words again
        left = on_disk(root)
        assert [one for one in secret if one in left] == [], steps
        assert not folder.exists(), steps
        assert not list(at.office.glob("destroying.json*[!g]")), steps
        assert len(list(at.destructions.iterdir())) == 1, steps
        assert audited(at)[0] == 0
        assert audited(at)[1]["replay"]["without_description"] == 0, steps
        assert shred(at)["done_before"] is True
        steps += 1
    assert steps > 20


def cut_at(patched: pytest.MonkeyPatch, last: int) -> None:
    left = [last]

    def counted(name: str) -> None:
        real = getattr(destruction, name)

        def step(path: Path, *rest: Any) -> None:
            if left[0] == 0:
                if name == "shred_file" and path.exists():
                    with path.open("r+b") as file:
                        file.write(bytes(path.stat().st_size // 2))
                raise Cut
            left[0] -= 1
            real(path, *rest)

        patched.setattr(destruction, name, step)

    for name in ("write_file", "shred_file", "sync_folder"):
        counted(name)


def test_an_intent_that_does_not_read_is_told(home: Home) -> None:
    home.destroying.write_text('{"files": [')
    with pytest.raises(StorageDamaged, match="is damaged"):
        shred(home)
    assert home.index_key(EXAM.id).exists()

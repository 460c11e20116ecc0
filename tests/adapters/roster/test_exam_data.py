"""exam.toml: every fault named at once, with its key and what is allowed; nothing lost on the way
through the manifest."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.card import DocumentKind
from gate.core.exam import Exam, Extension, FacePolicy, Paper, Site
from gate.core.health_report import REQUIREMENTS, Question
from gate.errors import ConfigInvalid
from gate.roster.exam_data import exam_from_json, exam_from_toml, exam_to_json
from tests.examples import examples
from tests.roster_making import EXAM_TOML

EXTENSION = """
[[extension]]
paper = "00015-am"
room = "03"
closes_after_min = 25
by = "主考"
reason = "交通管制"
"""


def test_defaults_are_inherited_and_overridden() -> None:
    exam = exam_from_toml(
        EXAM_TOML.replace("[defaults]", "[defaults]\nattempts = 5\ndocuments = ['temporary']"), "x"
    )
    morning, afternoon = exam.papers
    assert (morning.closes_after_min, afternoon.closes_after_min) == (10, -15)
    assert morning.face == FacePolicy(attempts=5)
    assert morning.documents == {DocumentKind.TEMPORARY}
    assert morning.opens_before_min == 30  # the program's own


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('"hb-zk-2027-04"', '"office"', "exam"),
        ('"hb-zk-2027-04"', '"HB"', "exam"),
        ('"hb-zk-2027-04"', f'"{"x" * 33}"', "exam"),
        ("Asia/Shanghai", "Asia/Wuhan", "timezone"),
        ("Asia/Shanghai", "../localtime", "timezone"),
        ("Asia/Shanghai", "localtime", "timezone"),
        ("Asia/Shanghai", "right/Asia/Shanghai", "timezone"),
        ("Asia/Shanghai", "Factory", "timezone"),
        ("Asia/Shanghai", "", "timezone"),
        ("2027-04-10T11:30:00+08:00", "9999-12-31T23:59:00-12:00", "[[paper]] 00015-am.end"),
        ("retention_days = 30", 'retention_days = "30"', "retention_days"),
        ("retention_days = 30", "retention_day = 30", "retention_day"),
        ("[defaults]", "[defaults]\nfmr = 9e-7", "defaults.fmr"),
        ("[defaults]", "[defaults]\nfmr = 0.02", "defaults.fmr"),
        ("[defaults]", "[defaults]\nfmr = nan", "defaults.fmr"),
        ("[defaults]", "[defaults]\nattempts = 0", "defaults.attempts"),
        ("[defaults]", "[defaults]\nattempts = 11", "defaults.attempts"),
        ("[defaults]", "[defaults]\nattempts = true", "defaults.attempts"),
        ("[defaults]", "[defaults]\nliveness = 'maybe'", "defaults.liveness"),
        (
            "[defaults]",
            "[defaults]\nliveness_fallback = 'refuse'",
            "defaults.liveness_fallback",
        ),
        ("[defaults]", "[defaults]\ndocuments = ['passport']", "defaults.documents.0"),
        ("[defaults]", "[defaults]\ndocuments = []", "defaults.documents"),
        ("[defaults]", "[defaults]\nattempt = 3", "defaults.attempt"),
        ('id = "wh-wc-02"', 'id = "wh_wc"', "[[site]] wh_wc.id"),
        ('id = "wh-wc-02"', 'id = "wh-hs-01"', "[[site]] wh-hs-01.id"),
        ('id = "00023-pm"', 'id = "00015-am"', "[[paper]] 00015-am.id"),
        ("09:00:00+08:00", "09:00:00", "[[paper]] 00015-am.start"),
        ("2027-04-10T09:00:00+08:00", "9", "[[paper]] 00015-am.start"),
        ("T11:30:00+08:00", "T09:00:00+08:00", "[[paper]] 00015-am.end"),
        ("T11:30:00+08:00", "T03:00:00+03:00", "[[paper]] 00015-am.end"),
        ("min = -15", "min = -30", "[[paper]] 00023-pm.closes_after_min"),
        ('subject = "高等数学"', "", "[[paper]] 00023-pm.subject"),
        ("[[site]]", "[[sites]]", "sites"),
    ],
)
def test_one_fault_is_named(old: str, new: str, key: str) -> None:
    assert old in EXAM_TOML
    with pytest.raises(ConfigInvalid) as raised:
        exam_from_toml(EXAM_TOML.replace(old, new), "exam.toml")
    assert key in [fault.split(":")[0] for fault in raised.value.faults]
    assert raised.value.exit_code == 3


def test_every_fault_at_once() -> None:
    text = EXAM_TOML.replace("Asia/Shanghai", "Moon").replace(
        "[defaults]", "[defaults]\nattempts = 99"
    ).replace("T11:30:00+08:00", "T08:00:00+08:00").replace(
        'subject = "高等数学"', 'subject = "高等数学"\ncolour = "red"'
    ) + EXTENSION.replace("00015-am", "00099-am")
    with pytest.raises(ConfigInvalid) as raised:
        exam_from_toml(text, "exam.toml")
    keys = [fault.split(":")[0] for fault in raised.value.faults]
    assert sorted(keys) == [
        "[[extension]] 1.paper",
        "[[paper]] 00015-am.end",
        "[[paper]] 00023-pm.colour",
        "defaults.attempts",
        "timezone",
    ]
    assert "exam.toml has 5 mistake(s)" in raised.value.en


@pytest.mark.parametrize("text", ["exam = ", "", "paper = 3\nsite = 'x'\ndefaults = 1"])
def test_hopeless_text(text: str) -> None:
    with pytest.raises(ConfigInvalid):
        exam_from_toml(text, "exam.toml")


def test_extension() -> None:
    exam = exam_from_toml(EXAM_TOML + EXTENSION, "x")
    assert exam.extensions == (Extension("00015-am", "03", 25, "主考", "交通管制"),)
    everywhere = exam_from_toml(EXAM_TOML + EXTENSION.replace('room = "03"\n', ""), "x")
    assert everywhere.extensions[0].room is None


_times = st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1)).map(
    lambda at: at.replace(microsecond=0, tzinfo=timezone(timedelta(hours=8)))
)
_papers = st.builds(
    Paper,
    id=st.sampled_from(["00015-am", "A.1_x", "9"]),
    subject=st.sampled_from(["英语（二）", 'a "quoted" one', "\u2028"]),
    start=_times,
    end=st.just(datetime(2031, 1, 1, tzinfo=UTC)),
    opens_before_min=st.floats(1, 1440),
    closes_after_min=st.floats(-0.5, 1440),
    leave_before_end_min=st.floats(0, 1440),
    reentry=st.booleans(),
    documents=st.frozensets(st.sampled_from(DocumentKind), min_size=1),
    face=st.builds(
        FacePolicy,
        fmr=st.floats(1e-6, 1e-2),
        attempts=st.integers(1, 10),
        probe_frames=st.integers(1, 20),
        probe_seconds=st.floats(0.5, 30),
        liveness=st.sampled_from(["off", "passive", "action"]),
        liveness_fallback=st.sampled_from(["refer", "admit"]),
    ),
    requires=st.frozensets(st.sampled_from(REQUIREMENTS)),
    signatures=st.integers(1, 2),
    standby_room=st.sampled_from(["", "备用03"]),
    extra_time_min=st.floats(0, 480),
)
_questions = st.builds(
    Question,
    id=st.sampled_from(["contact", "symptoms", "travel-14"]),
    zh=st.just("是否接触过病例？"),
    en=st.just("Any contact?"),
    concern=st.sampled_from(["yes", "no"]),
    standby=st.booleans(),
)


@examples(20)
@given(
    papers=st.lists(_papers, min_size=1, max_size=3, unique_by=lambda p: p.id),
    questions=st.lists(_questions, max_size=3, unique_by=lambda q: q.id),
)
def test_nothing_is_lost_in_the_manifest(papers: list[Paper], questions: list[Question]) -> None:
    exam = Exam(
        id="x",
        name="考试",
        timezone="Asia/Shanghai",
        retention_days=0,
        sites=(Site("s-1", "一考点"),),
        papers=tuple(papers),
        extensions=(Extension(papers[0].id, None, 25.0, "主考", "雨"),),
        questions=tuple(questions),
    )
    assert exam_from_json(json.loads(json.dumps(exam_to_json(exam)))) == exam


def test_a_rule_that_older_gates_do_not_know_is_written_where_it_is_used() -> None:
    exam = exam_from_toml(EXAM_TOML, "x")
    manifest = exam_to_json(exam)
    assert all("liveness_fallback" not in p for p in manifest["paper"])
    assert {p.face.liveness_fallback for p in exam_from_json(manifest).papers} == {"refer"}
    admitting = EXAM_TOML.replace("[defaults]", "[defaults]\nliveness_fallback = 'admit'")
    manifest = exam_to_json(exam_from_toml(admitting, "x"))
    assert {p["liveness_fallback"] for p in manifest["paper"]} == {"admit"}


PEOPLE = """
[[question]]
id = "contact"
zh = "近14天是否接触过病例？"
en = "Any contact within 14 days?"
[[question]]
id = "symptoms"
zh = "近14天是否有症状？"
en = "Any symptoms within 14 days?"
[[question]]
id = "green"
zh = "健康码是否为绿码？"
en = "Is the code green?"
concern = "no"
standby = true
"""


def test_what_is_required_stands_in_paper_or_defaults() -> None:
    text = EXAM_TOML.replace(
        "[defaults]", "[defaults]\nrequires = ['notice', 'health-report']\nstandby_room = '备用01'"
    ).replace("closes_after_min = -15", "requires = []\nsignatures = 1\nstandby_room = '备用02'")
    exam = exam_from_toml(text + PEOPLE, "x")
    morning, afternoon = exam.papers
    assert (morning.requires, morning.signatures) == ({"notice", "health-report"}, 2)
    assert (afternoon.requires, afternoon.signatures) == (frozenset(), 1)
    assert (morning.standby_room, afternoon.standby_room) == ("备用01", "备用02")
    assert [(q.id, q.concern, q.standby) for q in exam.questions] == [
        ("contact", "yes", False),
        ("symptoms", "yes", True),
        ("green", "no", True),
    ]


def test_an_exam_without_them_has_a_manifest_that_older_gates_read() -> None:
    manifest = exam_to_json(exam_from_toml(EXAM_TOML, "x"))
    assert "question" not in manifest
    for paper in manifest["paper"]:
        assert not {"requires", "signatures", "standby_room", "extra_time_min"} & paper.keys()


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ("signatures = 0", "defaults.signatures"),
        ("signatures = 3", "defaults.signatures"),
        ("signatures = '2'", "defaults.signatures"),
        ("requires = ['vaccine']", "defaults.requires.0"),
        ("extra_time_min = -1", "defaults.extra_time_min"),
        ("extra_time_min = 481", "defaults.extra_time_min"),
        ("requires = 'notice'", "defaults.requires"),
        ("standby_room = '\\u202e'", "defaults.standby_room"),
    ],
)
def test_a_wrong_value_of_them_is_named(more: str, key: str) -> None:
    text = EXAM_TOML.replace("[defaults]", f"[defaults]\n{more}".replace("'", '"'))
    with pytest.raises(ConfigInvalid) as raised:
        exam_from_toml(text, "x")
    assert [f.split(":")[0] for f in raised.value.faults] == [key]


def test_every_fault_of_the_questions_is_named() -> None:
    odd = PEOPLE.replace("contact", "symptoms").replace('"no"', '"maybe"').replace("green", "G 1")
    with pytest.raises(ConfigInvalid) as raised:
        exam_from_toml(EXAM_TOML + odd + "[[question]]\nid = 'x'\nwhy = 1\n", "x")
    assert {f.split(":")[0] for f in raised.value.faults} == {
        "[[question]] G 1.id",
        "[[question]] G 1.concern",
        "[[question]] symptoms.id",
        "[[question]] x.zh",
        "[[question]] x.en",
        "[[question]] x.why",
    }


def test_time_zones_are_there_where_the_system_has_none() -> None:
    said = subprocess.run(
        [sys.executable, "-c", "import zoneinfo; print(zoneinfo.ZoneInfo('Asia/Shanghai'))"],
        env={"PYTHONTZPATH": ""},
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    ).stdout
    assert said == "Asia/Shanghai\n"

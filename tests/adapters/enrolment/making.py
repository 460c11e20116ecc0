"""A round on disk, and candidates who walk through it."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from enrolment.core import events as e
from enrolment.core.application import Application
from enrolment.core.events import Actor, Role
from enrolment.core.personal_data import PersonalData
from enrolment.rounds.round_data import round_from_toml
from enrolment.services.simulated import SimulatedIdentity, SimulatedMessages, SimulatedPayments
from enrolment.store.applications import Applications
from enrolment.store.opening import open_database, writing
from enrolment.store.review_cases import Reviewer, decide, next_case
from enrolment.store.round_rows import save_round
from enrolment.store.sealed_media import SealedMedia
from enrolment.worker import Worker
from tests.roster_making import citizen
from tests.unit.enrolment.world import T0

ROUND_TOML = """
round = "hb-zk-2027"
name = "湖北省自学考试 2027年4月报名"
timezone = "Asia/Shanghai"
consent = "2027-1"
offices = "offices.csv"
[registration]
begins = 2027-01-05T14:00:00+08:00
ends = 2027-01-15T14:00:00+08:00
[correction]
begins = 2027-01-05T14:00:00+08:00
ends = 2027-01-20T14:00:00+08:00
[fee]
begins = 2027-01-05T14:00:00+08:00
ends = 2027-01-25T14:00:00+08:00
[[district]]
id = "420111"
name = "洪山区"
[[district]]
id = "420106"
name = "武昌区"
[[level]]
id = "gqz"
name = "高起专"
fee_yuan = 105
[[level]]
id = "gqb"
name = "高起本"
fee_yuan = 165
[[level]]
id = "zsb"
name = "专升本"
fee_yuan = 105
[[document]]
id = "residence"
zh = "居住证"
en = "residence permit"
[[document]]
id = "diploma"
zh = "毕业证书"
en = "diploma"
levels = ["zsb"]
[[subject]]
id = "00015"
name = "英语（二）"
[[subject]]
id = "00023"
name = "高等数学"
"""
OFFICES_CSV = """district,name,dates,telephone,address
420111,洪山区自考办,1月22日,027-00000000,某路1号
420106,武昌区自考办,1月22日,027-00000001,某路2号
"""
ROUND_ID = "hb-zk-2027"
PHOTO = b"\xff\xd8\xff a picture of nobody"


def opened(folder: Path, url: str | None = None) -> Applications:
    """The round's applications, in a database of `folder`."""
    engine = open_database(url or f"sqlite:///{folder / 'enrol.sqlite'}")
    media = SealedMedia(folder / "media")
    media.make_key(ROUND_ID)
    round_from_toml(ROUND_TOML, "ROUND.toml", OFFICES_CSV)
    with writing(engine) as connection:
        save_round(connection, ROUND_ID, ROUND_TOML, OFFICES_CSV, T0)
    return Applications(engine, media, ROUND_ID)


def data_of(n: int, **changed: object) -> PersonalData:
    fields = {
        "name": f"考生{'甲乙丙丁'[n % 4]}",
        "number": citizen(n),
        "phone": f"138{n:08d}",
        "district": ("420111", "420106")[n % 2],
        "level": "gqz",
        "subjects": ("00015", "00023") if n % 3 else ("00015",),
        "school": f"{'一二三'[n % 3]}中",
    }
    return PersonalData(**{**fields, **changed})  # type: ignore[arg-type]


@dataclass
class Portal:
    """The store with simulated services around it."""

    store: Applications
    identity: SimulatedIdentity = field(default_factory=SimulatedIdentity)
    payments: SimulatedPayments = field(default_factory=SimulatedPayments)
    messages: SimulatedMessages = field(default_factory=SimulatedMessages)

    @property
    def worker(self) -> Worker:
        return Worker(self.store, self.identity, self.payments, self.messages)

    def signed(
        self, data: PersonalData, at: datetime = T0, name: str | None = None, photo: bytes = PHOTO
    ) -> Application:
        """Up to the signature; the identity service knows the candidate."""
        self.identity.people[data.number] = data.name
        started = e.Started(at=at, by=Actor(Role.CANDIDATE, "new"), consent="2027-1")
        state = self.store.begin(started, name)
        c = {"at": at, "by": Actor(Role.CANDIDATE, state.id)}
        s = {"at": at, "by": Actor(Role.SYSTEM, "check")}
        stored = self.store.media.put(self.store.round_id, photo)
        for event in (
            e.DataChanged(**c, data=data),
            e.Submitted(**c),
            e.CardChecked(**s),
            e.LivenessChecked(**s),
            e.PhotoChecked(**s, photo=stored),
            e.SignatureGiven(**c, signature="si"),
        ):
            state = self.store.apply(state.id, event, expected=state.version)
        return state

    def reviewed(self, application: str, at: datetime = T0, reviewer: str = "r1") -> Application:
        """Documents handed in and accepted."""
        by = Actor(Role.CANDIDATE, application)
        documents = ("residence", "diploma")
        state = self.store.apply(
            application, e.DocumentsHandedIn(at=at, by=by, documents=documents)
        )
        assert state.data is not None
        staff = Reviewer(reviewer, frozenset({state.data.district}))
        found = next_case(self.store, staff, at)
        assert found == application
        passed = e.ReviewDecided(at=at, by=staff.actor, outcome=e.ReviewOutcome.PASS)
        return decide(self.store, staff, application, passed, state.version)

    def fee_due(self, data: PersonalData, at: datetime = T0, **more: object) -> Application:
        state = self.signed(data, at, **more)  # type: ignore[arg-type]
        self.worker.work(at)
        self.reviewed(state.id, at)
        self.worker.work(at)
        return self.store.load(state.id)

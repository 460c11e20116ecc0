"""The portal's application on a round of its own, and candidates who walk through its pages."""

import io
import json
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from PIL import Image

from enrolment.check_worker import CheckWorker
from enrolment.core.personal_data import PersonalData
from enrolment.portal.shared import Shared
from enrolment.portal.web_app import portal_app
from enrolment.services.simulated import SimulatedChecks
from enrolment.store.portal_accounts import application_of
from enrolment.store.staff_accounts import StaffAccount, keep_account
from gate.roster.pin_hashes import hash_pin
from tests.adapters.enrolment.making import Portal, data_of
from tests.adapters.enrolment.web_client import Answer, WebClient
from tests.unit.enrolment.world import T0

PASSWORD = "a-long-password"
PASSWORD_HASH = hash_pin(PASSWORD)
VIDEO = b"\x1a\x45\xdf\xa3 a video of nobody"
DISTRICTS = frozenset({"420111", "420106"})


def jpeg(colour: str = "blue") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (60, 80), colour).save(out, "JPEG")
    return out.getvalue()


@dataclass
class Site:
    """The pages with their workers, and a clock that is set."""

    portal: Portal
    checks: SimulatedChecks = field(default_factory=SimulatedChecks)
    at: datetime = T0

    def __post_init__(self) -> None:
        self.shared = Shared(
            self.portal.store, self.portal.messages, self.portal.payments.key, lambda: self.at
        )
        self.app = portal_app(self.shared)
        for name, districts in (("r1", DISTRICTS), ("r2", DISTRICTS), ("far", {"420106"})):
            account = StaffAccount(name, "reviewer", frozenset(districts))
            keep_account(self.portal.store.engine, account, PASSWORD_HASH)
        chief = StaffAccount("chief", "chief", DISTRICTS)
        keep_account(self.portal.store.engine, chief, PASSWORD_HASH)

    def work(self) -> None:
        CheckWorker(self.portal.store, self.checks).work(self.at)
        self.portal.worker.work(self.at)

    def code(self) -> str:
        _, text = list(self.portal.messages.sent.values())[-1]
        found = re.search(r"\d{6}", text)
        assert found
        return found[0]

    def browser(self, phone: str) -> WebClient:
        """A candidate who has signed in."""
        client = WebClient(self.app)
        assert client.form("/sign-in", "/sign-in/code", [("phone", phone)]).status == 200
        fields = [("phone", phone), ("code", self.code())]
        assert client.form("/sign-in", "/sign-in", fields).status == 303
        return client

    def staff(self, name: str = "r1") -> WebClient:
        client = WebClient(self.app)
        fields = [("by", name), ("password", PASSWORD)]
        assert client.form("/staff/sign-in", "/staff/sign-in", fields).status == 303
        return client

    def status(self, client: WebClient) -> str:
        found = re.search(r'data-status="(\w+)"', client.get("/application").text)
        assert found
        return found[1]

    def application(self, client: WebClient) -> str:
        """Whose pages `client` sees."""
        session = self.shared.sessions.of(client.cookie, self.at)
        assert session is not None
        found = application_of(self.portal.store, session.who)
        assert found is not None
        return found

    def begun(self, n: int) -> WebClient:
        """Signed in, agreed, and the form submitted."""
        data = data_of(n)
        self.portal.identity.people[data.number] = data.name
        client = self.browser(data.phone)
        fields = [("agree", "yes"), ("consent", "2027-1")]
        assert client.form("/application", "/application/consent", fields).status == 303
        answer = client.form("/application/data", "/application/data", fields_of(data))
        assert answer.status == 303, answer.text
        return client

    def upload(self, client: WebClient, kind: str, content: bytes | None = None) -> Answer:
        given = content if content is not None else VIDEO if kind == "video" else jpeg()
        page, path = f"/application/{kind}", f"/application/{kind}"
        answer = client.form(page, path, [], {"file": given})
        self.work()
        return answer

    def signed(self, n: int) -> WebClient:
        client = self.begun(n)
        for kind in ("card", "video", "photo"):
            assert self.upload(client, kind).status == 303
        page = "/application/signature"
        assert client.form(page, page, [], {"signature": jpeg("white")}).status == 303
        self.work()
        return client

    def handed_in(self, n: int) -> WebClient:
        client = self.signed(n)
        path, files = "/application/documents", {"residence": jpeg("red")}
        assert client.form("/application", path, [], files).status == 303
        return client

    def fee_due(self, n: int) -> WebClient:
        client, staff = self.handed_in(n), self.staff()
        case = staff.form("/staff", "/staff/next", []).headers["location"]
        assert staff.form(case, case, [("decision", "pass")]).status == 303
        self.work()
        return client

    def registered(self, n: int) -> WebClient:
        client = self.fee_due(n)
        path = self.payment(client)
        assert client.form(path, path, []).status == 303
        self.work()
        return client

    def payment(self, client: WebClient) -> str:
        found = re.search(r'href="(/application/payment/[^"]+)"', client.get("/application").text)
        assert found
        return found[1]

    def later(self, **span: float) -> None:
        self.at += timedelta(**span)


def fields_of(data: PersonalData) -> list[tuple[str, str]]:
    return [
        ("name", data.name), ("number", data.number), ("phone", data.phone),
        ("district", data.district), ("level", data.level), ("school", data.school),
        *(("subjects", subject) for subject in data.subjects),
    ]  # fmt: skip


def begin_body(kind: str, size: int) -> bytes:
    return json.dumps({"kind": kind, "size": size}).encode()

"""The candidate's road through the pages without JavaScript, and the staff's part of it."""

import re

import pytest

from enrolment.core.events import Actor, CardChecked, Role, Seated, SeatGiven
from enrolment.core.reasons import SENTENCES, CandidateReason
from enrolment.core.status import Status
from enrolment.portal.status_words import STATUS_WORDS
from enrolment.services.payment_messages import Payment
from tests.adapters.enrolment.making import Portal, data_of
from tests.adapters.enrolment.portal_walk import Site, fields_of, jpeg
from tests.adapters.enrolment.web_client import WebClient
from tests.unit.enrolment.world import ROUND


@pytest.fixture
def site(portal: Portal) -> Site:
    return Site(portal)


def test_every_state_has_its_words() -> None:
    assert set(STATUS_WORDS) == set(Status)


def test_from_the_phone_number_to_the_ticket_number(site: Site) -> None:
    client = site.registered(2)
    page = client.get("/application").text
    assert site.status(client) == "registered"
    assert "420111000001" in page
    for kind in ("card", "photo", "signature"):
        assert client.get(f"/application/media/{kind}").body.startswith(b"\xff\xd8\xff")
    assert client.get("/application/sheets/notice.pdf").status == 404, "no seat yet"


@pytest.mark.long
def test_who_declines_is_led_to_the_offices(site: Site) -> None:
    client = site.browser(data_of(1).phone)
    answer = client.form("/application", "/application/consent", [("agree", "no")])
    assert answer.headers["location"] == "/offices"
    assert "洪山区自考办" in client.get("/offices").text
    assert "agree" in client.get("/application").text, "nothing has begun"


def test_every_reason_is_told_in_words_of_both_languages(site: Site) -> None:
    client = site.begun(1)
    by = Actor(Role.SYSTEM, "checks")
    judged = CardChecked(at=site.at, by=by, reasons=tuple(CandidateReason))
    site.portal.store.apply(site.application(client), judged)
    page = client.get("/application").text
    for zh, en in SENTENCES.values():
        assert zh in page
        assert en in page
    assert site.status(client) == "submitted"


@pytest.mark.long
def test_the_third_failure_opens_the_manual_check_which_staff_decide(site: Site) -> None:
    client = site.begun(2)
    site.checks.failing["card"] = [CandidateReason.CARD_UNREADABLE] * 3
    for _ in range(3):
        site.upload(client, "card")
    assert site.status(client) == "closed_to_manual"
    proofs = {"card": jpeg()}
    assert client.form("/application", "/application/manual", [], proofs).status == 303
    staff = site.staff()
    case = staff.form("/staff", "/staff/next", []).headers["location"]
    assert staff.get(f"{case}/media/manual-0").body == jpeg()
    fields = [("decision", "pass"), ("face_compared", "yes")]
    assert staff.form(case, case, fields).status == 303
    assert site.status(client) == "live_checked"


@pytest.mark.long
def test_one_correction_names_all_that_lacks_and_a_second_is_refused(site: Site) -> None:
    client, staff = site.handed_in(2), site.staff()
    case = staff.form("/staff", "/staff/next", []).headers["location"]
    fields = [("decision", "correct"), ("lacking", "residence"), ("lacking", "diploma"),
              ("why", "看不清")]  # fmt: skip
    assert staff.form(case, case, fields).status == 303
    assert "看不清" in client.get("/application").text
    path = "/application/documents"
    answer = client.form("/application", path, [], {"residence": jpeg()})
    assert answer.status == 422, "everything together"
    files = {"residence": jpeg(), "diploma": jpeg("red")}
    assert client.form("/application", path, [], files).status == 303
    site.work()
    case = staff.form("/staff", "/staff/next", []).headers["location"]
    assert 'data-testid="correct"' not in staff.get(case).text
    assert staff.form(case, case, fields).status == 422


@pytest.mark.long
def test_two_reviewers_see_different_cases(site: Site) -> None:
    site.handed_in(2)
    site.handed_in(4)
    cases = {
        site.staff(n).form("/staff", "/staff/next", []).headers["location"] for n in ("r1", "r2")
    }
    assert len(cases) == 2


@pytest.mark.long
def test_a_forged_proof_locks_the_application(site: Site) -> None:
    client, staff = site.handed_in(2), site.staff()
    case = staff.form("/staff", "/staff/next", []).headers["location"]
    assert staff.form(case, case, [("decision", "lock"), ("why", "")]).status == 422
    assert staff.form(case, case, [("decision", "lock"), ("why", "伪造")]).status == 303
    assert site.status(client) == "locked"


@pytest.mark.long
def test_a_fee_is_taken_once_from_two_tabs_and_a_late_callback(site: Site) -> None:
    client = site.fee_due(2)
    path = site.payment(client)
    shown = client.get(path)
    fields = [("csrf", shown.hidden("csrf"))]
    assert [client.send(path, fields).status for _ in range(2)] == [303, 409]
    order = path.rsplit("/", 1)[1]
    again = site.shared.callback(Payment("sim-late", order, 10500, site.at))
    header = {"x-signature": again.signature}
    assert client.post("/callbacks/payment", again.body, **header).status == 200
    site.work()
    application = site.portal.store.load(order.split("-")[0])
    assert [str(b.kind) for b in application.bookings] == ["fee", "double"]


def test_callbacks_that_are_forged_or_of_an_unknown_order(site: Site) -> None:
    client = WebClient(site.app)
    unknown = site.shared.callback(Payment("p1", "nobodys", 10500, site.at))
    header = {"x-signature": unknown.signature}
    assert client.post("/callbacks/payment", unknown.body, **header).status == 200
    assert client.post("/callbacks/payment", unknown.body, **header).status == 200
    header = {"x-signature": "0" * 64}
    assert client.post("/callbacks/payment", unknown.body, **header).status == 403
    assert client.post("/callbacks/payment", b"", **header).status == 403


def test_the_older_of_two_tabs_is_told_to_load_again(site: Site) -> None:
    client, data = site.begun(1), data_of(1)
    shown = client.get("/application/data")
    known = [(n, shown.hidden(n)) for n in ("csrf", "version")]
    changed = fields_of(data_of(1, school="三中"))
    assert client.send("/application/data", known + changed).status == 303
    answer = client.send("/application/data", known + fields_of(data))
    assert answer.status == 409
    assert "load the page again" in answer.text


def test_a_going_back_sends_the_same_upload_again_and_nothing_is_done_twice(site: Site) -> None:
    client = site.begun(1)
    shown = client.get("/application/card")
    fields = [("csrf", shown.hidden("csrf"))]
    assert client.send("/application/card", fields, {"file": jpeg()}).status == 303
    assert client.send("/application/card", fields, {"file": jpeg()}).status == 409, "it waits"
    site.work()
    assert client.send("/application/card", fields, {"file": jpeg()}).status == 422, "it is read"
    assert site.status(client) == "card_read"


@pytest.mark.long
def test_the_digits_of_a_video_are_used_once(site: Site) -> None:
    client = site.begun(1)
    site.upload(client, "card")
    digits = [client.get("/application/video").text for _ in range(2)]
    shown = [re.search(r'aria-label="([\d ]+)"', page) for page in digits]
    assert shown[0]
    assert shown[1]
    assert shown[0][1] == shown[1][1], "two tabs show the same"
    said = shown[0][1].split()
    assert len(set(said)) == 4
    assert "1" not in said
    site.checks.failing["video"] = [CandidateReason.DIGITS_DIFFER]
    site.upload(client, "video")
    again = re.search(r'aria-label="([\d ]+)"', client.get("/application/video").text)
    assert again
    assert again[1] != shown[0][1]


@pytest.mark.long
def test_the_last_second_of_the_period(site: Site) -> None:
    client, data = site.begun(1), data_of(1, school="二中")
    site.at = ROUND.registration.ends
    phone = site.browser(data.phone)
    page = "/application/data"
    assert phone.form(page, page, fields_of(data)).status == 403
    assert "结束" in phone.form(page, page, fields_of(data)).text
    assert client.get("/application").status == 303, "the session of days ago is over"


@pytest.mark.long
def test_the_identity_service_is_away_for_an_hour(site: Site) -> None:
    site.portal.identity.down = True
    client = site.signed(1)
    assert site.status(client) == "signed"
    site.later(hours=1)
    site.portal.identity.down = False
    site.work()
    assert site.status(client) == "verified"
    assert len(site.portal.identity.answered) == 1


@pytest.mark.long
@pytest.mark.parametrize("name", ["王😀", "<script>alert(1)</script>", "x" * 65, ""])
def test_a_name_that_is_none_is_told_and_shown_escaped(site: Site, name: str) -> None:
    client = site.browser(data_of(1).phone)
    agreed = [("agree", "yes"), ("consent", "2027-1")]
    client.form("/application", "/application/consent", agreed)
    page = "/application/data"
    answer = client.form(page, page, fields_of(data_of(1, name=name)))
    assert answer.status == 422
    assert 'id="fault-name"' in answer.text
    assert "<script>alert" not in answer.text


@pytest.mark.long
def test_registration_sheet_notice_and_health_report_are_pdfs(site: Site) -> None:
    client = site.registered(2)
    seats = tuple(SeatGiven(s, "wh-hs-01", "01", "05") for s in data_of(2).subjects)
    seated = Seated(at=site.at, by=Actor(Role.STAFF, "seat"), seats=seats)
    site.portal.store.apply(site.application(client), seated)
    for sheet in ("registration", "notice", "health"):
        answer = client.get(f"/application/sheets/{sheet}.pdf")
        assert answer.status == 200
        assert answer.body.startswith(b"%PDF")

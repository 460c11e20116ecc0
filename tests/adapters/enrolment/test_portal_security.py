"""Whose pages they are: route by route from the route table, and what is refused early."""

import itertools
import re
from dataclasses import replace

import pytest
from starlette.routing import Route

from enrolment.core.status import Status
from enrolment.portal.guard import OPEN
from enrolment.portal.web_app import portal_app, routes
from enrolment.store.portal_accounts import TRIES
from enrolment.store.staff_accounts import verified_notes
from enrolment.store.uploads import PART_BYTES_MAX, UPLOAD_BYTES_MAX
from gate.errors import StorageDamaged
from tests.adapters.enrolment.making import Portal, data_of
from tests.adapters.enrolment.portal_walk import VIDEO, Site, begin_body, jpeg
from tests.adapters.enrolment.web_client import WebClient

FORM = {"content-type": "application/x-www-form-urlencoded"}
ROUTES = [
    (route.path, method)
    for route in routes()
    if isinstance(route, Route)
    for method in sorted((route.methods or set()) - {"HEAD"})
]


@pytest.fixture
def site(portal: Portal) -> Site:
    return Site(portal)


def ids(site: Site, client: WebClient) -> dict[str, set[str]]:
    """Every id that stands for something of this candidate, by the name in a path."""
    application = site.application(client)
    state = site.portal.store.load(application)
    return {
        "application": {application},
        "order": {state.order},
        "upload": {begun_upload(client)} if state.status is Status.SUBMITTED else {"0" * 32},
        "kind": {"card", "photo", "signature", "video"},
        "sheet": {"registration", "notice", "health"},
    }


def begun_upload(client: WebClient) -> str:
    csrf = client.get("/application/data").hidden("csrf")
    head = {"x-csrf": csrf}
    answer = client.post("/application/uploads", begin_body("card", 100), **head)
    assert answer.status == 200, answer.text
    found = re.search(r'"upload":"(\w+)"', answer.text)
    assert found
    return found[1]


def filled(path: str, known: dict[str, set[str]]) -> list[str]:
    names = re.findall(r"{(\w+)(?::\w+)?}", path)
    made = []
    for values in itertools.product(*(sorted(known[name]) for name in names)):
        text = path
        for name, value in zip(names, values, strict=True):
            text = re.sub(rf"{{{name}(:\w+)?}}", value, text)
        made.append(text)
    return made


def test_nobody_sees_a_page_that_is_not_open(site: Site) -> None:
    known = ids(site, site.registered(2))
    for path, method in ROUTES:
        if path in OPEN:
            continue
        for one in filled(path, known):
            nobody = WebClient(site.app)
            answer = nobody.get(one) if method == "GET" else nobody.post(one, b"", **FORM)
            assert answer.status in (303, 401), (method, one, answer.status)


def test_one_candidate_reads_and_changes_nothing_of_another(site: Site) -> None:
    theirs, uploading, mine = site.registered(2), site.begun(4), site.begun(6)
    secrets = [data_of(n).number for n in (2, 4)] + [data_of(n).phone for n in (2, 4)]
    known = {name: set[str]() for name in ("application", "order", "upload", "kind", "sheet")}
    for client in (theirs, uploading):
        for name, values in ids(site, client).items():
            known[name] |= values
    csrf = mine.get("/application/data").hidden("csrf")
    before = [site.portal.store.load(site.application(c)).version for c in (theirs, uploading)]
    for path, method in ROUTES:
        for one in filled(path, known):
            if method == "GET":
                answer = mine.get(one)
            else:
                body = f"csrf={csrf}&version=4&decision=lock&why=x&phone=13900000000".encode()
                answer = mine.post(one, body, **FORM, **{"x-csrf": csrf})
                csrf = _still(site, mine, csrf)
            assert not any(secret.encode() in answer.body for secret in secrets), (method, one)
            if "{order}" in path or "{upload}" in path or path.startswith("/staff/cases"):
                assert answer.status in (303, 400, 401, 404, 422), (method, one, answer.status)
            if "/media/" in path or "/sheets/" in path:
                assert not answer.body.startswith((b"\xff\xd8\xff", b"%PDF")), one
    after = [site.portal.store.load(site.application(c)).version for c in (theirs, uploading)]
    assert after == before


def _still(site: Site, client: WebClient, csrf: str) -> str:
    """Signing out is among the routes: then sign in again."""
    if site.shared.sessions.of(client.cookie, site.at) is not None:
        return csrf
    site.later(minutes=2)
    client.cookie = site.browser(data_of(6).phone).cookie
    return client.get("/application/data").hidden("csrf")


def test_staff_of_another_district_read_nothing(site: Site) -> None:
    known, far = ids(site, site.handed_in(2)), site.staff("far")
    paths = [p for p, m in ROUTES if "{application}" in p and m == "GET"]
    assert paths
    for path in paths:
        for one in filled(path, known):
            assert far.get(one).status == 403, one
    number = data_of(2).number
    assert data_of(2).name not in far.get(f"/staff?q={number}").text
    assert data_of(2).name in site.staff("r1").get(f"/staff?q={number}").text
    assert far.get("/staff/audit").status == 403


def test_every_form_needs_its_token_and_its_origin(site: Site) -> None:
    client, staff = site.begun(1), site.staff()
    for path, method in ROUTES:
        if method != "POST" or path == "/callbacks/payment":
            continue
        browser = staff if path.startswith("/staff") else client
        one = re.sub(r"{\w+(:\w+)?}", "card", path)
        kinds = {"x-csrf": "0" * 64}
        assert browser.post(one, b"csrf=00", **FORM, **kinds).status == 403, one
        foreign = {"origin": "https://elsewhere.invalid"}
        assert browser.post(one, b"", **FORM, **foreign).status == 403, one


@pytest.mark.parametrize(
    ("size", "word"), [(0, "empty"), (2 << 30, "MB"), (UPLOAD_BYTES_MAX + 1, "MB"), (-1, "empty")]
)
def test_an_upload_of_0_bytes_or_2_gb_is_refused_before_it_is_sent(
    site: Site, size: int, word: str
) -> None:
    client = site.begun(1)
    csrf = client.get("/application/data").hidden("csrf")
    body, head = begin_body("card", size), {"x-csrf": csrf}
    answer = client.post("/application/uploads", body, **head)
    assert answer.status == 422
    assert word in answer.text


def test_a_form_that_says_2_gb_is_not_read(site: Site) -> None:
    client = site.begun(1)
    said = {**FORM, "content-length": str(2 << 30)}
    assert client.post("/application/card", b"", **said).status == 413
    assert client.post("/application/card", b"", **{"content-length": ""}).status == 413


def test_an_upload_goes_on_where_it_stopped(site: Site) -> None:
    client, content = site.begun(1), jpeg() + bytes(PART_BYTES_MAX + 10)
    head = {"x-csrf": client.get("/application/data").hidden("csrf")}
    begun = client.post("/application/uploads", begin_body("card", len(content)), **head)
    upload = re.search(r'"upload":"(\w+)"', begun.text)
    assert upload
    path = f"/application/uploads/{upload[1]}"
    first = content[:PART_BYTES_MAX]
    for _ in range(2):  # the answer was lost: the same part again changes nothing
        assert client.post(f"{path}?offset=0", first, **head).status == 200
    assert f'"received":{PART_BYTES_MAX}' in client.get(path).text
    gap = client.post(f"{path}?offset={PART_BYTES_MAX + 5}", b"xxx", **head)
    assert gap.status == 422
    assert f'"received": {PART_BYTES_MAX}' in gap.text
    too_much = content[PART_BYTES_MAX:] + b"x"
    assert client.post(f"{path}?offset={PART_BYTES_MAX}", too_much, **head).status == 422
    rest = content[PART_BYTES_MAX:]
    assert client.post(f"{path}?offset={PART_BYTES_MAX}", rest, **head).status == 200
    site.work()
    assert site.status(client) == "card_read"


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"\x00\x00\x00\x18ftypheic" + bytes(20), "HEIC"),
        (b"<svg onload='alert(1)'/>", "JPEG or PNG"),
        (b"GIF89a", "JPEG or PNG"),
        (VIDEO, "JPEG or PNG"),
    ],
)
def test_what_is_no_picture_is_told_in_a_sentence(site: Site, content: bytes, word: str) -> None:
    client = site.begun(1)
    answer = site.upload(client, "card", content)
    assert answer.status == 422
    assert word in answer.text
    assert site.portal.store.load(site.application(client)).failures == ()


def test_a_code_is_tried_few_times_and_sent_seldom(site: Site) -> None:
    client, phone = WebClient(site.app), data_of(1).phone
    assert client.form("/sign-in", "/sign-in/code", [("phone", phone)]).status == 200
    assert client.form("/sign-in", "/sign-in/code", [("phone", phone)]).status == 429
    right = site.code()
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    for _ in range(TRIES):
        fields = [("phone", phone), ("code", wrong)]
        assert client.form("/sign-in", "/sign-in", fields).status == 403
    fields = [("phone", phone), ("code", right)]
    assert client.form("/sign-in", "/sign-in", fields).status == 403


def test_a_code_is_used_once(site: Site) -> None:
    phone = data_of(1).phone
    site.browser(phone)
    fields = [("phone", phone), ("code", site.code())]
    assert WebClient(site.app).form("/sign-in", "/sign-in", fields).status == 403


def test_a_lost_phone_is_changed_by_staff_and_the_old_one_opens_nothing(site: Site) -> None:
    client, staff = site.begun(2), site.staff()
    application = site.application(client)
    page = f"/staff/cases/{application}"
    fields = [("phone", "13912345678"), ("card_seen", "yes")]
    assert staff.form(page, f"{page}/phone", fields).status == 303
    assert client.get("/application/data").status == 404, "the old session has no application"
    assert site.application(site.browser("13912345678")) == application


def test_the_audit_log_tells_who_looked_and_shows_a_change(site: Site) -> None:
    known, staff = ids(site, site.handed_in(2)), site.staff()
    (application,) = known["application"]
    staff.get(f"/staff/cases/{application}")
    engine = site.portal.store.engine
    notes = [(n["who"], n["did"], n["about"]) for n in verified_notes(engine)]
    assert notes == [("r1", "sign-in", ""), ("r1", "look", application)]
    assert "look" in site.staff("chief").get("/staff/audit").text
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE audit SET who = 'r2' WHERE seq = 2")
    with pytest.raises(StorageDamaged):
        verified_notes(engine)


def test_the_headers_of_every_answer(site: Site) -> None:
    for path in ("/", "/nowhere", "/application", "/staff"):
        headers = WebClient(site.app).get(path).headers
        assert "script-src 'self'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["strict-transport-security"]


def test_a_full_queue_refuses_politely(site: Site) -> None:
    client = site.begun(1)
    full = WebClient(portal_app(replace(site.shared, queue_max=0)), cookie=client.cookie)
    answer = full.form("/application/card", "/application/card", [], {"file": jpeg()})
    assert answer.status == 429
    assert "minutes" in answer.text


def test_candidates_behind_a_proxy_of_this_machine_are_told_apart(site: Site) -> None:
    site.shared.code_rate._most = 1
    answers = []
    for n, (peer, said) in enumerate(
        [("127.0.0.1", "198.51.100.1"), ("127.0.0.1", "9.9.9.9, 198.51.100.2"),
         ("127.0.0.1", "198.51.100.3, 198.51.100.2"), ("192.0.2.9", "1.1.1.1"),
         ("192.0.2.9", "2.2.2.2")]
    ):  # fmt: skip
        client = WebClient(site.app, peer)
        page = client.get("/sign-in")
        fields = f"csrf={page.hidden('csrf')}&phone=1381234567{n}".encode()
        head = {"x-forwarded-for": said}
        answers.append(client.post("/sign-in/code", fields, **FORM, **head).status)
    assert answers == [200, 200, 429, 200, 429]

"""Papers, corrections, declining, excusing and the site's report, in a browser, by staff with
PINs."""

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from gate.core.events import FaceJudged
from gate.core.health_report import HandedIn
from gate.core.reasons import Reason
from gate.core.records import JournalEvent
from tests.browser.conftest import WAIT_MS, Console, signed_in
from tests.browser.test_accessibility import grave_faults
from tests.scenarios.fakes import STRANGER, FakeRoster, Rig, rig
from tests.scenarios.test_papers_check import ASKING
from tests.staff_making import PINS, everybody

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.timeout(180)]
expect.set_options(timeout=WAIT_MS)
LIVENESS = FaceJudged(Reason.LIVENESS_FAILED, 0.7, frames=3)


@pytest.fixture
def parts(tmp_path: Path) -> Rig:
    it, roster = rig(tmp_path), FakeRoster(everybody())
    roster.exam = ASKING
    roster.handed_in = HandedIn(True, {"contact": "no", "symptoms": "no"})
    it.rosters.next = roster
    return it


async def signed_in_as(page: Page, console: Console, who: str = "li") -> None:
    await signed_in(page, console, who, PINS[who])


async def another_page(browser: Browser, console: Console, who: str) -> Page:
    page = await (await browser.new_context(ignore_https_errors=True)).new_page()
    page.set_default_timeout(WAIT_MS)
    await signed_in_as(page, console, who)
    return page


async def signs(page: Page, form: str, who: str) -> None:
    """Fills in who signs, in the form of that name."""
    await page.get_by_test_id(form).get_by_test_id("by").fill(who)
    await page.get_by_test_id(form).get_by_test_id("pin").fill(PINS[who])


async def events(console: Console, *kinds: str) -> list[JournalEvent]:
    pages = [e async for page in console.parts.unit.journal.past() for e in page]
    return [e for e in pages if e["kind"] in kinds]


async def refused(page: Page, words: str) -> None:
    """One sentence in Chinese, one in English."""
    said = page.get_by_test_id("refused")
    await expect(said).to_contain_text(words)
    assert "\n" not in (await said.inner_text()).strip()


async def no_papers(console: Console) -> str:
    """The usual candidate has shown nothing yet; the id of the REFER."""
    console.gate.lane.roster.handed_in = HandedIn()  # type: ignore[union-attr]
    console.card()
    return str((await console.gate.decision())["id"])


async def doubtful(console: Console) -> str:
    console.parts.matcher.verdicts = [STRANGER] * 3
    console.card()
    return str((await console.gate.decision())["id"])


async def settled(page: Page, console: Console) -> str:
    """A doubtful case that li and wang have admitted."""
    case = await doubtful(console)
    await page.goto(f"{console.address}/cases/{case}")
    await signs(page, "form-settle", "li")
    await page.get_by_test_id("admit").click()
    await signs(page, "form-sign", "wang")
    await page.get_by_test_id("sign").click()
    await expect(page.get_by_test_id("settled")).to_contain_text("wang")
    return case


# -- papers --------------------------------------------------------------------------------------


async def test_papers_are_ticked_at_a_case_with_a_key_each(page: Page, console: Console) -> None:
    await signed_in_as(page, console)
    case = await no_papers(console)
    await page.goto(f"{console.address}/cases/{case}")
    await expect(page.get_by_test_id("to-do")).to_contain_text("查验准考通知单")
    await page.keyboard.press("1")
    await page.keyboard.press("2")
    await expect(page.get_by_test_id("shown-notice")).to_be_checked()
    await expect(page.get_by_test_id("shown-health-report")).to_be_checked()
    await page.keyboard.press("2")
    await expect(page.get_by_test_id("shown-health-report")).not_to_be_checked()
    await page.get_by_test_id("form-papers").get_by_test_id("pin").fill(PINS["li"])
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("to-do")).to_contain_text("健康申报表")
    await expect(page.get_by_test_id("to-do")).not_to_contain_text("查验准考通知单")
    await page.get_by_test_id("shown-health-report").check()
    await page.get_by_test_id("form-papers").get_by_test_id("pin").fill(PINS["li"])
    await page.get_by_test_id("look").click()
    await expect(page.get_by_test_id("to-do")).to_contain_text("再次放置证件")
    assert [e["complete"] for e in await events(console, "papers")] == [False, True]
    console.card()
    assert (await console.gate.decision())["outcome"] == "ADMIT"


async def test_a_digit_in_a_field_ticks_nothing(page: Page, console: Console) -> None:
    await signed_in_as(page, console)
    case = await no_papers(console)
    await page.goto(f"{console.address}/cases/{case}")
    await page.get_by_test_id("form-papers").get_by_test_id("pin").press_sequentially("12")
    await expect(page.get_by_test_id("shown-notice")).not_to_be_checked()


async def test_papers_are_looked_at_before_the_card_is_laid(page: Page, console: Console) -> None:
    console.gate.lane.roster.handed_in = HandedIn()  # type: ignore[union-attr]
    await signed_in_as(page, console)
    await page.get_by_test_id("nav-papers").click()
    await page.get_by_test_id("papers-find-ticket").fill("A2")
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("papers-ticket")).to_have_text("A2")
    assert "A2" not in page.url
    await page.get_by_test_id("shown-notice").check()
    await page.get_by_test_id("shown-health-report").check()
    await page.get_by_test_id("answers-open").click()
    await page.get_by_test_id("answer-symptoms").select_option("yes")
    await signs(page, "form-papers", "li")
    await page.get_by_test_id("look").click()
    await expect(page.get_by_test_id("papers-to-do")).to_contain_text("备用01")
    await page.get_by_test_id("answers-open").click()
    await page.get_by_test_id("answer-symptoms").select_option("no")
    await signs(page, "form-papers", "li")
    await page.get_by_test_id("look").click()
    await expect(page.get_by_test_id("papers-complete")).to_be_visible()
    journaled = str(await events(console, "papers"))
    assert "symptoms" not in journaled
    assert "A2" in journaled


async def test_papers_posted_twice_are_recorded_once(page: Page, console: Console) -> None:
    await signed_in_as(page, console)
    case = await no_papers(console)
    await page.goto(f"{console.address}/cases/{case}")
    form = {
        "csrf": await page.locator("[data-testid=form-papers] [name=csrf]").input_value(),
        "by": "li",
        "pin": PINS["li"],
        "ticket": "A1",
        "shown-notice": "yes",
    }
    for _ in range(2):
        answer = await page.request.post(f"{console.address}/papers", form=form)
        assert answer.status == 200
    assert len(await events(console, "papers")) == 1


async def test_papers_that_do_not_fit_are_refused(page: Page, console: Console) -> None:
    await signed_in_as(page, console)
    await page.get_by_test_id("nav-papers").click()
    for ticket in ("<b>A1</b>", "nobody"):
        await page.get_by_test_id("papers-find-ticket").fill(ticket)
        await page.get_by_test_id("papers-find").click()
        await refused(page, "nobody")
    await page.get_by_test_id("papers-find-ticket").fill("A\u202e1")
    await page.get_by_test_id("papers-find").click()
    await refused(page, "不可见字符")
    await page.get_by_test_id("papers-find-ticket").fill("A1")
    await page.get_by_test_id("papers-find").click()
    await page.get_by_test_id("form-papers").get_by_test_id("pin").fill("000000")
    await page.get_by_test_id("look").click()
    await refused(page, "编号与 PIN 不符")
    await expect(page.get_by_test_id("form-papers")).to_be_visible()
    console.gate.lane.roster.exam = replace(  # type: ignore[union-attr]
        ASKING, papers=(replace(ASKING.papers[0], requires=frozenset()),)
    )
    await signs(page, "form-papers", "li")
    await page.get_by_test_id("look").click()
    await refused(page, "无需提交")
    assert await events(console, "papers") == []


# -- corrections ---------------------------------------------------------------------------------


async def test_two_people_correct_a_settled_case(page: Page, console: Console) -> None:
    await signed_in_as(page, console)
    case = await settled(page, console)
    assert console.gate.lane.state.inside
    await page.get_by_test_id("nav-cases").click()
    await page.get_by_test_id(f"settled-{case}").click()
    await page.get_by_test_id("correct-open").click()
    await signs(page, "form-correct", "zhao")
    await page.get_by_test_id("reason").fill("座位上另有其人")
    await page.get_by_test_id("correct").click()
    await expect(page.get_by_test_id("signed-by")).to_contain_text("zhao")
    await signs(page, "form-sign", "zhao")
    await page.get_by_test_id("sign").click()
    await refused(page, "zhao 已签过字")
    await page.get_by_test_id("nav-cases").click()
    await page.get_by_test_id(f"correction-{case}").click()
    await signs(page, "form-sign", "chief")
    await page.get_by_test_id("sign").click()
    await expect(page.get_by_test_id("settled")).to_contain_text("REFUSE")
    assert not console.gate.lane.state.inside
    (corrected,) = await events(console, "case")
    assert (corrected["by"], corrected["second"]) == ("zhao", "chief")
    await page.get_by_test_id("nav-cases").click()
    await expect(page.get_by_test_id("settled-cases")).to_contain_text("已更正")


async def test_a_correction_that_is_sent_twice_or_late(
    page: Page, browser: Browser, console: Console
) -> None:
    """Posted twice it counts once; on a page that is behind it is refused and says why."""
    await signed_in_as(page, console)
    case = await settled(page, console)
    form = {
        "csrf": await page.locator("[data-testid=form-correct] [name=csrf]").input_value(),
        "by": "zhao",
        "pin": PINS["zhao"],
        "verdict": "deny",
        "reason": "另有其人",
    }
    to = f"{console.address}/cases/{case}/correct"
    assert [(await page.request.post(to, form=form)).status for _ in range(2)] == [200, 200]
    assert len(await events(console, "signature")) == 3
    other = await another_page(browser, console, "chief")
    await other.goto(f"{console.address}/cases/{case}")
    await signs(other, "form-sign", "chief")
    await other.get_by_test_id("sign").click()
    await expect(other.get_by_test_id("settled")).to_contain_text("REFUSE")
    late = await page.request.post(to, form={**form, "by": "wang", "pin": PINS["wang"]})
    assert (late.status, "无需更正" in await late.text()) == (400, True)
    for odd in ("<b>zhao</b>", "\u202eoahz"):
        answer = await page.request.post(to, form={**form, "by": odd})
        assert answer.status in (400, 403)
        assert odd not in await answer.text()
    answer = await page.request.post(to, form={**form, "verdict": "maybe"})
    assert (answer.status, len(await events(console, "case"))) == (400, 1)


async def test_after_a_restart_a_case_is_still_corrected(page: Page, console: Console) -> None:
    await signed_in_as(page, console)
    case = await settled(page, console)
    console.gate.lane.recorder.settled._verdicts.clear()  # what this run alone knew
    await page.goto(f"{console.address}/cases/{case}")
    await expect(page.get_by_test_id("settled")).to_contain_text("ADMIT")
    await expect(page.get_by_test_id("correct-part")).to_be_visible()


# -- declining and excusing ----------------------------------------------------------------------


async def test_who_declines_while_typed_takes_the_staffed_lane(
    page: Page, console: Console
) -> None:
    await signed_in_as(page, console)
    await page.get_by_test_id("type-ticket").fill("A1")
    await page.get_by_test_id("type-declined").check()
    await signs(page, "form-type", "li")
    await page.keyboard.press("Enter")
    decision = await console.gate.decision()
    assert (decision["reason"], decision["declined_by"]) == ("FACE_DECLINED", "li")
    await expect(page.get_by_test_id("to-do")).to_contain_text("两人核对")


async def test_who_declines_at_the_gate_is_looked_at_no_more(page: Page, console: Console) -> None:
    await signed_in_as(page, console)
    console.parts.matcher.hold.clear()
    console.card()
    await console.gate.phase("matching")
    await signs(page, "form-at-gate", "li")
    await page.get_by_test_id("decline").click()
    console.parts.matcher.hold.set()
    assert (await console.gate.decision())["reason"] == "FACE_DECLINED"
    await expect(page.get_by_test_id("case-reason")).to_contain_text("人工核验通道")


async def test_nobody_at_the_gate_declines_or_is_excused(page: Page, console: Console) -> None:
    await signed_in_as(page, console)
    await signs(page, "form-at-gate", "li")
    await page.get_by_test_id("decline").click()
    await refused(page, "没有可走人工核验的考生")
    await page.get_by_test_id("back").click()
    await signs(page, "form-at-gate", "li")
    await page.get_by_test_id("excuse").click()
    await refused(page, "没有可免除动作的考生")


async def test_the_candidate_at_the_gate_is_excused_from_the_action(
    page: Page, parts: Rig, console: Console
) -> None:
    (paper,) = ASKING.papers
    asks = replace(ASKING, papers=(replace(paper, face=replace(paper.face, liveness="action")),))
    parts.rosters.next = FakeRoster(everybody())
    parts.rosters.next.exam = asks
    parts.rosters.next.handed_in = HandedIn(True, {"contact": "no", "symptoms": "no"})
    await console.gate.until(lambda: console.gate.lane.state.exam is asks)
    await signed_in_as(page, console)
    parts.matcher.verdicts = [LIVENESS] * 3
    console.card()
    await console.gate.decision()
    await signs(page, "form-at-gate", "wang")
    await page.get_by_test_id("excuse").click()
    await expect(page.get_by_test_id("form-at-gate")).to_be_visible()
    (noted,) = await events(console, "excused")
    assert (noted["by"], noted["ticket"]) == ("wang", "A1")


# -- the site's report ---------------------------------------------------------------------------


async def test_the_chief_signs_the_report(page: Page, console: Console) -> None:
    await signed_in_as(page, console)
    console.card()
    await console.gate.decision()
    await page.get_by_test_id("nav-report").click()
    await page.get_by_test_id("report-00015-am").click()
    await expect(page.get_by_test_id("report-expected")).to_have_text("2")
    await expect(page.get_by_test_id("report-admitted")).to_have_text("1")
    await signs(page, "form-report", "li")
    await page.get_by_test_id("sign-report").click()
    await refused(page, "须由主考签字")
    await signs(page, "form-report", "chief")
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("report-signed")).to_contain_text("chief")
    (signed,) = await events(console, "report")
    assert (signed["by"], signed["admitted"]) == ("chief", 1)
    link = await page.get_by_test_id("report-pdf").get_attribute("href")
    printed = await page.request.get(f"{console.address}{link}")
    assert printed.headers["content-type"] == "application/pdf"
    assert (await printed.body()).startswith(b"%PDF")
    (drawn,) = console.parts.unit.sheets.reports  # type: ignore[attr-defined]
    assert (drawn.is_signed, "老师chief" in " ".join(drawn.signature)) == (True, True)


async def test_a_report_is_signed_once_and_as_it_was_seen(page: Page, console: Console) -> None:
    await signed_in_as(page, console, "chief")
    await page.goto(f"{console.address}/report/00015-am")
    form = {
        name: await page.locator(f"[data-testid=form-report] [name={name}]").input_value()
        for name in ("csrf", "digest")
    }
    form |= {"by": "chief", "pin": PINS["chief"]}
    for _ in range(2):
        assert (await page.request.post(page.url, form=form)).status == 200
    assert len(await events(console, "report")) == 1
    console.card()
    await console.gate.decision()
    await page.reload()
    await expect(page.get_by_test_id("report-signed")).to_contain_text("请重新签字")
    late = await page.request.post(page.url, form=form)
    assert (late.status, "数据在显示后已变化" in await late.text()) == (400, True)
    without = await page.request.post(page.url, form={**form, "csrf": "x"})
    assert without.status == 403
    assert len(await events(console, "report")) == 1


# -- all of them ---------------------------------------------------------------------------------


async def tabbed_to(page: Page, name: str) -> None:
    """The element has the keyboard, by Tab alone."""
    for _ in range(60):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.dataset.testid") == name:
            return
    raise AssertionError(f"Tab does not come to {name}")


async def test_keys_alone_correct_a_case_and_decline(page: Page, console: Console) -> None:
    await signed_in_as(page, console)
    case = await settled(page, console)
    await page.goto(f"{console.address}/cases/{case}")
    await tabbed_to(page, "correct-open")
    await page.keyboard.press("Enter")
    await tabbed_to(page, "pin")
    await page.keyboard.type(PINS["li"])
    await tabbed_to(page, "reason")
    await page.keyboard.type("另有其人")
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("signed-by")).to_contain_text("li")
    await tabbed_to(page, "nav-now")
    await page.keyboard.press("Enter")
    await page.get_by_test_id("form-at-gate").wait_for()
    await tabbed_to(page, "pin")
    await page.keyboard.type(PINS["li"])
    await tabbed_to(page, "excuse")
    await page.keyboard.press("Enter")
    await refused(page, "没有可免除动作的考生")


@pytest.mark.parametrize("width", [360, 1920])
async def test_the_forms_fit_and_have_no_serious_fault(
    page: Page, console: Console, width: int
) -> None:
    await page.set_viewport_size({"width": width, "height": 800})
    await signed_in_as(page, console)
    closed = await settled(page, console)
    console.parts.matcher.verdicts = [STRANGER]
    console.gate.lane.roster.handed_in = HandedIn()  # type: ignore[union-attr]
    console.parts.reader.queue.put_nowait(console.parts.card("440524188001010014"))
    asked = str((await console.gate.decision())["id"])
    for path in (
        "",
        "papers",
        "cases",
        f"cases/{closed}",
        f"cases/{asked}",
        "report",
        "report/00015-am",
    ):
        await page.goto(f"{console.address}/{path}")
        await page.get_by_test_id("who").wait_for()
        for summary in await page.locator("summary").all():
            await summary.click()
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert await grave_faults(page) == [], path


async def test_on_a_phone_no_value_is_squeezed_and_no_column_is_cut_off(
    page: Page, console: Console
) -> None:
    await page.set_viewport_size({"width": 360, "height": 740})
    await signed_in_as(page, console)
    closed = await settled(page, console)
    for path in ("", f"cases/{closed}", "report/00015-am", "unit", "rooms"):
        await page.goto(f"{console.address}/{path}")
        await page.get_by_test_id("who").wait_for()
        widths = await page.evaluate(
            "[...document.querySelectorAll('dd')].map(d => d.getBoundingClientRect().width)"
        )
        assert min(widths, default=360) >= 120, path
    table = page.locator(".scroll")
    assert await table.evaluate("e => e.scrollWidth <= e.clientWidth")


# -- connections to the gate ---------------------------------------------------------------------


async def test_guessing_on_one_browser_slows_no_other_down(
    page: Page, browser: Browser, console: Console
) -> None:
    """Forty wrong PINs for the chief, signed in and not: the chief signs in elsewhere at once, and
    on the same browser li still signs."""
    await signed_in_as(page, console)
    csrf = await page.locator("[data-testid=form-at-gate] [name=csrf]").input_value()
    stranger = await (await browser.new_context(ignore_https_errors=True)).new_page()
    await stranger.goto(f"{console.address}/sign-in")
    theirs = await stranger.locator("[name=csrf]").input_value()
    said = []
    for n in range(20):
        wrong = {"by": "chief", "pin": f"{n:06d}"}
        for guess, verb, token in ((page, "excuse", csrf), (stranger, "sign-in", theirs)):
            answer = await guess.request.post(
                f"{console.address}/{verb}", form={"csrf": token, **wrong}
            )
            said.append(await answer.text())
    assert sum("编号与 PIN 不符" in s for s in said) == 6
    assert sum("PIN 输错次数过多" in s for s in said) == 34
    chief = await another_page(browser, console, "chief")
    await expect(chief.get_by_test_id("who")).to_have_text("老师chief")
    await signs(page, "form-at-gate", "li")
    await page.get_by_test_id("excuse").click()
    await refused(page, "没有可免除动作的考生")


async def test_signing_out_ends_the_sign_in_at_the_gate(page: Page, console: Console) -> None:
    pins = console.gate.desk.pins
    await signed_in_as(page, console)
    assert len(pins._tokens) == 1
    await page.goto(f"{console.address}/sign-in")
    await page.get_by_test_id("by").fill("wang")
    await page.get_by_test_id("pin").fill(PINS["wang"])
    await page.get_by_test_id("sign-in").click()
    await expect(page.get_by_test_id("who")).to_have_text("老师wang")
    (left,) = pins._tokens.values()
    assert left.who.id == "wang"
    await page.get_by_test_id("sign-out").click()
    await page.get_by_test_id("sign-in").wait_for()
    assert not pins._tokens

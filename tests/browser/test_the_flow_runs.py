"""The follow-up is built by hand on the canvas, and a thousand people walk it, with the clock driven: over Golden Week, through
the decision, stopped in the middle and published again. Every mail and every notice leaves once, over real SMTP."""

from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tashika.core.clock import JAPAN
from tests.browser.conftest import Desk
from tests.browser.flow_building import HOT, TAG, build_follow_up, prepare
from tests.browser.inside import Inside, driven_clock, turn
from tests.browser.test_the_whole_job import add_relay, set_up
from tests.fakes.smtp_server import SmtpServer

PEOPLE, OPENERS = 1000, 400
OWNER = "hanako@mirai.example.jp"
pytestmark = pytest.mark.system

_PEOPLE = f"""
from bench import scenery
from django.db import connection
from tashika.accounts.models import User
from tashika.core import clock
from tashika.contents.models import Content
from tashika.contents import drafting
scenery.people({PEOPLE})
owner = User.objects.get()
User.objects.update(verified_email=owner.email, verified_at=clock.now())
connection.cursor().execute("UPDATE people_contact SET owner_id = %s", [owner.pk])
for mail in Content.objects.filter(kind="mail"):
    drafting.save(content=mail, draft=dict(scenery.SHORT_MAIL), by=None, now=clock.now())
"""
_TAG = f"""
from datetime import datetime
from tashika.people import sources, tagging
now = datetime.fromisoformat("2026-04-30T10:00:00+09:00")
tag, source = tagging.of_name("{TAG}", now=now), sources.of_scenario("S-0", "test", now=now)
result = tagging.put(tag=tag, contacts=("SELECT id FROM people_contact", []), source=source, now=now)
"""
_OPEN = f"""
from django.db import connection
connection.cursor().execute(
    "INSERT INTO activity_event (at, contact_id, kind, mail_number, detail)"
    " SELECT '2026-05-09T12:00:00+09:00', id, 'opened', 1, '{{}}' FROM people_contact ORDER BY id LIMIT {OPENERS}")
"""


def at(words: str) -> datetime:
    return datetime.fromisoformat(f"2026-{words}").replace(tzinfo=JAPAN)


def here(node: str) -> str:
    return f"SELECT count(*) FROM scenarios_enrolment WHERE state = 'walking' AND node = '{node}'"


def publish(desk: Desk, scenario: str, choice: str = "") -> None:
    """By the review's page."""
    desk.goto(f"/scenarios/{scenario}/review")
    if choice:
        desk.page.check(f"input[name=choice][value={choice}]")
    desk.page.click("main button.primary.large")
    expect(desk.page.locator("#notices")).to_contain_text(desk.t("公開しました", "Published"))


@pytest.mark.parametrize("language", ["ja"])
def test_a_thousand_people_walk_what_was_built_by_hand(desk: Desk, folder: Path) -> None:
    with SmtpServer() as server:
        set_up(desk)
        add_relay(desk, server)
        prepare(desk)
        inside = Inside(desk.at)
        inside.run(_PEOPLE)
        scenario = build_follow_up(desk)
        with driven_clock(desk.at, folder, at("04-30T10:00")) as clock:
            publish(desk, scenario)
            assert inside.run(_TAG) == PEOPLE
            _the_way_to_the_decision(inside, clock, server)
            _stopped_in_the_middle(desk, scenario, inside, clock)
            _the_end(inside, clock, server)
        desk.goto(f"/scenarios/{scenario}")
        expect(desk.page.locator(".react-flow__node[data-id=n9]")).to_contain_text(f"{PEOPLE - OPENERS}")
        expect(desk.page.locator(".react-flow__node[data-id=n7]")).to_contain_text(f"{OPENERS}")
        desk.picture("33-flow-figures")
        inside.end()
    _everybody_got_what_they_should(server)


def _the_way_to_the_decision(inside: Inside, clock: Path, server: SmtpServer) -> None:
    inside.wait_for(here("n3"), PEOPLE)
    inside.wait_for("SELECT count(*) FROM delivery_ledger WHERE state = 'accepted'", PEOPLE)
    assert len(server.taken) == PEOPLE
    turn(clock, at("05-08T09:59"))  # Friday 1, Thursday 7 and Friday 8 May: between them a weekend and three holidays
    inside.wait_for(here("n3"), PEOPLE)
    turn(clock, at("05-08T10:00"))
    inside.wait_for(here("n4"), PEOPLE)
    inside.run(_OPEN)
    turn(clock, at("05-09T12:01"))
    inside.wait_for(here("n4"), PEOPLE - OPENERS)
    inside.wait_for("SELECT count(*) FROM scenarios_enrolment WHERE state = 'done'", OPENERS)
    tagged = f"SELECT count(*) FROM people_tagging g JOIN people_tag t ON t.id = g.tag_id WHERE t.name = '{HOT}'"
    assert inside.figure(tagged) == OPENERS
    assert inside.figure("SELECT count(*) FROM people_contact WHERE score = 15") == OPENERS
    assert inside.figure("SELECT sum(score) FROM people_contact") == 15 * OPENERS
    inside.wait_for("SELECT count(*) FROM delivery_ledger WHERE state = 'accepted'", PEOPLE + OPENERS)


def _stopped_in_the_middle(desk: Desk, scenario: str, inside: Inside, clock: Path) -> None:
    """Unpublished while the decision's time runs out: nobody goes on. The review says how many that concerns."""
    desk.goto(f"/scenarios/{scenario}")
    desk.page.click("[data-open=unpublish]")
    desk.page.click("#unpublish button.danger")
    expect(desk.page.locator("#notices")).to_contain_text("非公開にしました")
    steps = inside.figure("SELECT count(*) FROM scenarios_visit")
    turn(clock, at("05-15T10:00"))
    desk.page.wait_for_timeout(3000)
    assert inside.figure("SELECT count(*) FROM scenarios_visit") == steps
    desk.goto(f"/scenarios/{scenario}/review")
    expect(desk.page.locator("main")).to_contain_text(f"予定が過ぎた人が{PEOPLE - OPENERS}人")
    publish(desk, scenario, choice="now")


def _the_end(inside: Inside, clock: Path, server: SmtpServer) -> None:
    inside.wait_for(here("n9"), PEOPLE - OPENERS)
    inside.wait_for("SELECT count(*) FROM delivery_ledger WHERE state = 'accepted'", 2 * PEOPLE)
    turn(clock, at("05-19T09:59"))
    inside.wait_for(here("n9"), PEOPLE - OPENERS)
    turn(clock, at("05-19T10:00"))  # the Tuesday after
    inside.wait_for("SELECT count(*) FROM scenarios_enrolment WHERE state = 'done'", PEOPLE)
    steps = OPENERS * 7 + (PEOPLE - OPENERS) * 6
    assert inside.figure("SELECT count(*) FROM scenarios_visit") == steps
    assert len(server.taken) == 2 * PEOPLE


def _everybody_got_what_they_should(server: SmtpServer) -> None:
    mails = Counter(mail.recipient for mail in server.taken)
    assert mails.pop(OWNER) == OPENERS
    assert Counter(mails.values()) == {1: OPENERS, 2: PEOPLE - OPENERS}

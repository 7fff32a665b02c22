"""Drafts, problems and previews of mails."""

import time
from datetime import datetime

import pytest

from tashika.accounts.models import User
from tashika.contents import drafting as contents
from tashika.contents.models import Content
from tashika.core import clock
from tashika.core.errors import Conflict
from tashika.mails import drafting, previewing
from tashika.mails.starting_designs import DESIGNS, EMPTY
from tashika.people.models import Contact, CustomField
from tests.mails.samples import body

pytestmark = pytest.mark.django_db


@pytest.fixture
def mail(editor: User, now: datetime) -> Content:
    return drafting.begin(name="秋の案内", design_key="newsletter", by=editor, now=now)


@pytest.mark.parametrize("design", DESIGNS, ids=lambda design: design.key)
def test_every_design_is_ready_to_send_once_it_has_a_sender(design: object) -> None:
    draft = {**design.body(), "from_email": "news@example.jp"}  # type: ignore[attr-defined]
    assert [str(problem.what) for problem in drafting.problems(draft)] == []


def test_a_new_mail_takes_the_sender_of_the_last(mail: Content, editor: User, now: datetime) -> None:
    contents.save(content=mail, draft={**mail.draft, "from_email": "a@example.jp"}, by=editor, now=now)
    assert drafting.begin(name="", design_key="plain", by=editor, now=now).draft["from_email"] == "a@example.jp"


def test_a_broken_draft_is_saved_and_its_problems_have_places(mail: Content, editor: User, now: datetime) -> None:
    broken = {**mail.draft, "mjml": "<mjml>\n<mj-body>\n<mj-sction></mj-sction>\n</mj-body></mjml>"}
    saved = contents.save(content=mail, draft=drafting.accepted(broken), by=editor, now=now)
    found = [problem for problem in drafting.problems(saved.draft) if problem.part == "mjml"]
    assert [(problem.line, problem.column) for problem in found] == [(3, 1)]


def test_two_editors_never_overwrite_each_other(mail: Content, editor: User, now: datetime) -> None:
    contents.save(content=mail, draft=mail.draft, name="一人目", revision=1, by=editor, now=now)
    with pytest.raises(Conflict):
        contents.save(content=mail, draft=mail.draft, name="二人目", revision=1, by=editor, now=now)


@pytest.mark.parametrize(
    "entry", [{"subject": 5}, {"format": "pdf"}, {"mjml": "x" * 600_000}, {"html": "\0"}, {"track_opens": "yes"}]
)
def test_what_is_no_draft_is_refused(entry: dict[str, object]) -> None:
    with pytest.raises(drafting.UnableToSaveMail):
        drafting.accepted({**EMPTY, **entry})


def test_custom_fields_are_checked_against_those_that_exist() -> None:
    draft = body(html="<p>{{ contact.custom.rank }}</p>")
    assert drafting.problems(draft)
    CustomField.objects.create(key="rank", label="ランク", type="text")
    assert drafting.problems(draft) == []


def test_a_salutation_without_fallback_is_a_warning() -> None:
    found = drafting.problems(body(html="<p>\n{{ contact.family_name }} 様</p>"))
    assert [(problem.severity, problem.line) for problem in found] == [("warning", 2)]


def test_a_preview_is_what_the_contact_would_get() -> None:
    now = clock.now()
    contact = Contact.objects.create(
        email="a@example.jp",
        email_key="a@example.jp",
        address_hash=b"x" * 32,
        family_name="髙橋",
        company_name="架空商事",
        created_at=now,
        updated_at=now,
    )
    shown = previewing.preview(body(), contact=contact, now=now)
    assert shown.merged and shown.subject == "髙橋様へのご案内"
    assert "架空商事" in shown.html and "架空商事" in shown.text
    assert dict(shown.headers)["To"] == "a@example.jp"


def test_a_preview_for_nobody_shows_the_fallbacks() -> None:
    shown = previewing.preview(body(), contact=None, now=clock.now())
    assert shown.subject == "お客様様へのご案内"
    assert "ご担当者 様" in shown.text


def test_a_mail_with_errors_is_shown_as_written() -> None:
    shown = previewing.preview(body(html="<p>{{ contact.x }} こんにちは</p>"), contact=None, now=clock.now())
    assert not shown.merged
    assert "こんにちは" in shown.html and "contact.x" in shown.text
    assert previewing.preview(body(format="mjml", mjml="<mjml"), contact=None, now=clock.now()).html == ""


def test_made_text_is_the_htmls() -> None:
    assert previewing.made_text(body()).startswith("{{ contact.company_name }}\n")


@pytest.mark.parametrize(
    "piece", ["<", "<a ", '<a "', "{{", "{%", "<!--", "<![CDATA[", "<mj-text>", "<style>", "<p title='", "｛"]
)
@pytest.mark.parametrize("source_format", ["mjml", "html", "text"])
def test_a_hostile_source_is_judged_in_no_time(piece: str, source_format: str) -> None:
    draft = body(format=source_format, **{source_format: piece * (100_000 // len(piece))})
    start = time.process_time()
    drafting.problems(draft)
    previewing.made_text(draft)
    assert time.process_time() - start < 5  # it was minutes

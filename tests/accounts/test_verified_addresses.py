"""A staff address is verified by its owner's click, or by an administrator's word on record."""

from collections.abc import Callable
from datetime import datetime, timedelta
from email import message_from_bytes, policy

import pytest
from django.test import Client

from tashika.accounts import verifying
from tashika.accounts.models import User
from tashika.core.errors import NotAllowed
from tashika.core.models import AuditEntry
from tashika.delivery import stopping, verification_mail
from tests.delivery.conftest import relay_to
from tests.fakes.smtp_server import SmtpServer

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator(person: Callable[[str], User]) -> User:
    return person("administrator")


def test_the_mailed_link_verifies_the_address_when_its_owner_presses_the_button(
    administrator: User, editor: User, now: datetime
) -> None:
    with SmtpServer() as server:
        relay_to(server, now, is_default=True)
        verification_mail.send(user=editor, by=administrator, now=now)
        mail = server.taken[0]
    assert mail.recipient == editor.email
    text = message_from_bytes(mail.body, policy=policy.default).get_body(("plain",)).get_content()
    path = "/verify/" + text.partition("/verify/")[2].split()[0]
    browser = Client()
    assert browser.get(path).status_code == 200
    assert not User.objects.get(pk=editor.pk).is_verified, "a link scanner verifies nothing"
    assert browser.post(path).status_code == 200
    assert User.objects.get(pk=editor.pk).is_verified
    assert AuditEntry.objects.get(verb="verify_user").detail == {"way": "link"}


def test_a_link_that_is_old_altered_or_of_another_address_verifies_nothing(editor: User, now: datetime) -> None:
    token = verifying.token_for(editor, now=now)
    with pytest.raises(verifying.UnableToVerify):
        verifying.by_link(token=token, now=now + timedelta(days=8))
    with pytest.raises(verifying.UnableToVerify):
        verifying.by_link(token=token[:-1] + ("A" if token[-1] != "A" else "B"), now=now)
    User.objects.update(email="other@staff.example.jp")
    with pytest.raises(verifying.UnableToVerify):
        verifying.by_link(token=token, now=now)
    assert Client().get("/verify/nonsense").status_code >= 400
    assert not User.objects.get(pk=editor.pk).is_verified


def test_an_administrators_word_is_on_record_with_the_name_and_nobody_elses_counts(
    administrator: User, editor: User, publisher: User, now: datetime
) -> None:
    with pytest.raises(NotAllowed):
        verifying.by_word(user=editor, by=publisher, now=now)
    browser = Client()
    browser.force_login(administrator)
    browser.post("/settings/people", {"user": editor.pk, "act": "verify"})
    browser.post("/settings/people", {"user": editor.pk, "act": "verify"})
    assert User.objects.get(pk=editor.pk).is_verified
    assert AuditEntry.objects.get(verb="verify_user").actor_label == administrator.name


def test_no_verification_mail_leaves_during_an_emergency_stop(administrator: User, editor: User, now: datetime) -> None:
    with SmtpServer() as server:
        relay_to(server, now, is_default=True)
        stopping.press_all(verifying.actor_of(administrator), by=administrator, reason="", now=now)
        with pytest.raises(verification_mail.UnableToMail):
            verification_mail.send(user=editor, by=administrator, now=now)
        assert not server.taken

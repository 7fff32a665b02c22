"""Providers' webhooks: only with the password and the signature; events become reports like any other."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.http import HttpResponse
from django.test import Client

from tashika.accounts.models import User
from tashika.core.errors import NotAllowed
from tashika.delivery.bounces import hooks
from tashika.delivery.bounces.models import Bounce, Hook, RawReport
from tashika.delivery.models import LedgerRow
from tashika.people import suppression
from tests.delivery.bounces.conftest import RETURN_PATH, dispatched
from tests.delivery.bounces.conftest import return_path as verp

pytestmark = pytest.mark.django_db
KEY = base64.b64encode(b"a key of the provider's").decode()
SENDGRID_KEY = ec.generate_private_key(ec.SECP256R1())


def key_of(provider: str) -> str:
    """A key in the form that the provider gives it in."""
    if provider != "sendgrid":
        return KEY if hooks.PROVIDERS[provider].key_name else ""
    public = SENDGRID_KEY.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return base64.b64encode(public).decode()


@pytest.fixture
def administrator(person: Callable[[str], User]) -> User:
    return person("administrator")


@pytest.fixture
def row(now: datetime) -> LedgerRow:
    return dispatched(1, now)[0]


def envelope(row: LedgerRow) -> str:
    return verp.envelope_sender(int(row.pk), return_path=RETURN_PATH, from_address="")


def opened(provider: str, by: User, now: datetime) -> dict[str, str]:
    """The header that the address given to the provider makes its caller send."""
    address = hooks.open_to(provider=provider, signing_key=key_of(provider), by=by, now=now)
    password = address.partition("://")[2].partition("@")[0]
    return {"Authorization": "Basic " + base64.b64encode(password.encode()).decode()}


def post(provider: str, body: Any, headers: dict[str, str]) -> HttpResponse:
    client = Client(enforce_csrf_checks=True)
    return client.post(  # type: ignore[return-value]
        f"/hooks/mail/{provider}", json.dumps(body), content_type="application/json", headers=headers
    )


def postmark(row: LedgerRow, **changes: Any) -> dict[str, Any]:
    return {
        "RecordType": "Bounce",
        "Type": "HardBounce",
        "TypeCode": 1,
        "ID": 42,
        "MessageID": "11111111-2222-3333-4444-555555555555",
        "Email": row.address,
        "From": envelope(row),
        "Details": "smtp;550 5.1.1 The email account that you tried to reach does not exist.",
        "BouncedAt": "2026-11-24T10:00:00Z",
        **changes,
    }


def test_a_bounce_of_a_provider_is_a_report_like_any_other(row: LedgerRow, administrator: User, now: datetime) -> None:
    headers = opened("postmark", administrator, now)
    for _ in range(2):  # providers repeat themselves
        assert post("postmark", postmark(row), headers).status_code == 200
    bounce = Bounce.objects.get()
    assert (bounce.kind, bounce.reason, bounce.code) == ("hard", "unknown_user", "5.1.1")
    assert (bounce.tied_by, bounce.row_id, bounce.format) == ("token", row.pk, "postmark")
    assert suppression.is_suppressed(row.address)
    assert Hook.objects.get().called_at is not None


def test_without_a_trace_the_latest_mail_to_that_address_is_meant(
    row: LedgerRow, administrator: User, now: datetime
) -> None:
    headers = opened("postmark", administrator, now)
    post("postmark", postmark(row, From="x@mirai.example.jp"), headers)
    assert (Bounce.objects.get().tied_by, Bounce.objects.get().row_id) == ("recipient", row.pk)


def test_nobody_else_is_listened_to(row: LedgerRow, administrator: User, now: datetime) -> None:
    body = postmark(row)
    assert post("postmark", body, {"Authorization": "Basic dGFzaGlrYTp4"}).status_code == 404, "no hook yet"
    headers = opened("postmark", administrator, now)
    assert post("postmark", body, {"Authorization": "Basic dGFzaGlrYTp4"}).status_code == 404
    assert post("postmark", body, {}).status_code == 401, "asked for the password"
    assert post("mailgun", body, headers).status_code == 404
    assert post("nobody", body, headers).status_code == 404
    assert Client().get("/hooks/mail/postmark", headers=headers).status_code == 405
    fresh = opened("postmark", administrator, now)
    assert post("postmark", body, headers).status_code == 404, "the old password is void"
    hooks.close(provider="postmark", by=administrator, now=now)
    assert post("postmark", body, fresh).status_code == 404
    assert not RawReport.objects.exists()


@pytest.mark.parametrize("provider", sorted(hooks.PROVIDERS))
def test_what_can_not_be_read_is_refused_and_breaks_nothing(provider: str, administrator: User, now: datetime) -> None:
    headers = opened(provider, administrator, now)
    for body in (None, [], {}, [{}], [None], {"signature": {}}, "x", 1, {"event": "bounce"}, [{"msys": 1}]):
        assert post(provider, body, headers).status_code in (200, 400, 404), body
    assert not Bounce.objects.exclude(row_id=None).exists()


def test_sendgrid_has_to_sign(row: LedgerRow, administrator: User, now: datetime) -> None:
    headers = opened("sendgrid", administrator, now)
    event = {"event": "bounce", "email": row.address, "timestamp": 1764000000, "sg_event_id": "e1", "type": "bounce",
             "reason": "550 5.1.1 no such user", "smtp-id": f"<{row.message_id}@mirai.example.jp>"}  # fmt: skip
    signed = SENDGRID_KEY.sign(b"1764000000" + json.dumps([event]).encode(), ec.ECDSA(hashes.SHA256()))
    more = {
        "X-Twilio-Email-Event-Webhook-Timestamp": "1764000000",
        "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signed).decode(),
    }
    assert post("sendgrid", [event], headers).status_code == 404
    assert post("sendgrid", [{**event, "email": "x@example.jp"}], headers | more).status_code == 404
    assert post("sendgrid", [event], headers | more).status_code == 200
    assert (Bounce.objects.get().kind, Bounce.objects.get().row_id) == ("hard", row.pk)


def test_mailgun_has_to_sign(row: LedgerRow, administrator: User, now: datetime) -> None:
    headers = opened("mailgun", administrator, now)

    def body(key: str) -> dict[str, Any]:
        signature = hmac.new(key.encode(), b"1764000000token", hashlib.sha256).hexdigest()
        return {
            "signature": {"timestamp": "1764000000", "token": "token", "signature": signature},
            "event-data": {
                "event": "failed",
                "severity": "permanent",
                "id": "e1",
                "timestamp": 1764000000.1,
                "recipient": row.address,
                "reason": "bounce",
                "delivery-status": {"code": 550, "message": "5.1.1 no such user", "description": ""},
                "message": {"headers": {"message-id": f"{row.message_id}@mirai.example.jp"}},
                "user-variables": {},
                "tags": [],
            },
        }

    assert post("mailgun", body("wrong"), headers).status_code == 404
    assert post("mailgun", body(KEY), headers).status_code == 200
    bounce = Bounce.objects.get()
    assert (bounce.kind, bounce.tied_by, bounce.row_id) == ("hard", "message_id", row.pk)


def test_resend_has_to_sign_and_be_fresh(row: LedgerRow, administrator: User, now: datetime) -> None:
    headers = opened("resend", administrator, now)
    body = {
        "type": "email.complained",
        "created_at": "2026-11-24T10:00:00Z",
        "data": {"email_id": "e1", "to": [row.address], "from": envelope(row), "created_at": "2026-11-24T10:00:00Z"},
    }

    def signed(at: int, key: bytes = base64.b64decode(KEY)) -> dict[str, str]:
        payload = f"msg_1.{at}.".encode() + json.dumps(body).encode()
        signature = base64.b64encode(hmac.digest(key, payload, "sha256")).decode()
        return {**headers, "svix-id": "msg_1", "svix-timestamp": str(at), "svix-signature": f"v1,{signature}"}

    moment = int(now.timestamp())
    assert post("resend", body, headers).status_code == 404
    assert post("resend", body, signed(moment, b"wrong")).status_code == 404
    assert post("resend", body, signed(moment - 3600)).status_code == 404
    assert post("resend", body, signed(moment)).status_code == 200
    assert (Bounce.objects.get().kind, Bounce.objects.get().row_id) == ("complaint", row.pk)


def ses(kind: str, message: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    outer = {"Type": kind, "MessageId": "m1", "TopicArn": "arn:aws:sns:ap-northeast-1:1:t", **message}
    return outer, {"x-amz-sns-message-type": kind, "x-amz-sns-message-id": "m1"}


def test_ses_speaks_of_the_return_path(row: LedgerRow, administrator: User, now: datetime) -> None:
    headers = opened("amazon-ses", administrator, now)
    event = {
        "notificationType": "Bounce",
        "mail": {"messageId": "0101", "source": envelope(row), "destination": [row.address]},
        "bounce": {
            "bounceType": "Permanent",
            "bounceSubType": "General",
            "timestamp": "2026-11-24T10:00:00.000Z",
            "bouncedRecipients": [{"emailAddress": row.address, "status": "5.0.0", "diagnosticCode": "smtp; 550"}],
        },
    }
    body, more = ses("Notification", {"Message": json.dumps(event)})
    assert post("amazon-ses", body, headers | more).status_code == 200
    bounce = Bounce.objects.get()
    assert (bounce.kind, bounce.row_id) == ("hard", row.pk)


def test_a_subscription_waits_for_a_person_and_nothing_is_fetched(administrator: User, now: datetime) -> None:
    headers = opened("amazon-ses", administrator, now)
    body, more = ses("SubscriptionConfirmation", {"SubscribeURL": "https://sns.example.com/confirm", "Token": "t"})
    assert post("amazon-ses", body, headers | more).status_code == 200
    assert "https://sns.example.com/confirm" in Bounce.objects.get().words


def test_a_delivery_is_kept_only_as_evidence_for_a_doubt(administrator: User, now: datetime) -> None:
    accepted = dispatched(1, now)[0]
    doubt = dispatched(1, now, reason="test:2", state="in_doubt")[0]
    headers = opened("postmark", administrator, now)
    for number, one in enumerate((accepted, doubt)):
        delivery = {
            "RecordType": "Delivery",
            "MessageID": f"{number}",
            "Recipient": one.address,
            "DeliveredAt": "2026-11-24T10:00:00Z",
            "Details": "250 ok",
            "Metadata": {"return-path": envelope(one)},
        }
        assert post("postmark", delivery, headers).status_code == 200
    doubt.refresh_from_db()
    assert doubt.state == "accepted"
    assert [bounce.row_id for bounce in Bounce.objects.all()] == [doubt.pk]


@pytest.mark.parametrize("what", ["Open", "Click", "Delivery"])
def test_what_goes_well_settles_the_doubt_that_it_names_and_no_other(
    what: str, administrator: User, now: datetime
) -> None:
    doubt = dispatched(1, now, state="in_doubt")[0]
    headers = opened("postmark", administrator, now)
    event = {"RecordType": what, "MessageID": "1", "Recipient": doubt.address, "OriginalLink": "https://example.jp/"}
    post("postmark", event, headers)
    doubt.refresh_from_db()
    assert doubt.state == "in_doubt", "it may be of an earlier mail to the same address"
    assert not RawReport.objects.exists()
    post("postmark", event | {"Metadata": {"return-path": envelope(doubt)}}, headers)
    doubt.refresh_from_db()
    assert doubt.state == "accepted" and "delivered" in doubt.reply


def test_a_bounce_that_names_only_the_address_settles_no_doubt(administrator: User, now: datetime) -> None:
    doubt = dispatched(1, now, state="in_doubt")[0]
    post("postmark", postmark(doubt, From="x@mirai.example.jp"), opened("postmark", administrator, now))
    doubt.refresh_from_db()
    assert (doubt.state, Bounce.objects.get().tied_by) == ("in_doubt", "recipient")


def test_opens_and_clicks_of_a_provider_are_not_ours(row: LedgerRow, administrator: User, now: datetime) -> None:
    headers = opened("postmark", administrator, now)
    post("postmark", {"RecordType": "Open", "MessageID": "1", "Recipient": row.address}, headers)
    assert not RawReport.objects.exists()


def test_only_an_administrator_opens_a_hook_and_a_provider_that_signs_needs_its_key(
    person: Callable[[str], User], administrator: User, now: datetime
) -> None:
    with pytest.raises(NotAllowed):
        hooks.open_to(provider="postmark", signing_key="", by=person("publisher"), now=now)
    for provider in ("mailgun", "nobody"):
        with pytest.raises(hooks.UnableToSetUpHook):
            hooks.open_to(provider=provider, signing_key=" ", by=administrator, now=now)

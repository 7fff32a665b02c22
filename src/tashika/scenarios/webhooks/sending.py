"""Send the webhooks that are due. Each is claimed in a commit of its own, behind the fence of its publication; the fence is
looked at once more when the connection stands, in the instant before the request."""

import json
import time
from datetime import datetime, timedelta

from django.db import connection, transaction

from tashika.core import config
from tashika.delivery import queries, stopping
from tashika.scenarios.webhooks import endpoints, requesting, signing
from tashika.scenarios.webhooks.models import Fence, Try, Webhook

State = Webhook.State
DELAYS = (5, 30, 120, 600, 1800, 7200, 18000, 28800, 28800)  # seconds; together about a day
FORGOTTEN = timedelta(seconds=60)  # a worker that has said nothing for so long is dead
WITHIN = 5.0  # seconds in which a call begins requests


def send_due(*, now: datetime) -> int:
    """Send what is due, one after the other; how many were tried. Nothing during an emergency stop or while unarmed (G13)."""
    if stopping.current_emergency_stop() or not _is_armed():
        return 0
    _give_back_what_the_dead_had(now)
    tried, begun = 0, time.monotonic()
    while (since := time.monotonic() - begun) < WITHIN and (webhook := _claim(now)) is not None:
        _send(webhook, now + timedelta(seconds=since))
        tried += 1
    return tried


def _claim(now: datetime) -> Webhook | None:
    """The first that is due, as ours. Whoever stops its publication waits for this commit, and nobody else does."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT w.id FROM webhooks_webhook w JOIN webhooks_fence f ON f.publication_id = w.publication_id"
            " WHERE w.due_at <= %s AND w.state = 'queued' AND f.stopped_at IS NULL"
            " ORDER BY w.due_at LIMIT 1 FOR UPDATE OF w SKIP LOCKED FOR SHARE OF f SKIP LOCKED",
            [now],
        )
        if (row := cursor.fetchone()) is None:
            return None
        Webhook.objects.filter(pk=row[0]).update(state=State.SENDING, begun_at=now, due_at=None)
    return Webhook.objects.select_related("endpoint").get(pk=row[0])


def _send(webhook: Webhook, now: datetime) -> None:
    body = json.dumps(webhook.body, ensure_ascii=False).encode()
    headers = signing.headers(
        secret=endpoints.secret_of(webhook.endpoint),
        message_id=str(webhook.message_id),
        at=int(now.timestamp()),
        body=body,
    )
    allowed = frozenset(one.strip() for one in config.get("webhook_hosts").split(",") if one.strip())
    asked, final = time.monotonic(), False
    try:
        answer = requesting.post(
            url=webhook.endpoint.url,
            headers=headers,
            body=body,
            allowed=allowed,
            outside=not queries.practice_mode(),
            may_begin=lambda: _may_begin(webhook),
        )
    except (requesting.UnableToRequest, ValueError) as error:
        answer, final = requesting.Answer(0, str(error)[:300]), True
    except LookupError as error:
        answer = requesting.Answer(0, str(error)[:300])
    _record(webhook, answer, final, now, int((time.monotonic() - asked) * 1000))


def _may_begin(webhook: Webhook) -> bool:
    going = Fence.objects.filter(publication_id=webhook.publication_id, stopped_at=None).exists()
    return going and not stopping.current_emergency_stop()


def _record(webhook: Webhook, answer: requesting.Answer | None, final: bool, now: datetime, took_ms: int) -> None:
    """What became of it. None: stopped before it began, so that it waits as if never touched."""
    ours = Webhook.objects.filter(pk=webhook.pk, state=State.SENDING, begun_at=webhook.begun_at)
    if answer is None:
        ours.update(state=State.QUEUED, due_at=now)
        return
    tries = webhook.tries + 1
    with transaction.atomic():
        Try.objects.create(webhook=webhook, at=now, status=answer.status, words=answer.words, took_ms=took_ms)
        if 200 <= answer.status < 300:
            ours.update(state=State.DELIVERED, tries=tries, ended_at=now)
        elif final or answer.status == 410 or tries > len(DELAYS):  # 410: the form's word for "never again"
            ours.update(state=State.FAILED, tries=tries, ended_at=now)
        else:
            ours.update(state=State.QUEUED, tries=tries, due_at=now + timedelta(seconds=DELAYS[tries - 1]))


def _give_back_what_the_dead_had(now: datetime) -> None:
    """What a killed worker had in hand is tried again under the same id: whether it arrived nobody knows but the receiver."""
    left = Webhook.objects.filter(state=State.SENDING, begun_at__lt=now - FORGOTTEN)
    left.update(state=State.QUEUED, due_at=now)


def _is_armed() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT NOT EXISTS (SELECT FROM delivery_arming WHERE unarmed_since IS NOT NULL OR place <> delivery_place())"
        )
        return bool(cursor.fetchone()[0])

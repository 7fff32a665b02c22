"""Write webhooks: one row for each person, committed before anything leaves."""

from datetime import datetime
from typing import Any

from django.db import connection

from tashika.scenarios.webhooks import endpoints
from tashika.scenarios.webhooks.models import Fence

_INSERT = """
INSERT INTO webhooks_webhook
    (endpoint_id, publication_id, node, visit, about_id, message_id, body, state, due_at, queued_at)
SELECT %(endpoint)s, %(publication)s, %(node)s, %(visit)s, c.id, gen_random_uuid(),
       jsonb_build_object('type', 'scenario.webhook', 'timestamp', %(at)s::text, 'data', jsonb_build_object(
           'publication', %(publication)s::bigint, 'node', %(node)s::text, 'contact', jsonb_build_object(
               'id', c.id, 'email', c.email, 'company_name', c.company_name,
               'family_name', c.family_name, 'given_name', c.given_name))),
       'queued', %(now)s, %(now)s
FROM people_contact c
WHERE c.id = ANY (%(contacts)s)
ORDER BY c.id
ON CONFLICT DO NOTHING
"""


def queue(*, url: str, publication_id: int, node: str, contact_ids: list[int], now: datetime, visit: str = "") -> int:
    """One row for each of these people, in the caller's transaction; how many. Whoever has a row of this publication, node and visit
    already gets no second one. The body carries the person's id, address, company and name as they are now."""
    endpoint = endpoints.of(url, now=now)
    Fence.objects.get_or_create(publication_id=publication_id)
    values: dict[str, Any] = {
        "endpoint": endpoint.pk,
        "publication": publication_id,
        "node": node,
        "visit": visit,
        "contacts": contact_ids,
        "now": now,
        "at": now.isoformat(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, values)
        return int(cursor.rowcount)

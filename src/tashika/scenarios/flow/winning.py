"""Which branch of a split has won: whose first mail was opened or clicked by more of those who got it."""

from django.db import connection

from tashika.scenarios.flow import nodes, timing
from tashika.scenarios.flow.batch import Batch
from tashika.scenarios.flow.nodes import Flow, Node

_SHARE = """
SELECT v.branch, count(*) FILTER (WHERE EXISTS (
    SELECT FROM activity_event ev
    WHERE ev.contact_id = e.contact_id AND ev.kind = %s AND ev.at >= v.at
      AND ev.mail_number = CASE v.branch WHEN 'a' THEN %s::int ELSE %s::int END
)) / greatest(count(*), 1)::float
FROM scenarios_visit v
JOIN scenarios_enrolment e ON e.id = v.enrolment_id
WHERE v.node = %s AND e.scenario_id = %s AND v.branch IN ('a', 'b')
GROUP BY v.branch
"""


def winner(batch: Batch) -> str:
    """`a` or `b` once the time to compare has passed since the first person came by; empty before, and where neither is
    ahead."""
    wanted = batch.node["winner"]
    if not wanted:
        return ""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT min(v.at) FROM scenarios_visit v WHERE v.node = %s AND v.publication_id = %s",
            [batch.node.id, batch.flow.publication.pk],
        )
        first = cursor.fetchone()[0]
        if first is None or batch.now < timing.after(wanted["after"], first):
            return ""
        mails = [_first_mail(batch.flow.flow, batch.node, branch) for branch in ("a", "b")]
        cursor.execute(_SHARE, [wanted["by"], *mails, batch.node.id, batch.flow.scenario])
        shares = dict(cursor.fetchall())
    a, b = shares.get("a", 0.0), shares.get("b", 0.0)
    return "" if a == b else "a" if a > b else "b"


def _first_mail(flow: Flow, node: Node, branch: str) -> int | None:
    """The number of the first mail behind a branch."""
    following = flow.nodes.get(node.next.get(branch, ""))
    while following is not None and following.kind != nodes.MAIL:
        following = flow.nodes.get(next(iter(following.next.values()), ""))
    return int(str(following["mail"]).removeprefix("M-")) if following is not None else None

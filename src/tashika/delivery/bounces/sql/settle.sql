-- Rows in doubt for which there is evidence become accepted, and activity is told. Only positive evidence: silence says
-- nothing. The index delivery_ledger_in_doubt keeps this independent of the ledger's size.
WITH evident AS (
    SELECT l.id,
           CASE WHEN report.id IS NOT NULL THEN 'bounce:' || report.id ELSE event.kind END AS evidence
    FROM delivery_ledger l
    LEFT JOIN LATERAL (SELECT b.id FROM delivery_bounce b WHERE b.row_id = l.id ORDER BY b.id LIMIT 1) report ON true
    LEFT JOIN LATERAL (
        SELECT e.kind
        FROM activity_event e
        WHERE e.dispatch_id = l.dispatch_id AND e.contact_id = l.contact_id AND e.kind IN ('opened', 'clicked')
        LIMIT 1
    ) event ON true
    WHERE l.exception = 'in_doubt'
      AND (%(rows)s::bigint[] IS NULL OR l.id = ANY(%(rows)s::bigint[]))
      AND (report.id IS NOT NULL OR event.kind IS NOT NULL)
),
settled AS (
    UPDATE delivery_ledger l
    SET state = 'accepted',
        reply = left(l.reply || ' [' || evident.evidence || ']', 500),
        ended_at = coalesce(l.ended_at, %(now)s)
    FROM evident
    WHERE l.id = evident.id AND l.state = 'in_doubt'
    RETURNING l.id, l.contact_id, l.dispatch_id
),
told AS (
    INSERT INTO activity_event (at, contact_id, kind, dispatch_id, mail_number)
    SELECT %(now)s, settled.contact_id, 'mail_accepted', settled.dispatch_id, mail.number
    FROM settled
    JOIN delivery_dispatch d ON d.id = settled.dispatch_id
    JOIN contents_version v ON v.id = d.mail_version_id
    JOIN contents_content mail ON mail.id = v.content_id
)
SELECT id FROM settled

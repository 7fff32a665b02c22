-- What a dead sender's journal says of the rows it had in hand, and activity told of those that were accepted.
-- A reply of 4xx that it had read is tried again in five minutes.
WITH verdict AS (
    SELECT * FROM unnest(%(ids)s::bigint[], %(states)s::text[], %(replies)s::text[]) AS v(id, state, reply)
),
moved AS (
    UPDATE delivery_ledger l
    SET state = v.state, reply = v.reply,
        begun_at = CASE WHEN v.state = 'queued' THEN l.begun_at ELSE coalesce(l.begun_at, %(now)s) END,
        ended_at = CASE WHEN v.state = 'queued' THEN NULL ELSE %(now)s END,
        attempts = l.attempts + CASE WHEN v.state = 'queued' AND v.reply = '' THEN 0 ELSE 1 END
    FROM verdict v
    WHERE l.id = v.id AND l.state = 'sending'
    RETURNING l.id, l.contact_id, l.dispatch_id, l.state, l.ended_at, l.reply
),
again AS (
    INSERT INTO delivery_queue (row_id, dispatch_id, due_at)
    SELECT id, dispatch_id, now() + CASE WHEN reply = '' THEN interval '0' ELSE interval '5 minutes' END
    FROM moved WHERE state = 'queued'
)
INSERT INTO activity_event (at, contact_id, kind, dispatch_id, mail_number)
SELECT moved.ended_at, moved.contact_id, 'mail_' || moved.state, moved.dispatch_id, mail.number
FROM moved
JOIN delivery_dispatch d ON d.id = moved.dispatch_id
JOIN contents_version v ON v.id = d.mail_version_id
JOIN contents_content mail ON mail.id = v.content_id
WHERE moved.state IN ('accepted', 'refused') AND moved.contact_id IS NOT NULL

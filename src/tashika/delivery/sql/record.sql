-- Record the outcomes of one sender's rows, and tell activity. A row that is no longer this sender's is left alone;
-- one that became in_doubt meanwhile is settled only by evidence, that is a reply.
WITH outcome AS (
    SELECT *
    FROM unnest(%(ids)s::bigint[], %(states)s::text[], %(replies)s::text[], %(begun)s::timestamptz[],
                %(ended)s::timestamptz[], %(hashes)s::bytea[], %(due)s::timestamptz[])
         AS o(id, state, reply, begun_at, ended_at, body_hash, due_at)
),
moved AS (
    UPDATE delivery_ledger l
    SET state = o.state,
        reply = o.reply,
        why = CASE WHEN o.state = 'excluded' THEN 'unbuildable' ELSE l.why END,
        begun_at = coalesce(o.begun_at, l.begun_at),
        ended_at = o.ended_at,
        body_hash = coalesce(o.body_hash, l.body_hash),
        due_at = coalesce(o.due_at, l.due_at),
        attempts = l.attempts + CASE WHEN o.begun_at IS NULL THEN 0 ELSE 1 END,
        sender = CASE WHEN o.state = 'queued' THEN NULL ELSE l.sender END
    FROM outcome o
    WHERE l.id = o.id
      AND l.sender = %(sender)s
      AND (l.state = 'sending' OR (l.state = 'in_doubt' AND o.state IN ('accepted', 'refused')))
    RETURNING l.id, l.state, l.contact_id, l.dispatch_id, l.ended_at
),
told AS (
    INSERT INTO activity_event (at, contact_id, kind, dispatch_id, mail_number)
    SELECT moved.ended_at, moved.contact_id, 'mail_' || moved.state, moved.dispatch_id, mail.number
    FROM moved
    JOIN delivery_dispatch d ON d.id = moved.dispatch_id
    JOIN contents_version v ON v.id = d.mail_version_id
    JOIN contents_content mail ON mail.id = v.content_id
    WHERE moved.state IN ('accepted', 'refused')
)
SELECT count(*) FROM moved

-- Record the outcomes of rows in hand, and tell activity. A row that another claim has in hand is left alone; one that
-- became in_doubt meanwhile is settled only by evidence, that is a reply. Moments are microseconds since 1970.
WITH outcome AS (
    SELECT id, claim, state, reply, body_hash,
           'epoch'::timestamptz + begun * interval '1 microsecond' AS begun_at,
           'epoch'::timestamptz + ended * interval '1 microsecond' AS ended_at,
           'epoch'::timestamptz + due * interval '1 microsecond' AS due_at
    FROM unnest(%(ids)s::bigint[], %(claims)s::bigint[], %(states)s::text[], %(replies)s::text[], %(begun)s::bigint[],
                %(ended)s::bigint[], %(hashes)s::bytea[], %(due)s::bigint[])
         AS o(id, claim, state, reply, begun, ended, body_hash, due)
),
moved AS (
    UPDATE delivery_ledger l
    SET state = o.state,
        reply = o.reply,
        why = CASE WHEN o.state = 'excluded' THEN 'unbuildable' ELSE l.why END,
        begun_at = coalesce(o.begun_at, l.begun_at),
        ended_at = o.ended_at,
        body_hash = coalesce(o.body_hash, l.body_hash),
        attempts = l.attempts + CASE WHEN o.begun_at IS NULL THEN 0 ELSE 1 END
    FROM outcome o
    WHERE l.id = o.id
      AND l.claim = o.claim
      AND (l.state = 'sending' OR (l.state = 'in_doubt' AND o.state IN ('accepted', 'refused')))
    RETURNING l.id, l.state, l.contact_id, l.dispatch_id, l.ended_at, coalesce(o.due_at, now()) AS due_at
),
again AS (
    INSERT INTO delivery_queue (row_id, dispatch_id, due_at)
    SELECT id, dispatch_id, due_at FROM moved WHERE state = 'queued'
),
done AS (
    UPDATE delivery_claim SET rows = NULL WHERE id = ANY (%(done)s::bigint[]) AND sender_id = %(sender)s
),
mail AS MATERIALIZED (
    SELECT d.id AS dispatch_id, content.number
    FROM delivery_dispatch d
    JOIN contents_version v ON v.id = d.mail_version_id
    JOIN contents_content content ON content.id = v.content_id
    WHERE d.id IN (SELECT dispatch_id FROM moved)
),
told AS (
    INSERT INTO activity_event (at, contact_id, kind, dispatch_id, mail_number)
    SELECT moved.ended_at, moved.contact_id, 'mail_' || moved.state, moved.dispatch_id, mail.number
    FROM moved
    JOIN mail ON mail.dispatch_id = moved.dispatch_id
    WHERE moved.state IN ('accepted', 'refused') AND moved.contact_id IS NOT NULL  -- of a notice to staff no contact is told
)
SELECT count(*) FROM moved

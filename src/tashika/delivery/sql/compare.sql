-- What journals say that was handed over, against the ledger. A row that the ledger has under an older claim, or under
-- none, was forgotten: it becomes what the journal says. A doubt is settled by a reply. What has no row is kept apart.
WITH told AS (
    SELECT *
    FROM unnest(%(rows)s::bigint[], %(message_ids)s::uuid[], %(dispatches)s::bigint[], %(reasons)s::text[],
                %(hashes)s::bytea[], %(claims)s::bigint[], %(states)s::text[], %(replies)s::text[])
         AS t(row, message_id, dispatch, reason, address_hash, claim, state, reply)
),
moved AS (
    UPDATE delivery_ledger l
    SET state = t.state,
        reply = t.reply,
        claim = greatest(l.claim, t.claim),
        begun_at = coalesce(l.begun_at, %(left_by)s),
        ended_at = CASE WHEN t.state = 'queued' THEN l.ended_at ELSE %(left_by)s END,
        attempts = l.attempts + 1
    FROM told t
    WHERE l.id = t.row
      AND l.message_id = t.message_id
      AND (
          (l.state = 'queued' AND (l.claim IS NULL OR l.claim < t.claim))
          OR (l.state = 'sending' AND l.claim < t.claim)
          OR (l.state = 'in_doubt' AND t.state IN ('accepted', 'refused'))
      )
    RETURNING l.id, l.state, l.contact_id, l.dispatch_id, l.ended_at
),
left_queue AS (
    DELETE FROM delivery_queue q USING moved WHERE q.row_id = moved.id AND moved.state <> 'queued'
),
again AS (
    INSERT INTO delivery_queue (row_id, dispatch_id, due_at)
    SELECT id, dispatch_id, now() FROM moved WHERE state = 'queued'
    ON CONFLICT (row_id) DO NOTHING
),
apart AS (
    INSERT INTO delivery_unmatched
        (message_id, row_id, dispatch_id, reason, address_hash, state, reply, host_id, sender, left_by, found_at)
    SELECT t.message_id, t.row, t.dispatch,
           coalesce(nullif(t.reason, ''), (SELECT d.reason FROM delivery_dispatch d WHERE d.id = t.dispatch),
                    'dispatch:' || t.dispatch),
           t.address_hash, t.state, t.reply, %(host)s, %(sender)s, %(left_by)s, now()
    FROM told t
    WHERE NOT EXISTS (SELECT FROM delivery_ledger l WHERE l.id = t.row AND l.message_id = t.message_id)
    ON CONFLICT (message_id) DO UPDATE SET state = excluded.state, reply = excluded.reply
    WHERE delivery_unmatched.state = 'in_doubt'
    RETURNING state
),
seen AS (
    INSERT INTO activity_event (at, contact_id, kind, dispatch_id, mail_number)
    SELECT moved.ended_at, moved.contact_id, 'mail_' || moved.state, moved.dispatch_id, mail.number
    FROM moved
    JOIN delivery_dispatch d ON d.id = moved.dispatch_id
    JOIN contents_version v ON v.id = d.mail_version_id
    JOIN contents_content mail ON mail.id = v.content_id
    WHERE moved.state IN ('accepted', 'refused') AND moved.contact_id IS NOT NULL
)
SELECT state, count(*) FROM moved GROUP BY state
UNION ALL
SELECT 'unmatched', count(*) FROM apart

-- Rows in doubt become what evidence or a person says of them, and activity is told. A row that is in doubt no more is
-- left alone. The words stand behind the server's, which are cut rather than they.
WITH verdict AS (
    SELECT * FROM unnest(%(ids)s::bigint[], %(states)s::text[], %(words)s::text[]) AS v(id, state, words)
),
moved AS (
    UPDATE delivery_ledger l
    SET state = v.state,
        reply = ltrim(left(l.reply, 200) || ' [' || left(v.words, 290) || ']'),
        ended_at = coalesce(l.ended_at, %(now)s)
    FROM verdict v
    WHERE l.id = v.id AND l.state = 'in_doubt'
    RETURNING l.id, l.contact_id, l.dispatch_id, l.state, v.words
),
told AS (
    INSERT INTO activity_event (at, contact_id, kind, dispatch_id, mail_number, detail)
    SELECT %(now)s, moved.contact_id, 'mail_' || moved.state, moved.dispatch_id, mail.number,
           jsonb_build_object('settled_by', moved.words)
    FROM moved
    JOIN delivery_dispatch d ON d.id = moved.dispatch_id
    JOIN contents_version v ON v.id = d.mail_version_id
    JOIN contents_content mail ON mail.id = v.content_id
    WHERE moved.contact_id IS NOT NULL
)
SELECT id, dispatch_id, state, words FROM moved ORDER BY id

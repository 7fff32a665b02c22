-- Rows that were claimed and not begun are queued again, as if never touched, due at their moment (microseconds since 1970)
-- or at once; claims of which nothing is left are closed.
WITH given AS (
    SELECT * FROM unnest(%(ids)s::bigint[], %(claims)s::bigint[], %(due)s::bigint[]) AS g(id, claim, due)
),
moved AS (
    UPDATE delivery_ledger l
    SET state = 'queued'
    FROM given g
    WHERE l.id = g.id AND l.claim = g.claim AND l.state = 'sending'
    RETURNING l.id, l.dispatch_id, g.due
),
again AS (
    INSERT INTO delivery_queue (row_id, dispatch_id, due_at) SELECT id, dispatch_id, coalesce('epoch'::timestamptz + due * interval '1 microsecond', now()) FROM moved
),
done AS (
    UPDATE delivery_claim SET rows = NULL WHERE id = ANY (%(done)s::bigint[]) AND sender_id = %(sender)s
)
SELECT count(*) FROM moved

-- Rows that were claimed and not begun are queued again, as if never touched; claims of which nothing is left are closed.
WITH given AS (
    SELECT * FROM unnest(%(ids)s::bigint[], %(claims)s::bigint[]) AS g(id, claim)
),
moved AS (
    UPDATE delivery_ledger l
    SET state = 'queued'
    FROM given g
    WHERE l.id = g.id AND l.claim = g.claim AND l.state = 'sending'
    RETURNING l.id, l.dispatch_id
),
again AS (
    INSERT INTO delivery_queue (row_id, dispatch_id, due_at) SELECT id, dispatch_id, now() FROM moved
),
done AS (
    UPDATE delivery_claim SET rows = NULL WHERE id = ANY (%(done)s::bigint[]) AND sender_id = %(sender)s
)
SELECT count(*) FROM moved

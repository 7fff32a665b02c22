-- Finish the dispatches of which nothing is queued or in hand. Looked at once more when they are ours: `planning.add` may just
-- have queued rows for one, which the snapshot of a single statement would not show (G4). Who adds, or stops, is not waited for.
DO $finish$
DECLARE
    idle bigint[] := ARRAY(
        SELECT d.id
        FROM delivery_dispatch d
        WHERE d.state = 'sending'
          AND NOT EXISTS (SELECT FROM delivery_queue q WHERE q.dispatch_id = d.id)
          AND NOT EXISTS (SELECT FROM delivery_claim c WHERE c.dispatch_id = d.id AND c.rows IS NOT NULL)
        ORDER BY d.id
        FOR NO KEY UPDATE SKIP LOCKED
    );
BEGIN
    UPDATE delivery_dispatch d
    SET state = 'finished', finished_at = now()
    WHERE d.id = ANY (idle)
      AND NOT EXISTS (SELECT FROM delivery_queue q WHERE q.dispatch_id = d.id)
      AND NOT EXISTS (SELECT FROM delivery_claim c WHERE c.dispatch_id = d.id AND c.rows IS NOT NULL);
END $finish$

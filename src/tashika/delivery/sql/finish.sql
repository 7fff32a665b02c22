-- Finish the dispatches of which nothing is queued or in hand.
UPDATE delivery_dispatch d
SET state = 'finished', finished_at = now()
WHERE d.state = 'sending'
  AND NOT EXISTS (SELECT FROM delivery_queue q WHERE q.dispatch_id = d.id)
  AND NOT EXISTS (SELECT FROM delivery_claim c WHERE c.dispatch_id = d.id AND c.rows IS NOT NULL)
RETURNING d.id

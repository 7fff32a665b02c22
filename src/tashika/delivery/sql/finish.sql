-- Finish the dispatches of which nothing is queued at their epoch or under way.
UPDATE delivery_dispatch d
SET state = 'finished', finished_at = now()
WHERE d.state = 'sending'
  AND NOT EXISTS (
      SELECT FROM delivery_ledger l WHERE l.dispatch_id = d.id AND l.state = 'queued' AND l.epoch = d.epoch
  )
  AND NOT EXISTS (SELECT FROM delivery_ledger l WHERE l.dispatch_id = d.id AND l.state = 'sending')
RETURNING d.id

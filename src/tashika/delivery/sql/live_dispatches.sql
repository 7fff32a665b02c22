-- The dispatches that have something due for a relay, the longest waiting first. NULL relay means the default one.
SELECT d.id, d.mail_version_id, d.give_up_at
FROM delivery_dispatch d
WHERE d.state = 'sending'
  AND coalesce(d.relay_id, %(default_relay)s) = %(relay)s
  AND NOT EXISTS (SELECT FROM delivery_emergency_stop e WHERE e.released_at IS NULL)
  AND EXISTS (
      SELECT FROM delivery_ledger l
      WHERE l.dispatch_id = d.id AND l.state = 'queued' AND l.epoch = d.epoch AND l.due_at <= now()
  )
ORDER BY d.created_at, d.id

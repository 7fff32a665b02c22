-- The dispatches that have something due for a relay, by priority, the longest waiting first. NULL relay means the default.
SELECT d.id, d.mail_version_id, d.give_up_at, d.priority
FROM delivery_dispatch d
WHERE d.state = 'sending'
  AND coalesce(d.relay_id, %(default_relay)s) = %(relay)s
  AND NOT EXISTS (SELECT FROM delivery_emergency_stop e WHERE e.released_at IS NULL)
  AND EXISTS (SELECT FROM delivery_queue q WHERE q.dispatch_id = d.id AND q.due_at <= now())
ORDER BY d.priority, d.created_at, d.id

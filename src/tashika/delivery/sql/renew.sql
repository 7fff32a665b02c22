-- Renew a sender's permit, if its host still is armed, and keep what the sender says of itself. With it, how many
-- senders live: limits are divided among them.
WITH armed AS ({armed})
UPDATE delivery_sender s
SET seen_at = now(), permit_until = now() + %(permit)s, says = %(says)s
FROM armed
WHERE s.id = %(sender)s AND s.ended_at IS NULL
RETURNING armed.counter,
          (SELECT count(*) FROM delivery_sender one WHERE one.ended_at IS NULL AND one.permit_until > now())

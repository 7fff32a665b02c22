-- Renew a sender's permit, if its host still is armed, and keep what the sender says of itself.
WITH armed AS ({armed})
UPDATE delivery_sender s
SET seen_at = now(), permit_until = now() + %(permit)s, says = %(says)s
FROM armed
WHERE s.id = %(sender)s AND s.ended_at IS NULL
RETURNING armed.counter

-- Take up to %(limit)s due rows of a dispatch for one sender, and judge each contact again (G5).
-- Runs after the gate was taken in a statement of its own, so that this snapshot sees every committed stop (G3).
WITH live AS (
    SELECT d.id, d.epoch, d.commercial
    FROM delivery_dispatch d
    WHERE d.id = %(dispatch)s
      AND d.state = 'sending'
      AND NOT EXISTS (SELECT FROM delivery_emergency_stop e WHERE e.released_at IS NULL)
      AND EXISTS (SELECT FROM delivery_sender w WHERE w.id = %(sender)s AND w.ended_at IS NULL AND w.permit_until > now())
),
due AS (
    SELECT l.id, l.contact_id, l.address_hash, l.address_key
    FROM delivery_ledger l
    JOIN live ON l.dispatch_id = live.id AND l.epoch = live.epoch
    WHERE l.dispatch_id = %(dispatch)s AND l.state = 'queued' AND l.due_at <= now()
    ORDER BY l.due_at, l.id
    LIMIT %(limit)s
    FOR UPDATE OF l SKIP LOCKED
),
judged AS (
    SELECT due.id,
           CASE WHEN c.email_key <> due.address_key THEN 'address_changed' ELSE {eligibility} END AS why
    FROM due
    CROSS JOIN live d
    LEFT JOIN people_contact c ON c.id = due.contact_id
    LEFT JOIN people_suppression s ON s.address_hash = due.address_hash
)
UPDATE delivery_ledger l
SET state = CASE WHEN judged.why = '' THEN 'sending' ELSE 'excluded' END,
    why = judged.why,
    sender = CASE WHEN judged.why = '' THEN %(sender)s::uuid END
FROM judged
WHERE l.id = judged.id
RETURNING l.id, l.state, l.epoch, l.address, l.message_id, l.merge_values, l.attempts

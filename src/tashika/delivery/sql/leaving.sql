-- What would leave if senders were let go on now: by dispatch, what waits, without what is known to have left.
SELECT d.id, d.name, d.state, sum(waiting.number)
FROM delivery_dispatch d
CROSS JOIN LATERAL (
    SELECT (SELECT coalesce(sum(t.rows), 0) FROM delivery_tally t WHERE t.dispatch_id = d.id AND t.state = 'queued')
         - (SELECT count(*)
            FROM delivery_unmatched u
            JOIN delivery_ledger l ON l.dispatch_id = d.id AND l.address_hash = u.address_hash AND l.state = 'queued'
            WHERE u.reason = d.reason AND u.state IN ('accepted', 'in_doubt')) AS number
) waiting
WHERE d.state IN ('planning', 'sending', 'stopped')
GROUP BY d.id
HAVING sum(waiting.number) > 0 OR d.state = 'planning'
ORDER BY d.state = 'stopped', d.id

-- The exact figures of one dispatch: every row is in exactly one state; they add up to what was planned.
SELECT CASE WHEN l.state = 'queued' AND l.epoch < d.epoch THEN 'stopped' ELSE l.state END AS state,
       count(*), min(l.begun_at), max(l.begun_at)
FROM delivery_ledger l
JOIN delivery_dispatch d ON d.id = l.dispatch_id
WHERE l.dispatch_id = %s
GROUP BY 1

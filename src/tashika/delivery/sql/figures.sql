-- The exact figures of one dispatch: every row is in exactly one state; they add up to what was planned.
SELECT CASE WHEN t.state = 'queued' AND d.state = 'stopped' THEN 'stopped' ELSE t.state END AS state,
       sum(t.rows), min(t.first_begun_at), max(t.last_begun_at)
FROM delivery_tally t
JOIN delivery_dispatch d ON d.id = t.dispatch_id
WHERE t.dispatch_id = %s
GROUP BY 1

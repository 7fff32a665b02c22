-- Figures of delivery: name, labels, value. Neither the ledger nor the reports are read: the tallies have their figures,
-- and an index the oldest due row of each dispatch that is sending.
WITH tallied AS (
    SELECT CASE WHEN t.state = 'queued' AND d.state = 'stopped' THEN 'stopped' ELSE t.state END AS state,
           sum(t.rows) AS rows,
           sum(t.rows) FILTER (WHERE t.state = 'queued' AND d.state = 'sending') AS leaving
    FROM delivery_tally t
    JOIN delivery_dispatch d ON d.id = t.dispatch_id
    GROUP BY 1
),
emergency AS (
    SELECT EXISTS (SELECT FROM delivery_emergency_stop WHERE released_at IS NULL) AS is_on
),
oldest AS (
    SELECT min(first.due_at) AS due_at
    FROM delivery_dispatch d
    CROSS JOIN LATERAL (
        SELECT q.due_at FROM delivery_queue q WHERE q.dispatch_id = d.id AND q.due_at <= now() ORDER BY q.due_at LIMIT 1
    ) first
    WHERE d.state = 'sending'
)
SELECT 'ledger_rows' AS name, ARRAY[state::text] AS labels, rows::float8 AS value FROM tallied
UNION ALL
SELECT 'queue_rows', '{}', coalesce(sum(leaving), 0) FROM tallied
UNION ALL
SELECT 'queue_oldest_due_seconds', '{}',
       CASE WHEN emergency.is_on THEN 0 ELSE coalesce(extract(epoch FROM now() - oldest.due_at), 0) END
FROM oldest, emergency
UNION ALL
SELECT 'dispatches', ARRAY[state::text], count(*) FROM delivery_dispatch GROUP BY state
UNION ALL
SELECT 'claims_open', '{}', count(*) FROM delivery_claim WHERE rows IS NOT NULL
UNION ALL
SELECT 'claimed_rows', '{}', coalesce(sum(cardinality(rows)), 0) FROM delivery_claim WHERE rows IS NOT NULL
UNION ALL
SELECT 'stops', '{}', count(*) FROM delivery_stop
UNION ALL
SELECT 'stops_answered', '{}', count(*) FROM delivery_stop WHERE answered_at IS NOT NULL
UNION ALL
SELECT 'stop_answer_seconds', '{}', coalesce(sum(extract(epoch FROM answered_at - pressed_at)), 0) FROM delivery_stop
UNION ALL
(SELECT 'stop_last_answer_seconds', '{}', extract(epoch FROM answered_at - pressed_at)
 FROM delivery_stop WHERE answered_at IS NOT NULL ORDER BY id DESC LIMIT 1)
UNION ALL
SELECT 'stop_unanswered_seconds', '{}', coalesce(extract(epoch FROM now() - min(pressed_at)), 0)
FROM delivery_stop WHERE answered_at IS NULL
UNION ALL
SELECT 'emergency_stop', '{}', emergency.is_on::int FROM emergency
UNION ALL
SELECT 'practice_mode', '{}', (NOT EXISTS (
    SELECT FROM delivery_relay WHERE is_default AND NOT practice AND archived_at IS NULL
))::int
UNION ALL
SELECT 'bounces', ARRAY[kind::text], sum(rows) FROM delivery_bounce_tally GROUP BY kind
UNION ALL
SELECT 'mailbox_read_timestamp_seconds', '{}', extract(epoch FROM polled_at)
FROM delivery_bounce_settings WHERE polled_at IS NOT NULL
UNION ALL
SELECT 'imports', ARRAY[state::text], count(*) FROM people_import GROUP BY state

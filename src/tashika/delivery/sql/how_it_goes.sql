-- How sending goes, for the checks: senders live and silent, the emergency stop, the oldest due row, for how long a
-- dispatch has had rows due of which none begins, stops without an answer, rows in doubt, relays that can't be reached.
WITH waiting AS (
    SELECT first.due_at,
           greatest(first.due_at, (SELECT max(t.last_begun_at) FROM delivery_tally t WHERE t.dispatch_id = d.id)) AS since
    FROM delivery_dispatch d
    CROSS JOIN LATERAL (
        SELECT q.due_at FROM delivery_queue q WHERE q.dispatch_id = d.id AND q.due_at <= now() ORDER BY q.due_at LIMIT 1
    ) first
    WHERE d.state = 'sending' AND NOT EXISTS (SELECT FROM delivery_emergency_stop WHERE released_at IS NULL)
)
SELECT (SELECT count(*) FROM delivery_sender WHERE ended_at IS NULL AND permit_until > now()),
       (SELECT count(*) FROM delivery_sender WHERE ended_at IS NULL AND permit_until <= now()),
       EXISTS (SELECT FROM delivery_emergency_stop WHERE released_at IS NULL),
       (SELECT min(due_at) FROM waiting),
       (SELECT extract(epoch FROM now() - min(since))::float8 FROM waiting
        WHERE since < now() - make_interval(secs => {late})),
       (SELECT count(*) FROM delivery_stop
        WHERE answered_at IS NULL AND pressed_at < now() - make_interval(secs => {unanswered})),
       (SELECT coalesce(sum(rows), 0)::bigint FROM delivery_tally WHERE state = 'in_doubt'),
       (SELECT array_agg(name ORDER BY id) FROM delivery_relay
        WHERE archived_at IS NULL AND last_error <> '' AND (practice OR confirmed_at IS NOT NULL))

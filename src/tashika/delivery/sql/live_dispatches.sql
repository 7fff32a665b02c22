-- The dispatches that have something due for a relay, by priority, the longest waiting first. NULL relay means the default.
-- One that is paused is left alone until a mail of it may be tried, and bulk while the sending window is not open. With them, how many mails the relay's pace allows
-- (see draw.sql); NULL where it has none.
WITH live AS MATERIALIZED (
    SELECT d.id, d.mail_version_id, d.give_up_at, d.priority, d.pauses,
           EXISTS (SELECT FROM delivery_tally t WHERE t.dispatch_id = d.id AND t.state = 'accepted' AND t.rows > 0) AS proven,
           d.created_at
    FROM delivery_dispatch d
    WHERE d.state = 'sending'
      AND (d.priority < 5 OR %(open)s)
      AND (d.paused_until IS NULL OR d.paused_until <= now())
      AND coalesce(d.relay_id, %(default_relay)s) = %(relay)s
      AND NOT EXISTS (SELECT FROM delivery_emergency_stop e WHERE e.released_at IS NULL)
      AND EXISTS (SELECT FROM delivery_queue q WHERE q.dispatch_id = d.id AND q.due_at <= now())
),
due AS MATERIALIZED (  -- no more is drawn than is there
    SELECT count(*) AS rows
    FROM (
        SELECT FROM delivery_queue q
        WHERE %(per_hour)s::integer IS NOT NULL
          AND q.due_at <= now()
          AND q.dispatch_id IN (SELECT id FROM live WHERE priority = (SELECT min(priority) FROM live))
        LIMIT %(wanted)s
    ) one
),
pace AS MATERIALIZED (
    SELECT CASE WHEN max(due.rows) > 0
                THEN delivery_draw(%(relay)s, %(per_hour)s::integer, max(due.rows)::integer, min(priority) < 5) END AS drawn
    FROM live, due
)
SELECT id, mail_version_id, give_up_at, priority, pauses, proven, drawn
FROM live, pace
ORDER BY priority, created_at, id

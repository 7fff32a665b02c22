-- The senders that have not answered a stop and have not ended, with how long a permit of theirs runs. When it was renewed
-- does not count: that is told by a clock that people set.
SELECT id, host, pid, extract(epoch FROM permit_until - seen_at)::float8 AS span
FROM delivery_sender
WHERE ended_at IS NULL AND seen_stop < %(stop)s

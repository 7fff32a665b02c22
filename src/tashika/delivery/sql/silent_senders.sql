-- The senders that have not answered a stop: neither ended nor with a permit that has run out.
SELECT id, host, pid, permit_until < clock_timestamp() - make_interval(secs => %(margin)s) AS lapsed
FROM delivery_sender
WHERE ended_at IS NULL AND seen_stop < %(stop)s

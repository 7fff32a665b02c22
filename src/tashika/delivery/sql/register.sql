-- Enter the register of senders with a permit, on a host that is armed. Stops pressed before are answered, for none of
-- ours was under way.
WITH armed AS ({armed})
INSERT INTO delivery_sender (id, host, home_id, pid, started_at, seen_at, permit_until, seen_stop)
SELECT %(sender)s, %(host)s, %(home)s, %(pid)s, now(), now(), now() + %(permit)s,
       coalesce((SELECT max(id) FROM delivery_stop), 0)
FROM armed
RETURNING seen_stop, (SELECT counter FROM armed)

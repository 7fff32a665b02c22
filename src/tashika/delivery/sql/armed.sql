-- Raise the count of a host that may send at this moment; no row where it may not (G13): the installation is armed for the
-- place where this database is, the host is armed, and the database has not forgotten what the host remembers. When the
-- database has started anew, all hosts that were at work just before have to look first: what it has forgotten, one of them
-- alone may know. Who does not come is waited for no longer than ten seconds; but who was away waits for those who were at
-- work after it, without end.
UPDATE delivery_host h
SET counter = h.counter + 1, seen_at = now()
FROM delivery_arming a
WHERE h.id = %(home)s
  AND h.armed_at IS NOT NULL
  AND h.counter >= %(remembered)s
  AND a.unarmed_since IS NULL
  AND a.place = delivery_place()
  AND NOT EXISTS (
      SELECT
      FROM delivery_host o
      WHERE o.armed_at IS NOT NULL
        AND o.seen_at BETWEEN pg_postmaster_start_time() - interval '1 minute' AND pg_postmaster_start_time()
        AND now() BETWEEN pg_postmaster_start_time() AND pg_postmaster_start_time() + interval '10 seconds'
  )
  AND NOT EXISTS (
      SELECT FROM (
{awaited}
      ) waits WHERE waits.host = h.id
  )
RETURNING h.counter

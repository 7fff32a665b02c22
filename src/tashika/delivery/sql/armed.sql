-- Raise the count of a host that may send at this moment; no row where it may not (G13): the installation is armed for the
-- place where this database is, the host is armed, and the database has not forgotten what the host remembers.
UPDATE delivery_host h
SET counter = h.counter + 1, seen_at = now()
FROM delivery_arming a
WHERE h.id = %(home)s
  AND h.armed_at IS NOT NULL
  AND h.counter >= %(remembered)s
  AND a.unarmed_since IS NULL
  AND a.place = delivery_place()
RETURNING h.counter
